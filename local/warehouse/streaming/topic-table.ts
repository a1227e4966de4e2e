import {
  BIGINT,
  BLOB,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import type { StreamRecord } from "./source";

/** Under this name a topic stands in the queries of materialized views. */
export const TOPIC_TABLE = "temp.main.redstream_topic";

const RAW = "temp.main.redstream_topic_records";
const TYPES = [INTEGER, BIGINT, VARCHAR, BIGINT, BLOB, BLOB, VARCHAR];
/** The engine's own vector size. */
const CHUNK_ROWS = 2048;

/** Columns of a topic by https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-streaming-ingestion-getting-started-MSK.html */
const CREATE = `
CREATE TEMP TABLE redstream_topic_records (c0 INTEGER, c1 BIGINT, c2 VARCHAR, c3 BIGINT, c4 BLOB, c5 BLOB, c6 VARCHAR);
CREATE TEMP VIEW redstream_topic AS SELECT CAST(c0 AS BIGINT) AS kafka_partition, c1 AS kafka_offset, c2 AS kafka_timestamp_type,
  make_timestamp(c3 * 1000) AS kafka_timestamp, c4 AS kafka_key, c5 AS kafka_value, CAST(CAST(c6 AS JSON) AS VARIANT) AS kafka_headers,
  CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP) AS refresh_time FROM ${RAW};
`;

/** Records of a topic on their way into a view: a table and a view of this connection alone, gone with `drop`. */
export class TopicTable {
  private filled = 0;
  private columns: unknown[][] = TYPES.map(() => []);
  private appender: Awaited<ReturnType<DuckDBConnection["createAppender"]>> | undefined;
  /** Records that wait to be moved on. */
  rows = 0;

  constructor(private readonly connection: DuckDBConnection) {}

  async create(): Promise<void> {
    await this.connection.run(CREATE);
    this.appender = await this.connection.createAppender("redstream_topic_records", "main", "temp");
  }

  add(record: StreamRecord): void {
    const { partition, offset, timestampType, timestamp, key, value, headers } = record;
    const [c0, c1, c2, c3, c4, c5, c6] = this.columns as [unknown[], ...unknown[][]] & unknown[][];
    c0.push(partition);
    c1!.push(offset);
    c2!.push(timestampType);
    c3!.push(BigInt(timestamp));
    c4!.push(key && new DuckDBBlobValue(key));
    c5!.push(value && new DuckDBBlobValue(value));
    c6!.push(headers.length === 0 ? "[]" : JSON.stringify(headers.map(([name, text]) => ({ key: name, value: text }))));
    this.rows++;
    if (++this.filled === CHUNK_ROWS) this.flush();
  }

  private flush(): void {
    if (this.filled === 0) return;
    const chunk = DuckDBDataChunk.create(TYPES, this.filled);
    chunk.setColumns(this.columns as never);
    this.appender!.appendDataChunk(chunk);
    this.columns = TYPES.map(() => []);
    this.filled = 0;
  }

  /** Runs the view's query over the records and puts what it gives into `target`; then there are none. */
  async moveInto(target: string, query: string): Promise<void> {
    this.flush();
    this.appender!.flushSync();
    await this.connection.run(`INSERT INTO ${target} ${query}`);
    await this.connection.run(`DELETE FROM ${RAW}`);
    this.rows = 0;
  }

  /** The transaction may already be lost; then so are the tables. */
  async drop(): Promise<void> {
    try {
      this.appender?.closeSync();
    } catch {}
    try {
      await this.connection.run("DROP VIEW IF EXISTS temp.main.redstream_topic");
      await this.connection.run(`DROP TABLE IF EXISTS ${RAW}`);
    } catch {}
  }
}
