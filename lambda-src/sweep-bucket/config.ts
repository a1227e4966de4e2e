import { OWN_PREFIX, readPrefixes, whole } from "../load/config";

/** What `sweep-bucket` reads of its environment; it never sees the warehouse. */
export interface SweepBucketEnv {
  readonly BUCKET: string;
  readonly LEDGER_TABLE: string;
  /** The queue of `load-objects`. */
  readonly QUEUE_URL: string;
  /** Objects modified within this many days are looked at, at least 1. @default 7 */
  readonly LOOKBACK_DAYS?: string;
  /** Objects younger than this are left to their events, at least 0. @default 900 */
  readonly MIN_AGE_SECONDS?: string;
  /** As the load's. @default [] */
  readonly IGNORED_PREFIXES?: string;
}

export interface SweepConfig {
  readonly bucket: string;
  readonly ledgerTable: string;
  readonly queueUrl: string;
  readonly lookbackMilliseconds: number;
  readonly minAgeMilliseconds: number;
  readonly ignoredPrefixes: readonly string[];
}

export function readEnv(env: NodeJS.ProcessEnv): SweepConfig {
  const missing = (["BUCKET", "LEDGER_TABLE", "QUEUE_URL"] as const).filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`sweep-bucket: set ${missing.join(", ")} in the function's environment`);
  return {
    bucket: env.BUCKET!,
    ledgerTable: env.LEDGER_TABLE!,
    queueUrl: env.QUEUE_URL!,
    lookbackMilliseconds: whole(env, "LOOKBACK_DAYS", 7, 1) * 86_400_000,
    minAgeMilliseconds: whole(env, "MIN_AGE_SECONDS", 900, 0) * 1000,
    ignoredPrefixes: [OWN_PREFIX, ...readPrefixes(env.IGNORED_PREFIXES)],
  };
}
