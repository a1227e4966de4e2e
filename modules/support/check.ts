import { Token } from "cdktf";
import type { Construct } from "constructs";

/** Wrong input to a construct. The message is written for the person who typed the props. */
export class ConfigError extends Error {
  constructor(scope: Construct, message: string) {
    super(`${scope.node.path}: ${message}`);
    this.name = "ConfigError";
  }
}

/** Refuses a number outside [min, max] or not a number at all. A token is let through: only Terraform knows its value. */
export function checkRange(scope: Construct, prop: string, value: number, min: number, max: number): number {
  if (!Token.isUnresolved(value) && !(value >= min && value <= max)) {
    throw new ConfigError(scope, `${prop} must be between ${min} and ${max}, got ${value}`);
  }
  return value;
}

/** As `checkRange`, for properties that AWS takes as whole numbers only. */
export function checkInteger(scope: Construct, prop: string, value: number, min: number, max: number): number {
  checkRange(scope, prop, value, min, max);
  if (!Token.isUnresolved(value) && !Number.isInteger(value)) {
    throw new ConfigError(scope, `${prop} must be a whole number between ${min} and ${max}, got ${value}`);
  }
  return value;
}

/** Refuses a value outside a closed list. */
export function checkOneOf<T extends string>(scope: Construct, prop: string, value: T, allowed: readonly T[]): T {
  if (!Token.isUnresolved(value) && !allowed.includes(value)) {
    throw new ConfigError(scope, `${prop} must be one of ${allowed.join(", ")}, got ${JSON.stringify(value)}`);
  }
  return value;
}

/** Refuses text that does not match `pattern`; `rule` says in words what it must look like. */
export function checkMatch(scope: Construct, prop: string, value: string, pattern: RegExp, rule: string): string {
  if (!Token.isUnresolved(value) && !pattern.test(value)) {
    throw new ConfigError(scope, `${prop} must be ${rule}, got ${JSON.stringify(value)}`);
  }
  return value;
}
