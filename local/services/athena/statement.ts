import type { DuckDBConnection } from "@duckdb/node-api";
import { notCarried, QueryError } from "./errors";

/**
 * A SELECT as Athena's Trino engine and DuckDB both understand it: what may mean something else in the other one is refused by name.
 * https://docs.aws.amazon.com/athena/latest/ug/select.html
 */
export interface Statement {
  /** Text for DuckDB. */
  readonly sql: string;
  readonly tables: readonly TableName[];
  /** Names that stand in column references, lower case; undefined when `*` asks for all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly tree: Tree;
}

export interface TableName {
  readonly database: string;
  readonly name: string;
}

// biome-ignore lint/suspicious/noExplicitAny: DuckDB's serialized syntax tree
export type Tree = any;

/** Mean the same in both engines, NULLs included. Trino's functions: https://trino.io/docs/current/functions.html */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...["count", "count_star", "count_if", "sum", "avg", "min", "max", "bool_and", "bool_or"],
  ...["stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "corr", "covar_pop", "covar_samp"],
  ...[
    "abs",
    "ceil",
    "ceiling",
    "floor",
    "round",
    "sign",
    "sqrt",
    "cbrt",
    "exp",
    "ln",
    "log10",
    "log2",
    "power",
    "pow",
    "pi",
  ],
  ...["lower", "upper", "trim", "ltrim", "rtrim", "length", "replace", "reverse", "starts_with"],
  ...["year", "month", "day", "hour", "minute", "second", "nullif"],
  ...["+", "-", "*", "/", "%", "||", "~~", "!~~"],
]);
const WINDOWS: ReadonlySet<string> = new Set([
  ...[
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
  ],
]);
const OPERATORS: ReadonlySet<string> = new Set([
  ...["OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "COMPARE_IN", "COMPARE_NOT_IN"],
]);
const CLASSES: ReadonlySet<string> = new Set([
  ...["COLUMN_REF", "CONSTANT", "FUNCTION", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST", "STAR"],
  ...["SUBQUERY", "WINDOW"],
]);
const SOURCES: ReadonlySet<string> = new Set(["BASE_TABLE", "JOIN", "SUBQUERY", "EMPTY"]);
const NODES: ReadonlySet<string> = new Set(["SELECT_NODE", "SET_OPERATION_NODE"]);
const SET_OPERATIONS: ReadonlySet<string> = new Set(["UNION", "INTERSECT", "EXCEPT"]);

/** @throws QueryError for what is no SELECT, or one that the two engines may read differently */
export async function parseStatement(
  connection: DuckDBConnection,
  text: string,
  database: string | undefined,
): Promise<Statement> {
  const sql = text.trim().replace(/;$/, "");
  refuseSpelling(sql);
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
  const tree: Tree = JSON.parse(String(reader.getRows()[0]?.[0]));
  if (tree.error) {
    if (tree.error_type === "not implemented") throw notCarried("a statement other than SELECT");
    throw new QueryError(`SYNTAX_ERROR: ${tree.error_message}`);
  }
  if (tree.statements.length !== 1) throw new QueryError("Only one sql statement is allowed.");
  const inner = new Set<string>();
  const names = new Set<string>();
  let star = false;
  walk(tree.statements, (node) => {
    check(node);
    for (const { key } of node.cte_map?.map ?? []) inner.add(String(key).toLowerCase());
    for (const name of node.using_columns ?? []) names.add(String(name).toLowerCase());
    if (node.class === "COLUMN_REF") for (const name of node.column_names) names.add(String(name).toLowerCase());
    if (node.class === "STAR") star = true;
  });
  const tables = new Map<string, TableName>();
  walk(tree.statements, (node) => {
    if (node.type !== "BASE_TABLE" || (node.schema_name === "" && inner.has(node.table_name.toLowerCase()))) return;
    const table = nameOf(node, database);
    tables.set(`${table.database}.${table.name}`, table);
  });
  return { sql, tables: [...tables.values()], names: star ? undefined : names, tree };
}

/** DuckDB's own spellings, which its syntax tree does not show any more. */
function refuseSpelling(sql: string): void {
  const bare = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, " ");
  if (bare.includes("::")) throw new QueryError("SYNTAX_ERROR: mismatched input '::'. Write CAST(value AS type)");
  if (/^\s*from\b/i.test(bare)) throw new QueryError("SYNTAX_ERROR: mismatched input 'FROM'. Expecting: <query>");
  if (bare.includes("`"))
    throw new QueryError("SYNTAX_ERROR: backquoted identifiers are not supported; use double quotes");
}

function nameOf(node: Tree, database: string | undefined): TableName {
  const catalog = String(node.catalog_name);
  if (catalog !== "") throw notCarried(`a table with its catalog (${catalog})`);
  const schema = String(node.schema_name || (database ?? "")).toLowerCase();
  if (schema === "")
    throw new QueryError(`SYNTAX_ERROR: Schema must be specified when session schema is not set (${node.table_name})`);
  return { database: schema, name: String(node.table_name).toLowerCase() };
}

export function walk(tree: Tree, visit: (tree: Tree) => void): void {
  if (typeof tree !== "object" || tree === null) return;
  visit(tree);
  // Under "value" of a constant stands a literal.
  for (const [key, child] of Object.entries(tree))
    if (!(key === "value" && tree.class === "CONSTANT")) walk(child, visit);
}

function check(node: Tree): void {
  if (node.class !== undefined) checkExpression(node);
  else if (node.cte_map !== undefined) checkNode(node);
  else if ("sample" in node && "alias" in node) checkSource(node);
}

function checkExpression(node: Tree): void {
  if (!CLASSES.has(node.class)) throw notCarried(`an expression of the kind ${node.class}`);
  switch (node.class) {
    case "FUNCTION":
      if (!FUNCTIONS.has(node.function_name)) throw notCarried(`function ${node.function_name.toUpperCase()}`);
      return;
    case "WINDOW":
      if (!WINDOWS.has(node.function_name) && !FUNCTIONS.has(node.function_name)) {
        throw notCarried(`window function ${node.function_name.toUpperCase()}`);
      }
      return;
    case "OPERATOR":
      if (!OPERATORS.has(node.type)) throw notCarried(`the operator ${node.type}`);
      return;
    case "CAST":
      // Rounding and the text of numbers differ between the engines; that of a literal (DATE '2026-01-01', TRUE) does not.
      if (node.cast_type.id !== "DOUBLE" && node.child.class !== "CONSTANT") {
        throw notCarried(`CAST to ${node.cast_type.id} of what is no literal`);
      }
      return;
    case "STAR":
      if (node.exclude_list.length + node.replace_list.length + node.rename_list.length > 0 || node.columns) {
        throw notCarried("* with EXCLUDE, REPLACE or RENAME");
      }
  }
}

function checkNode(node: Tree): void {
  if (!NODES.has(node.type)) throw notCarried(String(node.type).replaceAll("_", " "));
  if (node.setop_type !== undefined && !SET_OPERATIONS.has(node.setop_type)) throw notCarried(node.setop_type);
  if (node.aggregate_handling === "FORCE_AGGREGATES") throw notCarried("GROUP BY ALL");
  if (node.qualify) throw notCarried("QUALIFY");
  if (node.sample) throw notCarried("a sample");
  for (const modifier of node.modifiers ?? []) {
    if (modifier.type === "LIMIT_PERCENT_MODIFIER") throw notCarried("LIMIT in per cent");
    if (modifier.distinct_on_targets?.length > 0) throw notCarried("DISTINCT ON");
  }
}

function checkSource(node: Tree): void {
  if (!SOURCES.has(node.type)) throw notCarried(`FROM a ${String(node.type).toLowerCase().replaceAll("_", " ")}`);
  if (node.sample) throw notCarried("TABLESAMPLE");
  if (node.type === "JOIN" && !["REGULAR", "CROSS"].includes(node.ref_type)) throw notCarried(`${node.ref_type} JOIN`);
}
