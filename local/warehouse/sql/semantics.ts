import type { DuckDBConnection } from "@duckdb/node-api";
import { rows } from "../access/catalogue";
import { tablesRead } from "../access/tables-read";
import { SYSTEM } from "../system-views";
import { quoteString } from "./tokens";
import { parseTree, printTree, visit } from "./tree";

/**
 * Where the engine would take a query's text and mean something else than Redshift, puts other text for it:
 *
 * - On SUPER values Redshift is lax unless told otherwise (`cast_super_null_on_error`,
 *   https://docs.aws.amazon.com/redshift/latest/dg/super-configurations.html): a cast, a comparison or an operator on a value that does not have the
 *   type for it gives NULL, where the engine would fail. The engine navigates lax by itself. A SUPER value is known by the name of its
 *   column; where it goes through a subquery under a computed name the engine's error stays.
 * - A division by zero is an error, not the engine's NULL.
 *
 * Queries with neither stay as they are.
 */
export async function withSemantics(connection: DuckDBConnection, query: string): Promise<string> {
  const names = await superColumns(connection, query);
  if (names.size === 0 && !/variant|super_parse|[/%]/i.test(query)) return query;
  const [row] = await rows(connection, `SELECT json_serialize_sql(${quoteString(query)})`);
  const tree = parseTree(String(row?.[0])) as { error: boolean; statements?: { node: Node }[] };
  if (tree.error || !tree.statements) return query;
  const rewriting = new Semantics(names);
  rewriting.learn(tree.statements);
  for (const statement of tree.statements) {
    rewriting.label(statement.node);
    rewriting.rewrite(statement);
  }
  if (rewriting.changes === 0) return query;
  const [made] = await rows(connection, "SELECT json_deserialize_sql(CAST($1 AS JSON))", printTree(tree));
  return String(made?.[0]);
}

async function superColumns(connection: DuckDBConnection, query: string): Promise<Set<string>> {
  const tables = [...new Set((await tablesRead(connection, query)).map((table) => table.name))];
  if (tables.length === 0) return new Set();
  const list = tables.map(quoteString).join(", ");
  const found = await rows(
    connection,
    `SELECT DISTINCT lower(column_name) FROM duckdb_columns() WHERE data_type = 'VARIANT' AND lower(table_name) IN (${list})`,
  );
  return new Set(found.map(([name]) => String(name)));
}

/** Of a cast: `UNBOUND` is a type that stands as it was written, which is how the engine reads it in a file's own catalogue. */
interface CastType {
  id?: string;
  type_info?: { expr?: { type_name?: string } } | null;
}

/** A node of the engine's parse tree. */
interface Node {
  class?: string;
  type?: string;
  alias?: string;
  children?: Node[];
  child?: Node;
  left?: Node;
  right?: Node;
  input?: Node;
  lower?: Node;
  upper?: Node;
  column_names?: string[];
  select_list?: Node[];
  function_name?: string;
  is_operator?: boolean;
  cast_type?: CastType;
  value?: { value?: unknown };
  [key: string]: unknown;
}

class Semantics {
  changes = 0;

  constructor(private readonly names: Set<string>) {}

  /** Finds the names that SUPER values go by in this query: those of expressions, which elements of an array in FROM are too. */
  learn(tree: unknown): void {
    for (let before = -1; before !== this.names.size; ) {
      before = this.names.size;
      visit<Node>(tree, (node) => {
        if (node.class && node.alias && this.isSuper(node)) this.names.add(node.alias.toLowerCase());
      });
    }
  }

  /** Names the columns that navigate by the last name of the path, as Redshift does. */
  label(node: Node): void {
    for (const item of node.select_list ?? []) {
      if (item.alias) continue;
      // Redshift's name for what has none.
      if (item.class === "FUNCTION" && item.is_operator === true) item.alias = "?column?";
      const path = item.class === "CAST" ? item.child : item;
      const name = path && this.isSuper(path) ? lastName(path) : undefined;
      if (!name) continue;
      item.alias = name;
      this.changes++;
    }
  }

  rewrite(value: unknown): void {
    if (Array.isArray(value)) {
      for (const [i, child] of value.entries()) {
        this.rewrite(child);
        value[i] = this.wrapped(child);
      }
    } else if (typeof value === "object" && value !== null) {
      const record = value as Record<string, unknown>;
      for (const [key, child] of Object.entries(record)) {
        this.rewrite(child);
        record[key] = this.wrapped(child);
      }
    }
  }

  private wrapped(value: unknown): unknown {
    const node = value as Node | null;
    if (node?.class === "FUNCTION" && divides(node)) {
      this.changes++;
      return {
        ...node,
        schema: SYSTEM,
        function_name: node.function_name === "/" ? "divide" : "modulo",
        is_operator: false,
      };
    }
    if (typeof node !== "object" || node === null || !this.mayFail(node) || hasSubquery(node)) return value;
    this.changes++;
    // The engine's TRY lets some failed casts from VARIANT through; its TRY_CAST does not.
    if (node.class === "CAST") return { ...node, try_cast: true };
    const { alias = "" } = node;
    return {
      class: "OPERATOR",
      type: "OPERATOR_TRY",
      alias,
      query_location: 0,
      children: [{ ...node, alias: "" }],
    };
  }

  private mayFail(node: Node): boolean {
    const on = (...parts: (Node | undefined)[]) => parts.some((part) => part !== undefined && this.isSuper(part));
    switch (node.class) {
      case "CAST":
        return !toSuper(node) && on(node.child);
      case "COMPARISON":
        return on(node.left, node.right);
      case "BETWEEN":
        return on(node.input, node.lower, node.upper);
      case "FUNCTION":
        return node.is_operator === true && on(...(node.children ?? []));
      case "OPERATOR":
        return (node.type === "COMPARE_IN" || node.type === "COMPARE_NOT_IN") && on(...(node.children ?? []));
    }
    return false;
  }

  private isSuper(node: Node): boolean {
    switch (node.class) {
      case "COLUMN_REF":
        return (node.column_names ?? []).some((name) => this.names.has(name.toLowerCase()));
      case "CAST":
        return toSuper(node);
      case "FUNCTION":
        return node.function_name === "super_parse";
      case "OPERATOR":
        return (node.type === "STRUCT_EXTRACT" || node.type === "ARRAY_EXTRACT") && this.isSuper(node.children![0]!);
    }
    return false;
  }
}

/** A cast to SUPER. */
function toSuper({ cast_type: type }: Node): boolean {
  return (type?.id === "UNBOUND" ? type.type_info?.expr?.type_name : type?.id)?.toUpperCase() === "VARIANT";
}

/** A division by what may be zero. */
function divides(node: Node): boolean {
  if (node.is_operator !== true || (node.function_name !== "/" && node.function_name !== "%")) return false;
  const by = node.children?.[1];
  if (by?.class === "CONSTANT") return Number((by.value as { value?: unknown } | undefined)?.value) === 0;
  return by?.function_name !== "nullif";
}

function lastName(node: Node): string | undefined {
  if (node.class === "COLUMN_REF") return node.column_names?.at(-1);
  if (node.class !== "OPERATOR") return undefined;
  const [of, by] = node.children ?? [];
  return node.type === "STRUCT_EXTRACT" ? String(by?.value?.value) : of && lastName(of);
}

/** The engine's TRY does not go around a subquery. */
function hasSubquery(node: Node): boolean {
  let found = false;
  visit<Node>(node, (inner) => {
    if (inner.class === "SUBQUERY") found = true;
  });
  return found;
}
