import { type LoadConfig, type LoadEnv, readLoadEnv, whole } from "../load/config";

/** The environment of `replay`: that of the load, and how long a restored copy is kept. */
export interface ReplayEnv extends LoadEnv {
  /** Days for which S3 keeps a restored copy, at least 1. @default 3 */
  readonly RESTORE_DAYS?: string;
}

export interface ReplayConfig extends LoadConfig {
  readonly restoreDays: number;
}

export function readEnv(env: NodeJS.ProcessEnv): ReplayConfig {
  return { ...readLoadEnv(env), restoreDays: whole(env, "RESTORE_DAYS", 3, 1) };
}
