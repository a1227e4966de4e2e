import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { Reader } from "../copy/files";
import type { CopyCredentials } from "../copy/options";

/** An external schema over a database of a data catalog: https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-schemas.html */
export interface LakeSchema {
  readonly name: string;
  /** As the catalog names it. */
  readonly database: string;
  /** Null is the warehouse's own. */
  readonly region: string | null;
  /** As the statement has it: an ARN, a chain of them between commas, or `default`. */
  readonly role: string;
}

export interface LakeRequest {
  readonly schema: LakeSchema;
  /** Name of a table of the schema's database. */
  readonly table: string;
  /** Columns that the query names, lower case; undefined is all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly credentials: CopyCredentials;
  readonly reader: Reader;
  /** Folder for files that live as long as the query. */
  readonly scratch: string;
}

/** The rows that a table's files hold now. */
export interface LakeRows {
  /** With the engine's types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  chunks(): AsyncIterable<DuckDBDataChunk>;
  /** Lets go of what was read. */
  close(): Promise<void>;
}

/** The port to catalog and files: the warehouse knows neither Glue nor S3. */
export interface Lake {
  /** @throws SqlError with one line when there is no such table, or the role may not read it or its files */
  open(request: LakeRequest): Promise<LakeRows>;
}
