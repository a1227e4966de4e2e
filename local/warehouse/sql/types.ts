import { notCarried, SqlError, syntaxError } from "../errors";
import type { Cursor } from "./cursor";

/** A Redshift column type. `length` in bytes, for character types. */
export interface ColumnType {
  readonly kind:
    | "int2"
    | "int4"
    | "int8"
    | "float4"
    | "float8"
    | "bool"
    | "date"
    | "timestamp"
    | "timestamptz"
    | "numeric"
    | "varchar"
    | "bpchar"
    | "super";
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
}

/** Type names of one word, by https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html */
const SIMPLE: Readonly<Record<string, ColumnType["kind"]>> = {
  smallint: "int2",
  int2: "int2",
  integer: "int4",
  int: "int4",
  int4: "int4",
  bigint: "int8",
  int8: "int8",
  real: "float4",
  float4: "float4",
  float8: "float8",
  float: "float8",
  boolean: "bool",
  bool: "bool",
  date: "date",
  timestamptz: "timestamptz",
  super: "super",
};

const NOT_YET = ["geometry", "geography", "hllsketch", "varbyte", "varbinary", "time", "timetz", "interval"];

const MAX_BYTES = { varchar: 65535, bpchar: 4096 } as const;
const DEFAULT_BYTES = { varchar: 256, bpchar: 1 } as const;

/**
 * Reads a type at the cursor: aliases folded, VARCHAR without a length 256, CHAR 1, NUMERIC (18,0), as Redshift has it.
 *
 * @throws SqlError for an unknown type, a type not carried, a length out of its range
 */
export function readType(cursor: Cursor): ColumnType {
  const word = cursor.name();
  const simple = SIMPLE[word];
  if (simple) return { kind: simple };
  switch (word) {
    case "double":
      cursor.expect("precision");
      return { kind: "float8" };
    case "timestamp": {
      if (cursor.accept("with", "time", "zone")) return { kind: "timestamptz" };
      cursor.accept("without", "time", "zone");
      return { kind: "timestamp" };
    }
    case "numeric":
    case "decimal":
      return readNumeric(cursor);
    case "varchar":
    case "nvarchar":
      return readCharacter(cursor, "varchar");
    case "text":
      return { kind: "varchar", length: DEFAULT_BYTES.varchar };
    case "bpchar":
      return { kind: "bpchar", length: 256 };
    case "char":
    case "nchar":
    case "character":
      return readCharacter(cursor, cursor.accept("varying") ? "varchar" : "bpchar");
  }
  if (NOT_YET.includes(word)) throw notCarried(`type ${word}`);
  throw new SqlError(`type "${word}" does not exist`, "42704");
}

function readNumeric(cursor: Cursor): ColumnType {
  if (!cursor.acceptSymbol("(")) return { kind: "numeric", precision: 18, scale: 0 };
  const precision = cursor.integer("precision");
  const scale = cursor.acceptSymbol(",") ? cursor.integer("scale") : 0;
  cursor.expectSymbol(")");
  if (precision < 1 || precision > 38)
    throw new SqlError(`NUMERIC precision ${precision} must be between 1 and 38`, "22023");
  if (scale > precision)
    throw new SqlError(`NUMERIC scale ${scale} must be between 0 and precision ${precision}`, "22023");
  return { kind: "numeric", precision, scale };
}

function readCharacter(cursor: Cursor, kind: "varchar" | "bpchar"): ColumnType {
  const type = kind === "varchar" ? "varchar" : "char";
  if (!cursor.acceptSymbol("(")) return { kind, length: DEFAULT_BYTES[kind] };
  const token = cursor.next();
  const length = token.value === "max" ? MAX_BYTES[kind] : Number(token.text);
  if (!Number.isInteger(length)) throw syntaxError(token.text);
  cursor.expectSymbol(")");
  if (length < 1) throw new SqlError(`length for type ${type} must be at least 1`, "22023");
  if (length > MAX_BYTES[kind]) throw new SqlError(`length for type ${type} cannot exceed ${MAX_BYTES[kind]}`, "22023");
  return { kind, length };
}

const ENGINE: Readonly<Record<ColumnType["kind"], string>> = {
  int2: "SMALLINT",
  int4: "INTEGER",
  int8: "BIGINT",
  float4: "FLOAT",
  float8: "DOUBLE",
  bool: "BOOLEAN",
  date: "DATE",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMPTZ",
  numeric: "DECIMAL",
  varchar: "VARCHAR",
  bpchar: "VARCHAR",
  super: "VARIANT",
};

/** The engine's type. A length is not part of it: see `lengthCheck`. */
export function engineType(type: ColumnType): string {
  return type.kind === "numeric" ? `DECIMAL(${type.precision},${type.scale})` : ENGINE[type.kind];
}

/** The engine's check for a length in bytes; the length is read back from it, so that it follows a rename. */
export function lengthCheck(quotedColumn: string, type: ColumnType): string {
  return type.length === undefined ? "" : ` CHECK (strlen(${quotedColumn}) <= ${type.length})`;
}

const NAMES: Readonly<Record<string, string>> = {
  TINYINT: "int2",
  SMALLINT: "int2",
  INTEGER: "int4",
  BIGINT: "int8",
  // What SUM of integers gives: BIGINT in Redshift.
  HUGEINT: "int8",
  FLOAT: "float4",
  DOUBLE: "float8",
  BOOLEAN: "bool",
  DATE: "date",
  TIMESTAMP: "timestamp",
  "TIMESTAMP WITH TIME ZONE": "timestamptz",
  VARCHAR: "varchar",
  VARIANT: "super",
  BLOB: "varbyte",
  '"NULL"': "unknown",
};

/** Redshift's name of an engine type, as a driver reports it. */
export function typeName(engine: string): string {
  if (engine.startsWith("DECIMAL")) return "numeric";
  return NAMES[engine] ?? engine.toLowerCase();
}

/** A column's type from what the engine knows of it. */
export function columnType(engine: string, length: number | undefined): ColumnType {
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(engine);
  if (decimal) return { kind: "numeric", precision: Number(decimal[1]), scale: Number(decimal[2]) };
  if (engine === "HUGEINT") return { kind: "numeric", precision: 38, scale: 0 };
  const kind = NAMES[engine];
  if (!kind || kind === "unknown") throw notCarried(`a column of engine type ${engine}`);
  return kind === "varchar" ? { kind, length: length ?? MAX_BYTES.varchar } : { kind: kind as ColumnType["kind"] };
}
