import type { Construct } from "constructs";
import { type LoadTable, tableProblems } from "../../lambda-src/load/table";
import { ConfigError, checkInteger } from "../support/check";

/** Days that SQS keeps a message at most: in the queue, and then in the dead-letter queue. */
const QUEUED_DAYS = 2 * 14;

/** A function's environment has 4 KB in all (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); what is beside the tables fits into 1. */
const TABLES_BYTES = 3 * 1024;

/** SQS hands over more than 10 messages at once only to who waits for them. */
const WITHOUT_WINDOW = 10;

export interface Batching {
  readonly maxFiles: number;
  readonly maxWaitSeconds: number;
}

/** The allow-list, as JSON for the function. */
export function checkTables(scope: Construct, tables: readonly LoadTable[]): string {
  if (tables.length === 0) throw new ConfigError(scope, "tables must name at least one table");
  const problems = tableProblems(tables);
  if (problems.length > 0) throw new ConfigError(scope, `tables: ${problems.join("; ")}`);
  const text = JSON.stringify(tables);
  const bytes = Buffer.byteLength(text);
  if (bytes > TABLES_BYTES) {
    throw new ConfigError(
      scope,
      `tables make ${bytes} bytes of JSON, at most ${TABLES_BYTES} go into a function's environment; spread them over several loaders`,
    );
  }
  return text;
}

/** What an event source mapping takes: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
export function checkBatching(scope: Construct, { maxFiles, maxWaitSeconds }: Batching): void {
  checkInteger(scope, "maxFiles", maxFiles, 1, 10_000);
  checkInteger(scope, "maxWaitSeconds", maxWaitSeconds, 0, 300);
  if (maxFiles > WITHOUT_WINDOW && maxWaitSeconds === 0) {
    throw new ConfigError(
      scope,
      `maxFiles ${maxFiles} needs maxWaitSeconds of at least 1: without waiting SQS hands over at most ${WITHOUT_WINDOW} messages at once`,
    );
  }
}

/** A finished object must not be forgotten while a message of it can still come, or the sweep can still find it. */
export function checkMemory(scope: Construct, ledgerDays: number, sweepLookbackDays: number): void {
  checkInteger(scope, "sweepLookbackDays", sweepLookbackDays, 1, 3650);
  checkInteger(scope, "ledgerDays", ledgerDays, 1, 36_500);
  const least = sweepLookbackDays + QUEUED_DAYS;
  if (ledgerDays <= least) {
    throw new ConfigError(
      scope,
      `ledgerDays must be more than ${least}, sweepLookbackDays ${sweepLookbackDays} and the ${QUEUED_DAYS} days that messages can wait, got ${ledgerDays}: what the ledger has forgotten would be loaded twice`,
    );
  }
}
