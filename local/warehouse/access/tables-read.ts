import type { DuckDBConnection } from "@duckdb/node-api";
import { SqlError, translate } from "../errors";
import type { TableName } from "../sql/cursor";
import { quoteString } from "../sql/tokens";
import { rows } from "./catalogue";

/**
 * Tables and views that a SELECT names, by the engine's own parser: what stands in a string, an alias or a WITH name is not one.
 * A view counts as itself, not as what it reads: its owner answers for that.
 *
 * @throws SqlError when the text is no SELECT
 */
export async function tablesRead(connection: DuckDBConnection, select: string): Promise<TableName[]> {
  const [row] = await rows(connection, `SELECT json_serialize_sql(${quoteString(select)})`);
  const parsed = JSON.parse(String(row?.[0])) as { error: boolean; error_message?: string; statements?: unknown[] };
  if (parsed.error) throw translate(new Error(`Parser Error: ${parsed.error_message ?? "not a query"}`));
  const tables: TableName[] = [];
  collect(parsed.statements ?? [], new Set(), tables);
  return tables;
}

function collect(node: unknown, ctes: ReadonlySet<string>, found: TableName[]): void {
  if (Array.isArray(node)) {
    for (const child of node) collect(child, ctes, found);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const record = node as Record<string, unknown>;
  let known = ctes;
  const map = (record.cte_map as { map?: { key: string; value: unknown }[] } | undefined)?.map;
  if (map && map.length > 0) known = new Set([...ctes, ...map.map((entry) => entry.key.toLowerCase())]);
  if (record.type === "BASE_TABLE") {
    const schema = String(record.schema_name ?? "").toLowerCase();
    const name = String(record.table_name ?? "").toLowerCase();
    if (schema || !known.has(name)) found.push({ schema, name });
  }
  if (record.type === "TABLE_FUNCTION") refuseFunction(record);
  for (const child of Object.values(record)) collect(child, known, found);
}

/** The engine's table functions read files, settings and other users' schemas; only the harmless ones that Redshift has too may stand in FROM. */
function refuseFunction(record: Record<string, unknown>): void {
  const name = String((record.function as { function_name?: unknown } | undefined)?.function_name ?? "").toLowerCase();
  if (name === "generate_series" || name === "unnest") return;
  throw new SqlError(`function ${name}() does not exist`, "42883");
}
