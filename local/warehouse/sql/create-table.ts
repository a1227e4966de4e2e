import { notCarried, SqlError, syntaxError } from "../errors";
import { type Cursor, spaced, type TableName } from "./cursor";
import { quoteName, render } from "./tokens";
import { type ColumnType, engineType, lengthCheck, readType } from "./types";

export interface CreateTable {
  readonly table: TableName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  /** Distribution and sort keys: kept for the catalogue views, and otherwise of no effect. */
  readonly keys: { readonly diststyle: string; readonly distkey?: string; readonly sortkey: readonly string[] };
  /** The query of CREATE TABLE AS, in the engine's words. */
  readonly query?: string;
  /** IDENTITY columns need a sequence each. */
  readonly identities: readonly { readonly column: string; readonly seed: number; readonly step: number }[];
  /** What the engine runs; identity sequences are named by `sequenceName`. */
  readonly engineSql: string;
  /** LIKE: the columns are those of another table, which only the run can look at; `engineSql` is the statement up to them. */
  readonly like?: { readonly table: TableName; readonly defaults: boolean };
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly sql: string;
  readonly notNull: boolean;
  readonly default?: string;
  readonly identity?: { readonly seed: number; readonly step: number };
  readonly distkey: boolean;
  readonly sortkey: boolean;
}

/** Column constraints and attributes by https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html */
export function readColumn(cursor: Cursor, table: TableName): Column {
  const name = cursor.name();
  const quoted = quoteName(name);
  const type = readType(cursor);
  let notNull = false;
  let byDefault: string | undefined;
  let identity: Column["identity"];
  let distkey = false;
  let sortkey = false;
  for (;;) {
    if (cursor.accept("not", "null")) notNull = true;
    else if (cursor.accept("null")) notNull = false;
    else if (cursor.accept("default")) byDefault = readDefault(cursor);
    else if (cursor.accept("identity")) identity = readIdentity(cursor);
    else if (cursor.accept("generated")) {
      if (!cursor.accept("by", "default")) cursor.expect("always");
      cursor.expect("as", "identity");
      identity = readIdentity(cursor);
    } else if (cursor.accept("encode")) cursor.name();
    else if (cursor.accept("distkey")) distkey = true;
    else if (cursor.accept("sortkey")) sortkey = true;
    else if (cursor.accept("primary", "key")) notNull = true;
    else if (cursor.accept("unique")) continue;
    else if (cursor.accept("references")) readReference(cursor);
    else if (cursor.accept("collate")) cursor.name();
    else break;
  }
  if (identity && type.kind !== "int4" && type.kind !== "int8") {
    throw new SqlError(`identity column "${name}" must be INT or BIGINT`, "42601");
  }
  const value = identity ? `nextval('${sequenceName(table, name)}')` : byDefault;
  const sql =
    `${quoted} ${engineType(type)}` +
    (value ? ` DEFAULT ${value}` : "") +
    (notNull || identity ? " NOT NULL" : "") +
    lengthCheck(quoted, type);
  return { name, type, sql, notNull, default: value, identity, distkey, sortkey };
}

/** Identity sequences live in the hidden schema, with names that hold no quote. */
export function sequenceName(table: TableName, column: string): string {
  const safe = [table.schema, table.name, column].map((part) => Buffer.from(part).toString("hex")).join("_");
  return `redstream_catalog.identity_${safe}`;
}

function readIdentity(cursor: Cursor): { seed: number; step: number } {
  cursor.expectSymbol("(");
  const seed = cursor.integer("IDENTITY seed");
  cursor.expectSymbol(",");
  const step = cursor.integer("IDENTITY step");
  cursor.expectSymbol(")");
  if (step < 1) throw notCarried(`IDENTITY step ${step}`);
  return { seed, step };
}

const AFTER_DEFAULT = [
  "not",
  "null",
  "encode",
  "distkey",
  "sortkey",
  "primary",
  "unique",
  "references",
  "identity",
  "collate",
];

function readDefault(cursor: Cursor): string {
  const expression = [];
  let depth = 0;
  for (let token = cursor.peek(); token; token = cursor.peek()) {
    if (depth === 0 && token.kind === "symbol" && (token.text === "," || token.text === ")")) break;
    const nullFirst = token.value === "null" && expression.length === 0;
    if (depth === 0 && token.kind === "word" && AFTER_DEFAULT.includes(token.value) && !nullFirst) break;
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    expression.push(cursor.next());
  }
  if (expression.length === 0) throw syntaxError(cursor.peek()?.text);
  const sql = render(spaced(expression));
  return sql === "sysdate" ? "getdate()" : sql;
}

function readReference(cursor: Cursor): void {
  cursor.name();
  while (cursor.acceptSymbol(".")) cursor.name();
  if (cursor.peek()?.text === "(") cursor.nameList();
}

