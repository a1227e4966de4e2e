import type { S3Client } from "@aws-sdk/client-s3";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { LakeTable } from "./glue-table";
import { duckType, type HiveColumn, jsonShape, scalarOf } from "./hive-type";
import { bytesOf, linesOf, type Source } from "./objects";
import { ParquetObject } from "./parquet";
import { readerOf } from "./rows";

/** Rows that go to DuckDB at once: few enough to be small beside an object. */
const BATCH = 2000;

/** What a query has read so far. */
export interface Scan {
  bytes: number;
  objects: number;
}

/** How a table's objects are read. */
export interface Loading {
  /** With the rights of whoever asks. */
  readonly s3: S3Client;
  /** Folder that the connection may read, for files that live as long as the query. */
  readonly scratch: string;
  readonly scan: Scan;
  /** Says before an object of so many bytes is read whether the query may go on, by throwing when it may not. */
  mayRead(bytes: number): void;
}

/**
 * Makes a table `"database"."name"`, whose schema is there, and fills it with the rows of these objects.
 *
 * @param names those columns alone; undefined is all of them. Partition keys are always there.
 * @throws QueryError
 */
export async function loadTable(
  connection: DuckDBConnection,
  table: LakeTable,
  names: ReadonlySet<string> | undefined,
  sources: readonly Source[],
  loading: Loading,
): Promise<void> {
  const columns = table.columns.filter(({ name }) => names === undefined || names.has(name));
  const wanted = new Set(columns.map(({ name }) => name));
  const copy = table.files === "parquet" ? parquetInto : linesInto(table, wanted);
  const target = await create(connection, table, [...columns, ...table.partitionKeys]);
  for (const source of sources) {
    await copy({ connection, loading, source, columns, keys: table.partitionKeys, target });
    loading.scan.objects += 1;
  }
}

/** One object on its way into a table of DuckDB's. */
interface Copy {
  readonly connection: DuckDBConnection;
  readonly loading: Loading;
  readonly source: Source;
  /** Those that the statement names. */
  readonly columns: readonly HiveColumn[];
  readonly keys: readonly HiveColumn[];
  readonly target: Target;
}

/** Lines are read whole, whatever the columns. */
function linesInto(table: LakeTable, wanted: ReadonlySet<string>) {
  const read = readerOf(table.serde, table.serdeParameters, table.columns, wanted);
  return async ({ loading, source, keys, target }: Copy): Promise<void> => {
    loading.mayRead(source.bytes);
    const lines = await linesOf(loading.s3, source);
    loading.scan.bytes += source.bytes;
    const values = partitionOf(source, keys);
    for (let from = skipped(table); from < lines.length; from += BATCH) {
      const rows = lines
        .slice(from, from + BATCH)
        .map(read)
        .filter((row) => row !== undefined);
      await target.insert(rows.map((row) => ({ ...row, ...values })));
    }
  };
}

/** Of Parquet only the named columns are read, and paid for. */
async function parquetInto({ connection, loading, source, columns, keys, target }: Copy): Promise<void> {
  const object = await ParquetObject.open(connection, loading.scratch, source, await bytesOf(loading.s3, source));
  try {
    const bytes = await object.bytesOf(columns);
    loading.mayRead(bytes);
    loading.scan.bytes += bytes;
    const partition = keys.map(({ type }, i) => `CAST(${literal(source.partition[i]!)} AS ${duckType(type)})`);
    await object.insertInto(target.name, columns, partition);
  } finally {
    await object.close();
  }
}

const skipped = ({ parameters }: LakeTable) => Number(parameters["skip.header.line.count"] ?? 0);

const partitionOf = ({ partition }: Source, keys: readonly HiveColumn[]) =>
  Object.fromEntries(
    keys.map(({ name, type }, i) => [
      name,
      type.kind === "struct" || type.kind === "array" ? null : scalarOf(partition[i]!, type.kind),
    ]),
  );

/** A column that stands in for all, where a statement names none: a row is still a row. */
const NONE: HiveColumn = { name: "$none", type: { kind: "boolean" } };

interface Target {
  /** Quoted, with its schema. */
  readonly name: string;
  insert(rows: readonly object[]): Promise<void>;
}

async function create(connection: DuckDBConnection, table: LakeTable, named: readonly HiveColumn[]): Promise<Target> {
  const columns = named.length > 0 ? named : [NONE];
  const name = `${quoted(table.database)}.${quoted(table.name)}`;
  await connection.run(
    `CREATE TABLE ${name} (${columns.map(({ name, type }) => `${quoted(name)} ${duckType(type)}`).join(", ")})`,
  );
  const shape = literal(JSON.stringify([jsonShape({ kind: "struct", fields: columns })]));
  return {
    name,
    async insert(rows) {
      if (rows.length === 0) return;
      await connection.run(`INSERT INTO ${name} SELECT r.* FROM (SELECT unnest(from_json($1::JSON, ${shape})) AS r)`, [
        JSON.stringify(rows),
      ]);
    },
  };
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
