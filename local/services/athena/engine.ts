import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { JsonCaller } from "../../json-call";
import { QueryError } from "./errors";
import { type LakeTable, readTable } from "./glue-table";
import { duckType, type HiveColumn, jsonShape, scalarOf } from "./hive-type";
import { bytesOf, linesOf, type Source, sourcesOf } from "./objects";
import { ParquetObject } from "./parquet";
import { projectionOf } from "./projection";
import { prune } from "./pruning";
import { columnOf, type Result, resultOf } from "./result";
import { readerOf } from "./rows";
import { parseStatement, type Statement } from "./statement";

/** Rows that go to DuckDB at once: few enough to be small beside an object. */
const BATCH = 2000;

/** What a query has read so far. */
export interface Scan {
  bytes: number;
  objects: number;
}

export interface Evaluation {
  readonly sql: string;
  readonly database: string | undefined;
  /** Keys of whoever asked: for the catalog and for the data. */
  readonly caller: JsonCaller;
  readonly s3: S3Client;
  /** Folder of this query's own, for files that live as long as it. */
  readonly scratch: string;
  readonly now: Date;
  readonly scan: Scan;
  /** Says before an object of so many bytes is read whether the query may go on, by throwing when it may not. */
  mayRead(bytes: number): void;
  /** Ends the evaluation. */
  readonly signal: AbortSignal;
}

/** Evaluates one SELECT on the objects of the tables it names, on a DuckDB of its own that is in memory and reaches its own folder alone. */
export async function evaluate(asked: Evaluation): Promise<Result> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  asked.signal.addEventListener("abort", interrupt);
  try {
    await connection.run(`SET allowed_directories = [${literal(resolve(asked.scratch))}]`);
    await connection.run("SET enable_external_access = false");
    // Trino divides whole numbers to whole numbers, and its dates are those of UTC.
    await connection.run("SET integer_division = true");
    await connection.run("SET TimeZone = 'UTC'");
    const statement = await parseStatement(connection, asked.sql, asked.database);
    for (const database of new Set(statement.tables.map((table) => table.database))) {
      await connection.run(`CREATE SCHEMA ${quoted(database)}`);
    }
    for (const { database, name } of statement.tables) {
      await load(connection, statement, await readTable(asked.caller, database, name), asked);
    }
    const session = asked.database?.toLowerCase();
    if (session !== undefined && statement.tables.some(({ database }) => database === session)) {
      await connection.run(`SET schema = ${literal(session)}`);
    }
    return await run(connection, statement.sql);
  } finally {
    asked.signal.removeEventListener("abort", interrupt);
    connection.closeSync();
    instance.closeSync();
    await rm(asked.scratch, { recursive: true, force: true });
  }
}

async function run(connection: DuckDBConnection, sql: string): Promise<Result> {
  try {
    const prepared = await connection.prepare(sql);
    const columns = Array.from({ length: prepared.columnCount }, (_, i) =>
      columnOf(prepared.columnName(i), String(prepared.columnType(i))),
    );
    return resultOf(columns, await prepared.runAndReadAll());
  } catch (error) {
    if (error instanceof QueryError) throw error;
    throw new QueryError(`SYNTAX_ERROR: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** Fills a table of the same name with the columns that the statement names. */
async function load(
  connection: DuckDBConnection,
  statement: Statement,
  table: LakeTable,
  asked: Evaluation,
): Promise<void> {
  const { s3, scan } = asked;
  const wanted = new Set(
    table.columns.map(({ name }) => name).filter((name) => statement.names === undefined || statement.names.has(name)),
  );
  const columns = table.columns.filter(({ name }) => wanted.has(name));
  const copy = table.files === "parquet" ? parquetInto : linesInto(table, wanted);
  const sources = await prune(
    connection,
    statement,
    table,
    table.partitionKeys,
    await sourcesOf(s3, projectionOf(table, asked.now)),
  );
  const target = await create(connection, table, [...columns, ...table.partitionKeys]);
  for (const source of sources) {
    await copy({ connection, asked, source, columns, keys: table.partitionKeys, target });
    scan.objects += 1;
  }
}

/** One object on its way into a table of DuckDB's. */
interface Copy {
  readonly connection: DuckDBConnection;
  readonly asked: Evaluation;
  readonly source: Source;
  /** Those that the statement names. */
  readonly columns: readonly HiveColumn[];
  readonly keys: readonly HiveColumn[];
  readonly target: Target;
}

/** Lines are read whole, whatever the columns. */
function linesInto(table: LakeTable, wanted: ReadonlySet<string>) {
  const read = readerOf(table.serde, table.serdeParameters, table.columns, wanted);
  return async ({ asked, source, keys, target }: Copy): Promise<void> => {
    asked.mayRead(source.bytes);
    const lines = await linesOf(asked.s3, source);
    asked.scan.bytes += source.bytes;
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
async function parquetInto({ connection, asked, source, columns, keys, target }: Copy): Promise<void> {
  const object = await ParquetObject.open(connection, asked.scratch, source, await bytesOf(asked.s3, source));
  try {
    const bytes = await object.bytesOf(columns);
    asked.mayRead(bytes);
    asked.scan.bytes += bytes;
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
