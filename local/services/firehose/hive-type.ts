/** The types of a Glue table's columns: https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
export type HiveType =
  | { readonly kind: "integer"; readonly name: "tinyint" | "smallint" | "int" | "bigint"; readonly bits: number }
  | { readonly kind: "real"; readonly name: "float" | "double" }
  | { readonly kind: "boolean" | "text" | "date" | "timestamp" }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "array"; readonly of: HiveType }
  | { readonly kind: "map"; readonly key: HiveType; readonly value: HiveType }
  | { readonly kind: "struct"; readonly fields: readonly Column[] };

export interface Column {
  /** Lower case, as Glue keeps it. */
  readonly name: string;
  readonly type: HiveType;
}

const SIMPLE: Readonly<Record<string, HiveType>> = {
  tinyint: { kind: "integer", name: "tinyint", bits: 8 },
  smallint: { kind: "integer", name: "smallint", bits: 16 },
  int: { kind: "integer", name: "int", bits: 32 },
  integer: { kind: "integer", name: "int", bits: 32 },
  bigint: { kind: "integer", name: "bigint", bits: 64 },
  float: { kind: "real", name: "float" },
  double: { kind: "real", name: "double" },
  boolean: { kind: "boolean" },
  string: { kind: "text" },
  date: { kind: "date" },
  timestamp: { kind: "timestamp" },
};

/** Reads a type as Glue writes it. @throws Error that names the type when it is not one of these */
export function parseHiveType(text: string): HiveType {
  const bare = text.replace(/\s+/g, "").toLowerCase();
  const simple = Object.hasOwn(SIMPLE, bare) ? SIMPLE[bare] : undefined;
  if (simple) return simple;
  if (/^(varchar|char)\(\d+\)$/.test(bare)) return { kind: "text" };
  const decimal = /^decimal(?:\((\d+)(?:,(\d+))?\))?$/.exec(bare);
  if (decimal) return { kind: "decimal", precision: Number(decimal[1] ?? 10), scale: Number(decimal[2] ?? 0) };
  const nested = /^(array|map|struct)<(.*)>$/.exec(bare);
  const parts = nested ? splitAtTop(nested[2]!, ",") : [];
  if (nested?.[1] === "array" && parts.length === 1) return { kind: "array", of: parseHiveType(parts[0]!) };
  if (nested?.[1] === "map" && parts.length === 2) {
    return { kind: "map", key: parseHiveType(parts[0]!), value: parseHiveType(parts[1]!) };
  }
  if (nested?.[1] === "struct" && parts.length > 0) return { kind: "struct", fields: parts.map(parseField) };
  throw new Error(`The local AWS does not carry the column type ${text}`);
}

function parseField(text: string): Column {
  const colon = text.indexOf(":");
  if (colon < 1) throw new Error(`The local AWS does not carry the struct field ${text}`);
  return { name: text.slice(0, colon), type: parseHiveType(text.slice(colon + 1)) };
}

function splitAtTop(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === "<" || char === "(") depth++;
    else if (char === ">" || char === ")") depth--;
    else if (char === separator && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}

const DUCKDB: Readonly<Record<string, string>> = {
  tinyint: "TINYINT",
  smallint: "SMALLINT",
  int: "INTEGER",
  bigint: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
};

/** The same type in DuckDB's words. */
export function duckdbType(type: HiveType): string {
  switch (type.kind) {
    case "integer":
    case "real":
      return DUCKDB[type.name]!;
    case "boolean":
      return "BOOLEAN";
    case "text":
      return "VARCHAR";
    case "date":
      return "DATE";
    case "timestamp":
      return "TIMESTAMP";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "array":
      return `${duckdbType(type.of)}[]`;
    case "map":
      return `MAP(${duckdbType(type.key)}, ${duckdbType(type.value)})`;
    case "struct":
      return `STRUCT(${type.fields.map(({ name, type: of }) => `"${name.replaceAll('"', '""')}" ${duckdbType(of)}`).join(", ")})`;
  }
}
