import { notCarried, QueryError } from "./errors";

/** A column's type as Glue holds it (`double`, `struct<a:int,b:double>`): https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
export type HiveType =
  | { readonly kind: Scalar }
  | { readonly kind: "struct"; readonly fields: readonly HiveColumn[] }
  | { readonly kind: "array"; readonly of: HiveType };

export interface HiveColumn {
  /** Lower case, as Athena has it. */
  readonly name: string;
  readonly type: HiveType;
}

export type Scalar = keyof typeof DUCKDB;

const DUCKDB = {
  boolean: "BOOLEAN",
  tinyint: "TINYINT",
  smallint: "SMALLINT",
  int: "INTEGER",
  bigint: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  string: "VARCHAR",
} as const;

/** @throws QueryError for a type that is none, or that this service does not know */
export function parseHiveType(text: string): HiveType {
  const rest = { text: text.replace(/\s+/g, "").toLowerCase() };
  const type = read(rest, text);
  if (rest.text !== "") throw new QueryError(`the column type ${text} is not understood at ${rest.text}`);
  return type;
}

function read(rest: { text: string }, whole: string): HiveType {
  const name = /^[a-z]+/.exec(rest.text)?.[0] ?? "";
  rest.text = rest.text.slice(name.length);
  if (name === "array") {
    take(rest, "<", whole);
    const of = read(rest, whole);
    take(rest, ">", whole);
    return { kind: "array", of };
  }
  if (name === "struct") {
    take(rest, "<", whole);
    const fields: HiveColumn[] = [];
    do {
      const field = /^([a-z0-9_]+):/.exec(rest.text);
      if (!field) throw new QueryError(`the column type ${whole} is not understood at ${rest.text}`);
      rest.text = rest.text.slice(field[0].length);
      fields.push({ name: field[1]!, type: read(rest, whole) });
    } while (optional(rest, ","));
    take(rest, ">", whole);
    return { kind: "struct", fields };
  }
  const kind = name === "integer" ? "int" : name;
  if (!Object.hasOwn(DUCKDB, kind) || rest.text.startsWith("(")) throw notCarried(`the column type ${whole}`);
  return { kind: kind as Scalar };
}

function optional(rest: { text: string }, sign: string): boolean {
  if (!rest.text.startsWith(sign)) return false;
  rest.text = rest.text.slice(1);
  return true;
}

function take(rest: { text: string }, sign: string, whole: string): void {
  if (!optional(rest, sign)) throw new QueryError(`the column type ${whole} is not understood: ${sign} is missing`);
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

export const duckType = (type: HiveType): string =>
  type.kind === "struct"
    ? `STRUCT(${type.fields.map(({ name, type: inner }) => `${quoted(name)} ${duckType(inner)}`).join(", ")})`
    : type.kind === "array"
      ? `${duckType(type.of)}[]`
      : DUCKDB[type.kind];

/** What DuckDB's `from_json` makes of a value of the type. */
export const jsonShape = (type: HiveType): unknown =>
  type.kind === "struct"
    ? Object.fromEntries(type.fields.map(({ name, type: inner }) => [name, jsonShape(inner)]))
    : type.kind === "array"
      ? [jsonShape(type.of)]
      : DUCKDB[type.kind];

/** A value that is not of its column's type. */
export class BadData extends Error {}

const INTEGERS: Readonly<Partial<Record<Scalar, readonly [bigint, bigint]>>> = {
  tinyint: [-128n, 127n],
  smallint: [-32_768n, 32_767n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/**
 * Text of a number or a boolean as its column's value, for DuckDB's `from_json`. Whole numbers and doubles that JSON cannot write stay
 * text there. @throws BadData
 */
export function scalarOf(text: string, kind: Scalar): unknown {
  if (kind === "string") return text;
  if (kind === "boolean") {
    const lower = text.toLowerCase();
    if (lower !== "true" && lower !== "false") throw new BadData();
    return lower === "true";
  }
  const limits = INTEGERS[kind];
  if (limits) {
    if (!/^[-+]?\d+$/.test(text)) throw new BadData();
    const value = BigInt(text.replace(/^\+/, ""));
    if (value < limits[0] || value > limits[1]) throw new BadData();
    return String(value);
  }
  if (!/^[-+]?((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|Infinity|NaN)$/i.test(text)) throw new BadData();
  // As text: JSON has no infinity, and JSON.stringify drops the sign of zero.
  return text.replace(/^\+/, "");
}
