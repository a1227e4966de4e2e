import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBListType, DuckDBStructType, type DuckDBType } from "@duckdb/node-api";
import { QueryError } from "./errors";
import { duckType, type HiveColumn, type HiveType, type Scalar } from "./hive-type";
import type { Source } from "./objects";

const MAGIC = "PAR1";

/** Types of a file that a column takes beside its own: https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html */
const WIDENS: Readonly<Partial<Record<Scalar, readonly string[]>>> = {
  smallint: ["TINYINT"],
  int: ["TINYINT", "SMALLINT"],
  bigint: ["TINYINT", "SMALLINT", "INTEGER"],
  double: ["FLOAT"],
};

/**
 * One Parquet object while it is read. Columns are found by their names, without regard to case; one that the file lacks is NULL.
 * https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html#index-access
 */
export class ParquetObject {
  private constructor(
    private readonly connection: DuckDBConnection,
    private readonly at: string,
    private readonly path: string,
    /** By lower-case name. */
    private readonly found: ReadonlyMap<string, { readonly name: string; readonly type: DuckDBType }>,
  ) {}

  /** Lays it into `folder`, which the connection may read; `close` removes it. @throws QueryError for what is no Parquet */
  static async open(
    connection: DuckDBConnection,
    folder: string,
    source: Source,
    bytes: Buffer,
  ): Promise<ParquetObject> {
    const at = `s3://${source.bucket}/${source.key}`;
    const ends = [bytes.subarray(0, 4), bytes.subarray(-4)].map((end) => end.toString("latin1"));
    if (ends.some((end) => end !== MAGIC)) {
      throw new QueryError(`HIVE_BAD_DATA: Not valid Parquet file: ${at} expected magic number: ${MAGIC}`);
    }
    await mkdir(folder, { recursive: true });
    // A name of its own: the engine keeps blocks of files by path, size and second, and would answer with those of the object before.
    const path = join(folder, `${randomUUID()}.parquet`);
    await writeFile(path, bytes);
    try {
      const empty = await connection.runAndReadAll(`SELECT * FROM read_parquet(${literal(path)}) LIMIT 0`);
      const types = empty.columnTypes();
      const found = empty.columnNames().map((name, i) => [name.toLowerCase(), { name, type: types[i]! }] as const);
      return new ParquetObject(connection, at, path, new Map(found));
    } catch (error) {
      await rm(path, { force: true });
      throw new QueryError(`HIVE_BAD_DATA: Not valid Parquet file: ${at}: ${(error as Error).message.split("\n")[0]}`);
    }
  }

  async close(): Promise<void> {
    await rm(this.path, { force: true });
  }

  /** Bytes of these columns alone, compressed as they lie: what Athena reads of it, but for the file's own index. */
  async bytesOf(columns: readonly HiveColumn[]): Promise<number> {
    const names = columns.flatMap(({ name }) => this.found.get(name)?.name ?? []);
    if (names.length === 0) return 0;
    const reader = await this.connection.runAndReadAll(
      // A nested column's parts stand behind its name.
      `SELECT sum(total_compressed_size)::DOUBLE FROM parquet_metadata(${literal(this.path)}) WHERE split_part(path_in_schema, ', ', 1) IN (${names.map(literal).join(", ")})`,
    );
    return Number(reader.getRows()[0]?.[0] ?? 0);
  }

  /**
   * Inserts every row into `table`: these columns, then the partition's values.
   *
   * @throws QueryError for a column of another type than the table's
   */
  async insertInto(table: string, columns: readonly HiveColumn[], partition: readonly string[]): Promise<void> {
    const values = columns.map((column) => this.valueOf(column));
    const selected = [...values, ...partition];
    await this.connection.run(
      `INSERT INTO ${table} SELECT ${selected.length > 0 ? selected.join(", ") : "NULL"} FROM read_parquet(${literal(this.path)})`,
    );
  }

  private valueOf({ name, type }: HiveColumn): string {
    const found = this.found.get(name);
    return found ? this.taken(quoted(found.name), found.type, type, name) : `CAST(NULL AS ${duckType(type)})`;
  }

  /** What the file has of `from`, as a value of `to`. */
  private taken(value: string, from: DuckDBType, to: HiveType, field: string): string {
    if (to.kind === "struct") {
      if (!(from instanceof DuckDBStructType)) throw this.misfit(field, from, to);
      const parts = to.fields.map((part) => {
        const i = from.entryNames.findIndex((name) => name.toLowerCase() === part.name);
        const inner =
          i < 0
            ? `CAST(NULL AS ${duckType(part.type)})`
            : this.taken(
                `struct_extract(${value}, ${literal(from.entryNames[i]!)})`,
                from.entryTypes[i]!,
                part.type,
                `${field}.${part.name}`,
              );
        return `${quoted(part.name)} := ${inner}`;
      });
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${parts.join(", ")}) END`;
    }
    if (to.kind === "array") {
      if (!(from instanceof DuckDBListType)) throw this.misfit(field, from, to);
      const item = `item_${field.length}`;
      return `list_transform(${value}, lambda ${item}: ${this.taken(item, from.valueType, to.of, `${field}[]`)})`;
    }
    const fits = String(from) === duckType(to) || WIDENS[to.kind]?.includes(String(from));
    if (!fits) throw this.misfit(field, from, to);
    return value;
  }

  private misfit(field: string, from: DuckDBType, to: HiveType): QueryError {
    return new QueryError(
      `HIVE_BAD_DATA: Field ${field}'s type ${from} in parquet file ${this.at} is incompatible with type ${duckType(to)} defined in table schema`,
    );
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
