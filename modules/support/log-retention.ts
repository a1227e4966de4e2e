import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError } from "./check";

/** CloudWatch Logs takes these and no others: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTIONS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Days of a log for finding faults, where a construct is told none. */
const DAYS = 30;

/** Refuses a number of days that CloudWatch Logs does not know; answers `byDefault` where none is given. */
export function checkLogRetention(scope: Construct, days: number | undefined, byDefault = DAYS): number {
  if (days !== undefined && !Token.isUnresolved(days) && !RETENTIONS.includes(days)) {
    throw new ConfigError(scope, `logRetentionDays must be one of ${RETENTIONS.join(", ")}, got ${days}`);
  }
  return days ?? byDefault;
}
