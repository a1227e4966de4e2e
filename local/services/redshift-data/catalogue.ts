import type { SqlResult } from "../../gateway/types";
import { quoteString, type Session, SqlError } from "../../warehouse";
import type { Identity } from "./identity";
import { type Input, invalid } from "./input";

/** ListDatabases, ListSchemas, ListTables and DescribeTable: answered at once, from what the session's user may list. */
export async function listDatabases(identity: Identity, input: Input) {
  return pageOf(input, "Databases", [identity.database]);
}

export async function listSchemas(identity: Identity, input: Input) {
  const names = await query(
    identity,
    `SELECT schema_name FROM svv_all_schemas WHERE schema_name LIKE ${like(input, "SchemaPattern")} ORDER BY 1`,
  );
  return pageOf(
    input,
    "Schemas",
    names.rows.map(([name]) => String(name)),
  );
}

export async function listTables(identity: Identity, input: Input) {
  const found = await query(
    identity,
    `SELECT table_name, table_type, table_schema FROM svv_tables WHERE table_schema LIKE ${like(input, "SchemaPattern")} AND table_name LIKE ${like(input, "TablePattern")} ORDER BY 3, 1`,
  );
  const tables = found.rows.map(([name, type, schema]) => ({ name, type: type === "VIEW" ? "VIEW" : "TABLE", schema }));
  return pageOf(input, "Tables", tables);
}

export async function describeTable(identity: Identity, input: Input) {
  const table = input.require("Table").toLowerCase();
  const schema = (input.string("Schema") ?? "public").toLowerCase();
  const found = await query(
    identity,
    `SELECT column_name, data_type, is_nullable, column_default, character_maximum_length, numeric_precision, numeric_scale FROM svv_columns
     WHERE table_schema = ${quoteString(schema)} AND table_name = ${quoteString(table)} ORDER BY ordinal_position`,
  );
  const columns = found.rows.map(([name, type, nullable, byDefault, length, precision, scale]) => ({
    ...(byDefault === null ? {} : { columnDefault: String(byDefault) }),
    isCaseSensitive: type === "character varying",
    isCurrency: false,
    isSigned: precision !== null,
    label: name,
    length: length ?? 0,
    name,
    nullable: nullable === "YES" ? 1 : 0,
    precision: length ?? precision ?? 0,
    scale: scale ?? 0,
    schemaName: schema,
    tableName: table,
    typeName: TYPE_NAMES[String(type)] ?? type,
  }));
  return { TableName: table, ...pageOf(input, "ColumnList", columns) };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  "character varying": "varchar",
  "double precision": "float8",
  real: "float4",
  smallint: "int2",
  integer: "int4",
  bigint: "int8",
  boolean: "bool",
  "timestamp without time zone": "timestamp",
  "timestamp with time zone": "timestamptz",
};

/** Patterns are those of LIKE; none is every name. */
function like(input: Input, name: string): string {
  return quoteString((input.string(name) ?? "%").toLowerCase()).replaceAll("\\", "\\\\");
}

async function query(identity: Identity, sql: string): Promise<SqlResult> {
  let session: Session | undefined;
  try {
    session = await identity.open();
    return await session.run(sql);
  } catch (error) {
    throw error instanceof SqlError ? invalid(session ? `ERROR: ${error.message}` : `FATAL: ${error.message}`) : error;
  } finally {
    await session?.close();
  }
}

/** `MaxResults` items, `most` at once, from `NextToken` on. */
export function pageOf(input: Input, name: string, items: readonly unknown[], most = 1000): Record<string, unknown> {
  const size = input.integer("MaxResults", 0, most) || most;
  const from = readToken(input.string("NextToken"));
  const next = from + size;
  return { [name]: items.slice(from, next), ...(next < items.length ? { NextToken: writeToken(next) } : {}) };
}

export function writeToken(offset: number): string {
  return Buffer.from(`row:${offset}`).toString("base64url");
}

/** @throws AwsError for a token that is not ours */
export function readToken(token: string | undefined): number {
  if (token === undefined) return 0;
  const match = /^row:(\d+)$/.exec(Buffer.from(token, "base64url").toString());
  if (!match) throw invalid("NextToken is not valid.");
  return Number(match[1]);
}
