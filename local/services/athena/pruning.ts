import type { DuckDBConnection } from "@duckdb/node-api";
import { duckType, type HiveColumn } from "../../lake/hive-type";
import type { Source } from "../../lake/objects";
import { type Statement, type TableName, type Tree, walk } from "./statement";

const TODAY: ReadonlySet<string> = new Set(["current_date", "current_timestamp"]);

/**
 * Leaves out the objects of partitions that the WHERE clause rules out, so that they are neither read nor counted as scanned:
 * https://docs.aws.amazon.com/athena/latest/ug/partitions.html. Only conditions joined by AND that name nothing but partition keys
 * count, and only for a table that stands once in the statement.
 */
export async function prune(
  connection: DuckDBConnection,
  statement: Statement,
  table: TableName,
  keys: readonly HiveColumn[],
  sources: readonly Source[],
): Promise<readonly Source[]> {
  const found = conditionOn(statement.tree, table, new Set(keys.map(({ name }) => name)));
  if (!found || sources.length === 0) return sources;
  const partitions = new Map(sources.map(({ partition }) => [partition.join("\n"), partition]));
  await connection.run(
    `CREATE TEMP TABLE projected (${keys.map(({ name, type }) => `"${name}" ${duckType(type)}`).join(", ")})`,
  );
  try {
    const row = `(${keys.map((_, i) => `$${i + 1}`).join(", ")})`;
    for (const values of partitions.values()) await connection.run(`INSERT INTO projected VALUES ${row}`, [...values]);
    const kept = new Set<number>();
    const where = await textOf(connection, found.condition, found.alias);
    const rows = await connection.runAndReadAll(where);
    for (const [position] of rows.getRows()) kept.add(Number(position));
    const names = [...partitions.keys()].filter((_, i) => kept.has(i));
    return sources.filter(({ partition }) => names.includes(partition.join("\n")));
  } finally {
    await connection.run("DROP TABLE projected");
  }
}

function conditionOn(
  tree: Tree,
  table: TableName,
  keys: ReadonlySet<string>,
): { condition: Tree; alias: string } | undefined {
  const here: Tree[] = [];
  let times = 0;
  walk(tree.statements, (node) => {
    if (node.type === "BASE_TABLE" && node.table_name.toLowerCase() === table.name) times += 1;
    if (
      node.type === "SELECT_NODE" &&
      node.from_table?.type === "BASE_TABLE" &&
      node.from_table.table_name.toLowerCase() === table.name
    ) {
      here.push(node);
    }
  });
  const [select] = here;
  if (times !== 1 || !select?.where_clause) return undefined;
  const { where_clause: where } = select;
  const conditions: Tree[] = where.type === "CONJUNCTION_AND" ? where.children : [where];
  const usable = conditions.filter((condition) => {
    let only = true;
    walk(condition, (node) => {
      if (node.class === "SUBQUERY") only = false;
      if (node.class !== "COLUMN_REF") return;
      const name = String(node.column_names.at(-1)).toLowerCase();
      const own = node.column_names.length === 1 && TODAY.has(name);
      if (node.column_names.length > 2 || !(own || keys.has(name))) only = false;
    });
    return only;
  });
  if (usable.length === 0) return undefined;
  const condition = { class: "CONJUNCTION", type: "CONJUNCTION_AND", alias: "", children: [{ ...TRUE }, ...usable] };
  return { condition, alias: select.from_table.alias || select.from_table.table_name };
}

const TRUE = {
  class: "CONSTANT",
  type: "VALUE_CONSTANT",
  alias: "",
  value: { type: { id: "BOOLEAN", type_info: null }, is_null: false, value: true },
};

/** A SELECT of the positions of the partitions that meet the condition. */
async function textOf(connection: DuckDBConnection, condition: Tree, alias: string): Promise<string> {
  const frame = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [
    `SELECT rowid FROM projected AS "${alias.replaceAll('"', '""')}" WHERE true`,
  ]);
  const tree: Tree = JSON.parse(String(frame.getRows()[0]?.[0]));
  tree.statements[0].node.where_clause = condition;
  const text = await connection.runAndReadAll("SELECT json_deserialize_sql($1::JSON)", [JSON.stringify(tree)]);
  return String(text.getRows()[0]?.[0]);
}