/** Reads on from after CREATE [TEMP] TABLE. */
export function readCreateTable(cursor: Cursor, database: string, temporary: boolean): CreateTable {
  const ifNotExists = cursor.accept("if", "not", "exists");
  const table = cursor.table(database);
  const target = temporary ? quoteName(table.name) : `${quoteName(table.schema)}.${quoteName(table.name)}`;
  const head = `CREATE ${temporary ? "TEMP " : ""}TABLE ${ifNotExists ? "IF NOT EXISTS " : ""}${target}`;
  const columns: Column[] = [];
  let names: string[] | undefined;
  let like: CreateTable["like"];
  if (cursor.peek()?.text === "(") {
    const start = cursor.position;
    if (isNameList(cursor)) names = cursor.nameList();
    else {
      cursor.position = start + 1;
      do {
        if (readTableConstraint(cursor)) continue;
        if (cursor.accept("like")) {
          const table = cursor.table(database);
          const defaults = cursor.accept("including", "defaults");
          if (!defaults) cursor.accept("excluding", "defaults");
          like = { table, defaults };
        } else columns.push(readColumn(cursor, table));
      } while (cursor.acceptSymbol(","));
      cursor.expectSymbol(")");
    }
  }
  const keys = readAttributes(cursor, columns);
  if (like && columns.length > 0) throw notCarried("LIKE beside column definitions");
  if (cursor.accept("as")) {
    if (columns.length > 0) throw syntaxError("as");
    const query = render(spaced(cursor.rest()));
    const renamed = names ? ` SELECT * FROM (${query}) AS q(${names.map(quoteName).join(", ")})` : ` ${query}`;
    return { table, temporary, ifNotExists, keys, query, identities: [], engineSql: `${head} AS${renamed}` };
  }
  cursor.end();
  if (names) throw syntaxError(")");
  if (like) return { table, temporary, ifNotExists, keys, like, identities: [], engineSql: head };
  if (columns.length === 0) throw syntaxError(undefined);
  const identities = columns.flatMap((column) =>
    column.identity ? [{ column: column.name, ...column.identity }] : [],
  );
  return {
    table,
    temporary,
    ifNotExists,
    keys,
    identities,
    engineSql: `${head} (${columns.map((column) => column.sql).join(", ")})`,
  };
}

/** `(a, b)` before AS holds names only, a column definition always a type. */
function isNameList(cursor: Cursor): boolean {
  const after = cursor.peek(2)?.text;
  return after === "," || after === ")";
}

/** PRIMARY KEY, UNIQUE and FOREIGN KEY are information for the planner: accepted, never enforced. */
function readTableConstraint(cursor: Cursor): boolean {
  if (cursor.accept("constraint")) cursor.name();
  if (cursor.accept("primary", "key") || cursor.accept("unique")) {
    cursor.nameList();
    return true;
  }
  if (cursor.accept("foreign", "key")) {
    cursor.nameList();
    cursor.expect("references");
    readReference(cursor);
    return true;
  }
  return false;
}

function readAttributes(cursor: Cursor, columns: readonly Column[]): CreateTable["keys"] {
  let diststyle = "AUTO";
  let distkey = columns.find((column) => column.distkey)?.name;
  let sortkey = columns.filter((column) => column.sortkey).map((column) => column.name);
  if (distkey) diststyle = "KEY";
  for (;;) {
    if (cursor.accept("backup")) {
      if (!cursor.accept("yes")) cursor.expect("no");
    } else if (cursor.accept("diststyle")) {
      const style = cursor.name().toUpperCase();
      if (!["AUTO", "EVEN", "KEY", "ALL"].includes(style)) throw syntaxError(style.toLowerCase());
      diststyle = style;
    } else if (cursor.accept("distkey")) {
      [distkey] = cursor.nameList();
      diststyle = "KEY";
    } else if (cursor.accept("sortkey", "auto")) sortkey = [];
    else if (cursor.accept("encode", "auto")) continue;
    else {
      if (cursor.accept("compound") || cursor.accept("interleaved")) {
        cursor.expect("sortkey");
        sortkey = cursor.nameList();
      } else if (cursor.accept("sortkey")) sortkey = cursor.peek()?.text === "(" ? cursor.nameList() : [cursor.name()];
      else break;
    }
  }
  if (diststyle === "KEY" && !distkey) throw new SqlError("DISTSTYLE KEY needs a DISTKEY column", "42601");
  for (const key of [...(distkey ? [distkey] : []), ...sortkey]) {
    if (columns.find((column) => column.name === key)?.type.kind === "super")
      throw new SqlError(`column "${key}" of type SUPER cannot be a distribution or sort key`, "0A000");
    if (columns.length > 0 && !columns.some((column) => column.name === key)) {
      throw new SqlError(`column "${key}" named in key does not exist`, "42703");
    }
  }
  return { diststyle, ...(distkey ? { distkey } : {}), sortkey };
}
