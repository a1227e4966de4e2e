import { type LoadConfig, type LoadEnv, readLoadEnv } from "../load/config";

/** The environment of `load-objects` is that of the load. */
export type LoadObjectsEnv = LoadEnv;

export const readEnv = (env: NodeJS.ProcessEnv): LoadConfig => readLoadEnv(env);
