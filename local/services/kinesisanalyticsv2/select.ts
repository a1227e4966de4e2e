import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { JobError } from "./errors";
import type { Row } from "./json";
import type { Column, ScalarType, Table, Type } from "./table";

/** Functions that mean the same in Flink and in DuckDB, NULLs included. */
const FUNCTIONS = ["abs", "lower", "upper", "trim", "+", "-", "*", "/", "%", "~~", "!~~"];
const DUCKDB: Readonly<Record<ScalarType, string>> = {
  DOUBLE: "DOUBLE",
  INT: "INTEGER",
  BIGINT: "BIGINT",
  STRING: "VARCHAR",
  BOOLEAN: "BOOLEAN",
};
/** Of a result column. A DECIMAL comes of a literal such as 1.5; its text is the same in both. */
const RESULT_TYPES: Readonly<Record<string, ScalarType>> = {
  DOUBLE: "DOUBLE",
  INTEGER: "INT",
  BIGINT: "BIGINT",
  VARCHAR: "STRING",
  BOOLEAN: "BOOLEAN",
};

/** A SELECT of one table, applied to batches of its rows. Embedded DuckDB evaluates it. */
export class Select {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly table: Table,
    private readonly sql: string,
    /** Columns of the result. */
    readonly types: Readonly<Record<string, ScalarType>>,
  ) {}

  /** @throws JobError for a SELECT that cannot be evaluated batch by batch, or that the two engines may read differently. */
  static async open(select: string, table: Table): Promise<Select> {
    const sql = select.replace(/'[^']*'|`([^`]*)`/g, (all, name?: string) => (name === undefined ? all : `"${name}"`));
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    try {
      // Flink divides whole numbers to whole numbers.
      await connection.run("SET integer_division = true");
      await checkRowWise(connection, sql, table);
      await connection.run(`CREATE TABLE ${quoted(table.name)} (${table.columns.map(definition).join(", ")})`);
      return new Select(instance, connection, table, sql, await resultTypes(connection, sql));
    } catch (error) {
      connection.closeSync();
      instance.closeSync();
      if (error instanceof JobError) throw error;
      throw new JobError(`the SELECT is not understood: ${(error as Error).message}`);
    }
  }

  async rows(batch: readonly Row[]): Promise<Row[]> {
    if (batch.length === 0) return [];
    const name = quoted(this.table.name);
    await this.connection.run(`DELETE FROM ${name}`);
    await this.connection.run(
      `INSERT INTO ${name} SELECT r.* FROM (SELECT unnest(from_json($1::JSON, '${structure(this.table).replaceAll("'", "''")}')) AS r)`,
      [JSON.stringify(batch, withEveryNumber)],
    );
    const result = await this.connection.runAndReadAll(this.sql);
    return result.getRowObjects() as Row[];
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/** JSON has no infinity and JSON.stringify drops the sign of zero; DuckDB reads both from text. */
const withEveryNumber = (_: string, value: unknown) =>
  value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
    ? String(value)
    : Object.is(value, -0)
      ? "-0.0"
      : value;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const duckType = (type: Type): string =>
  typeof type === "string" ? DUCKDB[type] : `STRUCT(${type.map(definition).join(", ")})`;
const definition = (column: Column) => `${quoted(column.name)} ${duckType(column.type)}`;

/** What `from_json` makes of a batch: a list of structs. */
function structure(table: Table): string {
  const shape = (type: Type): unknown =>
    typeof type === "string" ? DUCKDB[type] : Object.fromEntries(type.map((c) => [c.name, shape(c.type)]));
  return JSON.stringify([shape(table.columns)]);
}

async function resultTypes(connection: DuckDBConnection, sql: string): Promise<Record<string, ScalarType>> {
  const statement = await connection.prepare(sql);
  const types: Record<string, ScalarType> = {};
  for (let i = 0; i < statement.columnCount; i++) {
    const name = statement.columnName(i);
    const type = String(statement.columnType(i));
    const known = type.startsWith("DECIMAL") ? "STRING" : RESULT_TYPES[type];
    if (!known) {
      const allowed = [...Object.keys(RESULT_TYPES), "DECIMAL"].join(", ");
      throw new JobError(`column ${name} of the SELECT has type ${type}; the local evaluation writes ${allowed}`);
    }
    types[name] = known;
  }
  return types;
}

// biome-ignore lint/suspicious/noExplicitAny: DuckDB's serialized syntax tree
type Tree = any;

/** Refuses by name what needs more than the row at hand, and what DuckDB might read in another way than Flink. */
async function checkRowWise(connection: DuckDBConnection, sql: string, table: Table): Promise<void> {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
  const parsed: Tree = JSON.parse(String(reader.getRows()[0]?.[0]));
  if (parsed.error) throw new JobError(`the SELECT is not understood: ${parsed.error_message}`);
  const node: Tree = parsed.statements[0]?.node;
  const refuse = (what: string): never => {
    throw new JobError(
      `the SELECT has ${what}; the local evaluation works batch by batch and takes only what needs one row at a time: SELECT expressions FROM ${table.name} WHERE condition`,
    );
  };
  if (parsed.statements.length !== 1 || node?.type !== "SELECT_NODE") refuse("more than one SELECT");
  if (node.cte_map?.map?.length > 0) refuse("WITH");
  for (const modifier of node.modifiers)
    refuse(String(modifier.type).replace("_MODIFIER", "").replace("ORDER", "ORDER BY"));
  if (node.group_expressions.length > 0 || node.aggregate_handling !== "STANDARD_HANDLING") refuse("GROUP BY");
  if (node.having) refuse("HAVING");
  if (node.qualify) refuse("QUALIFY");
  if (node.sample || node.from_table.sample) refuse("a sample");
  if (node.from_table.type !== "BASE_TABLE") refuse(FROM_NAMES[node.from_table.type] ?? node.from_table.type);
  if (node.from_table.table_name !== table.name) refuse(`FROM ${node.from_table.table_name}`);
  walk([node.select_list, node.where_clause], (tree) => {
    checkExpression(tree, refuse);
    if (tree.class === "COLUMN_REF") checkColumn(tree.column_names, table, node.from_table.alias || table.name);
  });
}

const FROM_NAMES: Readonly<Record<string, string>> = {
  JOIN: "a join",
  SUBQUERY: "a subquery",
  TABLE_FUNCTION: "a table function (a window is one)",
  EMPTY_FROM: "no FROM",
};

function walk(tree: Tree, visit: (tree: Tree) => void): void {
  if (typeof tree !== "object" || tree === null) return;
  visit(tree);
  // Under "value" stands a literal.
  for (const [key, child] of Object.entries(tree)) if (key !== "value") walk(child, visit);
}

function checkExpression(tree: Tree, refuse: (what: string) => never): void {
  if (tree.class === "WINDOW") refuse(`window function ${tree.function_name.toUpperCase()}`);
  if (tree.class === "SUBQUERY") refuse("a subquery");
  if (tree.class === "CAST" && !isConstant(tree.child)) {
    refuse("CAST, whose text and rounding differ between the engines");
  }
  if (tree.class === "FUNCTION" && !FUNCTIONS.includes(tree.function_name)) {
    refuse(`function ${tree.function_name.toUpperCase()} (an aggregate, or one not known to be the same in Flink)`);
  }
}

/** TRUE and FALSE are casts of a literal to DuckDB. */
const isConstant = (tree: Tree) => tree?.class === "CONSTANT";

/** Flink minds upper and lower case, DuckDB does not. */
function checkColumn(path: readonly string[], table: Table, alias: string): void {
  const fields = path.length > 1 && path[0] === alias ? path.slice(1) : path;
  let type: Type = table.columns;
  for (const field of fields) {
    const columns: readonly Column[] = typeof type === "string" ? [] : type;
    const column = columns.find(({ name }) => name === field);
    if (!column) {
      const known = columns.map(({ name }) => name).join(", ") || "no fields";
      throw new JobError(`the SELECT names column ${path.join(".")}; at ${field} there is ${known}`);
    }
    type = column.type;
  }
}
