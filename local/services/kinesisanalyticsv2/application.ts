import { randomUUID } from "node:crypto";
import { AwsError } from "../../gateway/types";
import type { Positions } from "./shards";

// biome-ignore lint/suspicious/noExplicitAny: request documents of the API, kept as they came
export type Json = any;

export type Status = "READY" | "STARTING" | "RUNNING" | "STOPPING" | "UPDATING" | "FORCE_STOPPING" | "DELETING";

export interface Snapshot {
  readonly name: string;
  readonly created: number;
  readonly version: number;
  readonly positions: Positions;
}

/** One start, stop or update, and how it ended. */
export interface Operation {
  readonly id: string;
  readonly name: string;
  readonly started: number;
  ended?: number;
  status: "IN_PROGRESS" | "SUCCESSFUL" | "FAILED";
  error?: string;
}

export interface Application {
  readonly name: string;
  readonly arn: string;
  readonly created: number;
  runtime: string;
  role: string;
  description?: string;
  mode: string;
  status: Status;
  version: number;
  token: string;
  updated: number;
  /** `ApplicationConfiguration` of the request, updates merged in. */
  configuration: Json;
  run?: Json;
  logging: { CloudWatchLoggingOptionId: string; LogStreamARN: string; RoleARN?: string }[];
  readonly tags: Map<string, string>;
  readonly snapshots: Snapshot[];
  readonly operations: Operation[];
}

/** Seconds since 1970: the JSON protocol's time, and the provider sends it back to delete an application. */
export const seconds = (date: Date) => Math.floor(date.getTime() / 1000);

export const newToken = () => randomUUID().replaceAll("-", "").slice(0, 16);

export function newApplication(input: Json, arn: string, now: number): Application {
  const { ApplicationName: name, RuntimeEnvironment: runtime, ServiceExecutionRole: role } = input;
  if (!name || !runtime || !role) {
    throw new AwsError(
      "InvalidArgumentException",
      "ApplicationName, RuntimeEnvironment and ServiceExecutionRole are required",
    );
  }
  checkRuntime(runtime);
  return {
    name,
    arn,
    created: now,
    runtime,
    role,
    description: input.ApplicationDescription,
    mode: input.ApplicationMode ?? "STREAMING",
    status: "READY",
    version: 1,
    token: newToken(),
    updated: now,
    configuration: input.ApplicationConfiguration ?? {},
    logging: (input.CloudWatchLoggingOptions ?? []).map((option: Json, i: number) => ({
      CloudWatchLoggingOptionId: `1.${i + 1}`,
      ...option,
    })),
    tags: new Map((input.Tags ?? []).map(({ Key, Value = "" }: Json) => [Key, Value])),
    snapshots: [],
    operations: [],
  };
}

export function checkRuntime(runtime: string): void {
  if (/^FLINK-1_\d+$/.test(runtime)) return;
  throw new AwsError(
    "InvalidArgumentException",
    `RuntimeEnvironment ${runtime} is not carried by the local AWS; it knows FLINK-1_*`,
  );
}

export function bump(application: Application, now: number): void {
  application.version++;
  application.token = newToken();
  application.updated = now;
}

/** A change that rests on an old reading of the application is refused. */
export function checkCurrent(application: Application, input: Json): void {
  const version = input.CurrentApplicationVersionId;
  if (version !== undefined && version !== application.version) {
    throw new AwsError(
      "ConcurrentModificationException",
      `CurrentApplicationVersionId ${version} is not the application's version ${application.version}`,
    );
  }
  if (input.ConditionalToken !== undefined && input.ConditionalToken !== application.token) {
    throw new AwsError("ConcurrentModificationException", "ConditionalToken is not the application's current one");
  }
}

/** Merges an update into the configuration: every member is named after what it changes, plus `Update`. */
export function mergeUpdate(base: Json, update: Json): void {
  for (const [key, value] of Object.entries<Json>(update)) {
    // The one list that is replaced whole.
    if (key === "EnvironmentPropertyUpdates") base.EnvironmentProperties = value;
    else {
      const target = key.replace(/Updates?$/, "");
      if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        base[target] ??= {};
        mergeUpdate(base[target], value);
      } else base[target] = value;
    }
  }
}
