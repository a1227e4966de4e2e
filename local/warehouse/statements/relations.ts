import type { DuckDBConnection } from "@duckdb/node-api";
import { catalogue, HIDDEN, rows, type User } from "../access/catalogue";
import { tablesRead } from "../access/tables-read";
import type { LoadColumn } from "../copy/load";
import { notCarried, SqlError } from "../errors";
import { lakeCatalogue } from "../lake/catalogue";
import { showName, type TableName } from "../sql/cursor";
import { quoteName } from "../sql/tokens";
import { columnType } from "../sql/types";
import { streamCatalogue } from "../streaming/catalogue";
import { SYSTEM, systemNames } from "../system-views";

export type RelationKind = "table" | "view" | "temporary";

/** What a name stands for, a temporary table before others; undefined when nothing has it. */
export async function relationKind(
  connection: DuckDBConnection,
  relation: TableName,
): Promise<RelationKind | undefined> {
  const [row] = await rows(
    connection,
    `SELECT CASE WHEN table_catalog = 'temp' THEN 'temporary' WHEN table_type = 'VIEW' THEN 'view' ELSE 'table' END AS kind FROM information_schema.tables
     WHERE lower(table_name) = $2 AND ((table_catalog = current_database() AND table_schema = $1) OR (table_catalog = 'temp' AND $1 = 'public'))
     ORDER BY table_catalog = 'temp' DESC LIMIT 1`,
    relation.schema,
    relation.name,
  );
  return row?.[0] as RelationKind | undefined;
}

export async function requireRelation(connection: DuckDBConnection, relation: TableName): Promise<RelationKind> {
  const kind = await relationKind(connection, relation);
  if (!kind) throw new SqlError(`relation "${showName(relation)}" does not exist`, "42P01");
  return kind;
}

/** The engine's name of a relation. */
export function engineName(relation: TableName, kind: RelationKind): string {
  return kind === "temporary"
    ? `temp.main.${quoteName(relation.name)}`
    : `${quoteName(relation.schema)}.${quoteName(relation.name)}`;
}

/** A materialized view is kept as a table, which only its refresh may write. */
export async function refuseMaterialized(connection: DuckDBConnection, relation: TableName): Promise<void> {
  if ((await streamCatalogue.views(connection, relation)).length === 0) return;
  throw new SqlError(`"${relation.name}" is a materialized view and cannot be changed`, "42809");
}

/** Checks that `user` may do `privilege` to a relation; a temporary table belongs to its session. */
export async function requirePrivilege(
  connection: DuckDBConnection,
  user: User,
  privilege: string,
  relation: TableName,
): Promise<RelationKind> {
  const kind = await requireRelation(connection, relation);
  if (kind === "temporary") return kind;
  if (privilege !== "select") await refuseMaterialized(connection, relation);
  if (relation.schema !== "public") {
    await catalogue.require(connection, user, "usage", "schema", { schema: relation.schema, name: "" });
  }
  await catalogue.require(connection, user, privilege, "table", relation);
  return kind;
}

const SYSTEM_NAMES = systemNames();
/** The engine's own catalogue, which Redshift does not have. */
const ENGINE_OWN = /^(duckdb_|pragma_|sqlite_)/;

/**
 * Checks SELECT on every relation that the query names. A table of a data catalog is its schema's: the right to use that is enough.
 *
 * @param external whether the statement can read such tables
 */
export async function requireSelect(
  connection: DuckDBConnection,
  user: User,
  query: string,
  external: "carried" | "refused" = "refused",
): Promise<void> {
  for (const { schema, name } of await tablesRead(connection, query)) {
    if (schema === SYSTEM || schema === "information_schema" || schema === "pg_catalog") continue;
    const unknown = new SqlError(`relation "${schema ? `${schema}.` : ""}${name}" does not exist`, "42P01");
    if (schema === HIDDEN || schema === "main" || (!schema && ENGINE_OWN.test(name))) throw unknown;
    if (schema && (await lakeCatalogue.schema(connection, schema))) {
      await catalogue.require(connection, user, "usage", "schema", { schema, name: "" });
      if (external === "carried") continue;
      throw notCarried(`external table ${schema}.${name} in anything but a query and INSERT ... SELECT`);
    }
    const relation = { schema: schema || "public", name };
    if (!schema && SYSTEM_NAMES.has(name) && !(await relationKind(connection, relation))) continue;
    await requirePrivilege(connection, user, "select", relation);
  }
}

/** The columns of a table in their order, with what COPY must know of each. */
export async function describe(
  connection: DuckDBConnection,
  table: TableName,
): Promise<(LoadColumn & { readonly default: string | null; readonly identity: boolean })[]> {
  const kind = await requireRelation(connection, table);
  const found = await rows(
    connection,
    `SELECT c.column_name, c.data_type, c.is_nullable, c.column_default,
       (SELECT regexp_extract(k.expression, '<= (\\d+)', 1) FROM duckdb_constraints() k WHERE k.database_name = c.database_name
        AND k.schema_name = c.schema_name AND k.table_name = c.table_name AND k.constraint_type = 'CHECK' AND k.constraint_column_names = [c.column_name] LIMIT 1)
     FROM duckdb_columns() c WHERE c.database_name = CASE WHEN $3 THEN 'temp' ELSE current_database() END
       AND c.schema_name = CASE WHEN $3 THEN 'main' ELSE $1 END AND lower(c.table_name) = $2 ORDER BY c.column_index`,
    table.schema,
    table.name,
    kind === "temporary",
  );
  return found.map(([name, type, nullable, byDefault, length]) => ({
    name: String(name).toLowerCase(),
    type: columnType(String(type), length ? Number(length) : undefined),
    notNull: nullable !== true,
    default: byDefault === null || byDefault === undefined ? null : String(byDefault),
    identity: String(byDefault ?? "").includes(`${HIDDEN}.identity_`),
  }));
}
