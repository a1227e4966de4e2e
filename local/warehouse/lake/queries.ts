import type { DuckDBConnection } from "@duckdb/node-api";
import { rows } from "../access/catalogue";
import { tablesRead } from "../access/tables-read";
import { withDefault } from "../copy/default-role";
import { roleCredentials } from "../copy/options";
import type { Session } from "../session";
import type { TableName } from "../sql/cursor";
import { quoteName, quoteString } from "../sql/tokens";
import { parseTree, printTree, visit } from "../sql/tree";
import { requireSelect } from "../statements/relations";
import { lakeCatalogue } from "./catalogue";
import type { LakeSchema } from "./source";

/**
 * Checks what a query may read and runs it with the rows of the external tables that it names. Each is read whole, as far as the named columns go, into a table of this connection
 * that lives as long as the query; a table that stands twice in the query is read once, so both see the same files.
 *
 * @param sql a SELECT in the engine's words; `run` gets it with the tables' own names in place of the external ones
 */
export async function withLake<T>(session: Session, sql: string, run: (sql: string) => Promise<T>): Promise<T> {
  const { engine, user } = session;
  await requireSelect(engine, user, sql, "carried");
  const external = await externalTables(engine, sql);
  if (external.length === 0) return run(sql);
  const tree = parseTree(await serialized(engine, sql));
  const names = columnsNamed(tree);
  const made: string[] = [];
  try {
    for (const [i, { schema, table }] of external.entries()) {
      const name = `redstream_lake_${i}`;
      made.push(name);
      await layIn(session, schema, table.name, names, name);
    }
    rename(tree, external);
    const [text] = await rows(engine, "SELECT json_deserialize_sql(CAST($1 AS JSON))", printTree(tree));
    return await run(String(text?.[0]));
  } finally {
    // The transaction may already be lost; then so are the tables.
    for (const name of made) await engine.run(`DROP TABLE IF EXISTS temp.main.${name}`).catch(() => undefined);
  }
}

interface External {
  readonly schema: LakeSchema;
  readonly table: TableName;
}

async function externalTables(engine: DuckDBConnection, sql: string): Promise<External[]> {
  const found = new Map<string, External>();
  for (const table of await tablesRead(engine, sql)) {
    if (!table.schema) continue;
    const schema = await lakeCatalogue.schema(engine, table.schema);
    if (schema) found.set(`${table.schema}.${table.name}`, { schema, table });
  }
  return [...found.values()];
}

async function serialized(engine: DuckDBConnection, sql: string): Promise<string> {
  const [row] = await rows(engine, `SELECT json_serialize_sql(${quoteString(sql)})`);
  return String(row?.[0]);
}

async function layIn(
  session: Session,
  schema: LakeSchema,
  table: string,
  names: ReadonlySet<string> | undefined,
  into: string,
): Promise<void> {
  const { engine, warehouse, user } = session;
  const { host, roles, settings, scratch } = warehouse;
  const lake = await warehouse.lake.open({
    schema,
    table,
    names,
    credentials: withDefault(roleCredentials(schema.role), warehouse),
    reader: { host, roles, name: settings.name, user: user.name },
    scratch,
  });
  try {
    const columns = lake.columns.map(({ name, type }) => `${quoteName(name)} ${type}`);
    await engine.run(`CREATE TEMP TABLE ${into} (${columns.join(", ")})`);
    const appender = await engine.createAppender(into, "main", "temp");
    try {
      for await (const chunk of lake.chunks()) {
        appender.appendDataChunk(chunk);
        session.signal.throwIfAborted();
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  } finally {
    await lake.close();
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the engine's serialized syntax tree
type Tree = any;

/** Last parts of all column references; undefined when `*` asks for everything. */
function columnsNamed(tree: Tree): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  let all = false;
  visit<Tree>(tree, (node) => {
    if (node.class === "STAR") all = true;
    // A whole row, a part of a structure: whichever part is the column's name, it is there.
    if (node.class === "COLUMN_REF") for (const part of node.column_names) names.add(String(part).toLowerCase());
    if (node.type === "JOIN") for (const column of node.using_columns ?? []) names.add(String(column).toLowerCase());
  });
  return all ? undefined : names;
}

/** Puts each external table's stand-in in its place, under the name that the query knows it by. */
function rename(tree: Tree, external: readonly External[]): void {
  const indexOf = (schema: unknown, name: unknown) =>
    external.findIndex(
      ({ table }) => table.schema === String(schema).toLowerCase() && table.name === String(name).toLowerCase(),
    );
  visit<Tree>(tree, (node) => {
    if (node.class === "COLUMN_REF" && node.column_names.length > 2 && indexOf(...first(node.column_names)) >= 0) {
      node.column_names = node.column_names.slice(1);
    }
    if (node.type !== "BASE_TABLE") return;
    const i = indexOf(node.schema_name, node.table_name);
    if (i < 0) return;
    node.alias = node.alias || node.table_name;
    node.catalog_name = "temp";
    node.schema_name = "main";
    node.table_name = `redstream_lake_${i}`;
  });
}

const first = ([schema, table]: readonly unknown[]) => [schema, table] as const;
