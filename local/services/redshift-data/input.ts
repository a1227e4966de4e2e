import { AwsError } from "../../gateway/types";
import { readJsonBody } from "../../json-body";

/** A refusal as the Data API words it: https://docs.aws.amazon.com/redshift-data/latest/APIReference/CommonErrors.html */
export function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

export function notFound(message: string): AwsError {
  return new AwsError("ResourceNotFoundException", message);
}

export interface SqlParameter {
  readonly name: string;
  readonly value: string;
}

/** The body of a call, read with checks; a member of the wrong type is said by its name. */
export class Input {
  private readonly body: Readonly<Record<string, unknown>>;

  constructor(text: string) {
    this.body = readJsonBody(text);
  }

  string(name: string): string | undefined {
    const value = this.body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw new AwsError("SerializationException", `${name} must be a string`);
    return value;
  }

  require(name: string): string {
    const value = this.string(name);
    if (value === undefined || value === "") throw invalid(`${name} is required.`);
    return value;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw invalid(`${name} must be a whole number between ${min} and ${max}, got ${JSON.stringify(value)}`);
    }
    return value;
  }

  boolean(name: string): boolean {
    return this.body[name] === true;
  }

  strings(name: string): string[] {
    const value = this.body[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
      throw invalid(`${name} must be a list of strings.`);
    return value;
  }

  parameters(): SqlParameter[] {
    const value = this.body.Parameters;
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value) || value.length === 0) throw invalid("Parameters must hold at least one parameter.");
    return value.map((parameter: Partial<SqlParameter> | null) => {
      const { name, value: text } = parameter ?? {};
      if (typeof name !== "string" || !/^[0-9a-zA-Z_]+$/.test(name))
        throw invalid(`Parameter names must match [0-9a-zA-Z_]+, got ${JSON.stringify(name)}`);
      if (typeof text !== "string" || text === "")
        throw invalid(`The value of parameter ${name} must be a string of at least one character`);
      return { name, value: text };
    });
  }

  /** What this service does not do is refused by name. */
  refuse(...names: readonly string[]): void {
    for (const name of names) {
      const value = this.body[name];
      if (value !== undefined && value !== null && value !== false)
        throw invalid(`${name} is not carried by the local Redshift Data API.`);
    }
  }

  /** The same request has the same text, whatever the order of its members. */
  fingerprint(): string {
    return JSON.stringify(Object.entries(this.body).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
