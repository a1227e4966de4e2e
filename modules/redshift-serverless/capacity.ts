import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError, checkInteger } from "../support/check";

/**
 * Management guide, "Compute capacity for Amazon Redshift Serverless", seen 2026-11-21: a base of 4 RPUs, or of 8 to 512 in steps of 8;
 * 544 to 1024 in steps of 32 in the Regions below.
 */
const LARGE_BASE_REGIONS: readonly string[] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1"];
/** The most that a workgroup may grow to. */
const MAX_RPUS = 5632;

/**
 * Free addresses that each subnet of a workgroup with enhanced VPC routing must have. Management guide, "Considerations when using Amazon Redshift
 * Serverless": 13 for 32 RPUs, 21 for 64, 37 for 128, 69 for 256, 133 for 512; fewer than 32 are counted as 32 here.
 */
export const addressesNeeded = (rpus: number): number => Math.max(rpus, 32) / 4 + 5;

/** Refuses a base and a maximum capacity that CreateWorkgroup does. Tokens pass. */
export function checkCapacity(
  scope: Construct,
  region: string,
  props: { readonly baseRpus: number; readonly maxRpus: number | undefined },
): void {
  checkBase(scope, region, props.baseRpus);
  if (props.maxRpus === undefined) return;
  checkSteps(scope, "maxRpus", props.maxRpus, MAX_RPUS);
  if (Token.isUnresolved(props.maxRpus) || Token.isUnresolved(props.baseRpus)) return;
  if (props.maxRpus < props.baseRpus) {
    throw new ConfigError(scope, `maxRpus must be at least baseRpus, got ${props.maxRpus} and ${props.baseRpus}`);
  }
}

function checkBase(scope: Construct, region: string, base: number): void {
  if (Token.isUnresolved(base)) return;
  checkSteps(scope, "baseRpus", base, 1024);
  if (base > 512 && !LARGE_BASE_REGIONS.includes(region)) {
    throw new ConfigError(
      scope,
      `baseRpus must be at most 512 in ${region}, got ${base}; up to 1024 are offered in ${LARGE_BASE_REGIONS.join(", ")}`,
    );
  }
}

function checkSteps(scope: Construct, prop: string, rpus: number, max: number): void {
  checkInteger(scope, prop, rpus, 4, max);
  if (Token.isUnresolved(rpus) || rpus === 4) return;
  const step = rpus > 512 ? 32 : 8;
  if (rpus % step !== 0) {
    throw new ConfigError(
      scope,
      `${prop} must be 4, a multiple of 8 up to 512 or a multiple of 32 from there to ${max}, got ${rpus}`,
    );
  }
}
