import type { DuckDBConnection } from "@duckdb/node-api";
import { HIDDEN, rows } from "../access/catalogue";
import type { TableName } from "../sql/cursor";
import type { StreamSchema } from "./source";

/** What is kept of streams, in the warehouse's own file: so that offsets are committed with the rows they stand for, and a restart goes on where it stopped. */
export const STREAM_TABLES = `
CREATE TABLE IF NOT EXISTS ${HIDDEN}.stream_schemas (name VARCHAR, source VARCHAR, authentication VARCHAR, role VARCHAR, uri VARCHAR, cluster_arn VARCHAR);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.stream_views (schema_name VARCHAR, name VARCHAR, stream_schema VARCHAR, topic VARCHAR, query VARCHAR, auto_refresh BOOLEAN);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.stream_offsets (schema_name VARCHAR, name VARCHAR, partition_id INTEGER, next_offset BIGINT);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.stream_scans (user_id INTEGER, external_schema_name VARCHAR, stream_name VARCHAR, mv_name VARCHAR, transaction_id BIGINT, query_id BIGINT,
  record_time TIMESTAMP, partition_id VARCHAR, latest_position VARCHAR, scanned_rows BIGINT, skipped_rows BIGINT, scanned_bytes BIGINT,
  stream_record_time_min TIMESTAMP, stream_record_time_max TIMESTAMP);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.stream_errors (user_id INTEGER, external_schema_name VARCHAR, stream_name VARCHAR, mv_name VARCHAR, transaction_id BIGINT, query_id BIGINT,
  stream_timestamp_type VARCHAR, stream_timestamp TIMESTAMP, record_time TIMESTAMP, partition_id VARCHAR, position VARCHAR, error_code INTEGER, error_reason VARCHAR);
`;

export interface StreamView {
  readonly view: TableName;
  readonly streamSchema: string;
  readonly topic: string;
  /** The SELECT in the engine's words; the topic stands in it under the name that `topic-table.ts` gives. */
  readonly query: string;
  readonly autoRefresh: boolean;
}

type Row = readonly unknown[];

export const streamCatalogue = {
  async schema(connection: DuckDBConnection, name: string): Promise<StreamSchema | undefined> {
    const [row] = await rows(
      connection,
      `SELECT name, source, authentication, role, uri, cluster_arn FROM ${HIDDEN}.stream_schemas WHERE name = $1`,
      name,
    );
    if (!row) return undefined;
    const [found, source, authentication, role, uri, clusterArn] = row as [
      string,
      string,
      string,
      ...(string | null)[],
    ];
    return {
      name: found,
      source: source as StreamSchema["source"],
      authentication: authentication as StreamSchema["authentication"],
      role: role ?? null,
      uri: uri ?? null,
      clusterArn: clusterArn ?? null,
    };
  },

  async addSchema(connection: DuckDBConnection, schema: StreamSchema): Promise<void> {
    const { name, source, authentication, role, uri, clusterArn } = schema;
    await connection.run(`INSERT INTO ${HIDDEN}.stream_schemas VALUES ($1, $2, $3, $4, $5, $6)`, [
      name,
      source,
      authentication,
      role,
      uri,
      clusterArn,
    ]);
  },

  async dropSchema(connection: DuckDBConnection, name: string): Promise<void> {
    await connection.run(`DELETE FROM ${HIDDEN}.stream_schemas WHERE name = $1`, [name]);
  },

  /** All of them, or the one of this name. */
  async views(connection: DuckDBConnection, of?: TableName): Promise<readonly StreamView[]> {
    const found = await rows(
      connection,
      `SELECT schema_name, name, stream_schema, topic, query, auto_refresh FROM ${HIDDEN}.stream_views
       WHERE $1 IS NULL OR (schema_name = $1 AND name = $2) ORDER BY schema_name, name`,
      of?.schema ?? null,
      of?.name ?? null,
    );
    return found.map(([schema, name, streamSchema, topic, query, autoRefresh]: Row) => ({
      view: { schema: String(schema), name: String(name) },
      streamSchema: String(streamSchema),
      topic: String(topic),
      query: String(query),
      autoRefresh: autoRefresh === true,
    }));
  },

  async addView(connection: DuckDBConnection, view: StreamView): Promise<void> {
    await connection.run(`INSERT INTO ${HIDDEN}.stream_views VALUES ($1, $2, $3, $4, $5, $6)`, [
      view.view.schema,
      view.view.name,
      view.streamSchema,
      view.topic,
      view.query,
      view.autoRefresh,
    ]);
  },

  async dropView(connection: DuckDBConnection, { schema, name }: TableName): Promise<void> {
    for (const table of ["stream_views", "stream_offsets"]) {
      await connection.run(`DELETE FROM ${HIDDEN}.${table} WHERE schema_name = $1 AND name = $2`, [schema, name]);
    }
  },

  /** Offset to go on from, by partition; a partition that was never read is not there. */
  async offsets(connection: DuckDBConnection, { schema, name }: TableName): Promise<Map<number, bigint>> {
    const found = await rows(
      connection,
      `SELECT partition_id, next_offset FROM ${HIDDEN}.stream_offsets WHERE schema_name = $1 AND name = $2`,
      schema,
      name,
    );
    return new Map(found.map(([partition, offset]: Row) => [Number(partition), BigInt(offset as bigint)]));
  },

  async setOffsets(
    connection: DuckDBConnection,
    { schema, name }: TableName,
    offsets: ReadonlyMap<number, bigint>,
  ): Promise<void> {
    await connection.run(`DELETE FROM ${HIDDEN}.stream_offsets WHERE schema_name = $1 AND name = $2`, [schema, name]);
    for (const [partition, offset] of offsets) {
      await connection.run(`INSERT INTO ${HIDDEN}.stream_offsets VALUES ($1, $2, $3, $4)`, [
        schema,
        name,
        partition,
        offset,
      ]);
    }
  },
};
