import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { JsonCaller } from "../../json-call";
import { type LakeTable, readTable } from "../../lake/glue-table";
import { type Loading, loadTable } from "../../lake/load-table";
import { sourcesOf } from "../../lake/objects";
import { projectionOf } from "../../lake/projection";
import { QueryError } from "./errors";
import { prune } from "./pruning";
import { columnOf, type Result, resultOf } from "./result";
import { parseStatement, type Statement } from "./statement";

export interface Evaluation extends Loading {
  readonly sql: string;
  readonly database: string | undefined;
  /** Keys of whoever asked: for the catalog and for the data. */
  readonly caller: JsonCaller;
  readonly now: Date;
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
  const found = await sourcesOf(asked.s3, projectionOf(table, asked.now));
  const sources = await prune(connection, statement, table, table.partitionKeys, found);
  await loadTable(connection, table, statement.names, sources, asked);
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
