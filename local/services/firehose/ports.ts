import type { SqlConnection, SqlTarget } from "../../gateway/types";
import type { KinesisPage } from "../../kinesis-page";

/** What a delivery stream does to the world, each as one of its roles. Tests pass their own. */

export interface ObjectStore {
  put(to: {
    readonly bucket: string;
    readonly key: string;
    readonly body: Buffer;
    readonly kmsKeyArn?: string;
  }): Promise<void>;
}

export interface Answer {
  readonly payload: Buffer;
  /** `Unhandled` or `Handled` when the function failed. */
  readonly functionError?: string;
}

export interface Functions {
  invoke(arn: string, payload: Buffer, signal: AbortSignal): Promise<Answer>;
}

export interface Secrets {
  read(arn: string): Promise<string>;
}

export interface LogSink {
  put(
    group: string,
    stream: string,
    events: readonly { readonly at: number; readonly message: string }[],
  ): Promise<void>;
}

/** Where to begin in a shard. */
export type Start =
  | { readonly kind: "beginning" }
  | { readonly kind: "time"; readonly at: Date }
  | { readonly kind: "after"; readonly sequenceNumber: string };

export interface StreamReader {
  shards(streamArn: string): Promise<readonly string[]>;
  iterator(streamArn: string, shardId: string, start: Start): Promise<string>;
  read(streamArn: string, iterator: string): Promise<KinesisPage>;
}

/** A column as a Glue table names it. */
export interface TableColumn {
  readonly Name: string;
  readonly Type: string;
}

export interface Catalog {
  /** The columns of the table's latest version. */
  columns(database: string, table: string): Promise<readonly TableColumn[]>;
}

/** Everything one role can do. */
export interface RolePorts {
  readonly objects: ObjectStore;
  readonly functions: Functions;
  readonly secrets: Secrets;
  readonly logs: LogSink;
  readonly stream: StreamReader;
  readonly catalog: Catalog;
  close(): void;
}

export interface Ports {
  /** Acts as `roleArn` for the delivery stream `streamArn`. */
  as(roleArn: string, streamArn: string): RolePorts;
  connect(to: SqlTarget): Promise<SqlConnection>;
}

/** The error code of a refused call, as the SDK or AWS names it. */
export function codeOf(error: unknown): string {
  const named = error as { code?: unknown; name?: unknown; Code?: unknown };
  for (const name of [named?.code, named?.Code, named?.name])
    if (typeof name === "string" && name !== "Error") return name;
  return "Unknown";
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
