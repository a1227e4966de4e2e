import type { Column, HiveType } from "./hive-type";
import { type Json, NumberText, writeJson } from "./json-text";

/** A value that does not fit its column. */
export class Mismatch extends Error {}

/**
 * One JSON object as a row of the table, as a JSON line that holds its columns and nothing else. Keys are found whatever their case; a
 * key that is missing is null. @throws Mismatch
 */
export function rowOf(columns: readonly Column[], document: Json): string {
  if (!(document instanceof Map)) throw new Mismatch("a record must be a JSON object");
  return struct(columns, document as ReadonlyMap<string, Json>);
}

function struct(columns: readonly Column[], object: ReadonlyMap<string, Json>): string {
  const values = new Map([...object].map(([key, value]) => [key.toLowerCase(), value]));
  return `{${columns
    .map(({ name, type }) => `${JSON.stringify(name)}:${convert(type, values.get(name.toLowerCase()) ?? null, name)}`)
    .join(",")}}`;
}

function convert(type: HiveType, value: Json, column: string): string {
  if (value === null) return "null";
  const misfit = () => new Mismatch(`column ${column} is ${nameOf(type)}, got ${writeJson(value).slice(0, 100)}`);
  switch (type.kind) {
    case "text":
      return JSON.stringify(typeof value === "string" ? value : writeJson(value));
    case "boolean":
      if (typeof value === "boolean" || value === "true" || value === "false") return String(value);
      throw misfit();
    case "array":
      if (!Array.isArray(value)) throw misfit();
      return `[${value.map((item: Json) => convert(type.of, item, column)).join(",")}]`;
    case "map":
      if (!(value instanceof Map)) throw misfit();
      return `{${[...value].map(([key, of]) => `${JSON.stringify(key)}:${convert(type.value, of, column)}`).join(",")}}`;
    case "struct":
      if (!(value instanceof Map)) throw misfit();
      return struct(type.fields, value);
    default: {
      const text = value instanceof NumberText ? value.text : value;
      const written = typeof text === "string" ? scalar(type, text, value instanceof NumberText) : undefined;
      if (written === undefined) throw misfit();
      return written;
    }
  }
}

type Scalar = Exclude<HiveType, { kind: "text" | "boolean" | "array" | "map" | "struct" }>;

/** A number, date or time from its text; undefined when it is none, or out of range. */
function scalar(type: HiveType, text: string, isNumber: boolean): string | undefined {
  const { kind } = type as Scalar;
  if (kind === "integer") return integer((type as { bits: number }).bits, text);
  if (kind === "real") return isDecimal(text) && Number.isFinite(Number(text)) ? text : undefined;
  if (kind === "decimal") return decimal(type as { precision: number; scale: number }, text);
  if (kind === "date") return /^\d{4}-\d\d-\d\d$/.test(text) && isDate(text) ? JSON.stringify(text) : undefined;
  return timestamp(text, isNumber);
}

const isDecimal = (text: string) => /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text);
const isDate = (text: string) => !Number.isNaN(Date.parse(`${text}T00:00:00Z`));

function integer(bits: number, text: string): string | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value === BigInt.asIntN(bits, value) ? String(value) : undefined;
}

function decimal({ precision, scale }: { precision: number; scale: number }, text: string): string | undefined {
  const match = /^-?0*(\d*)(?:\.(\d+))?$/.exec(text);
  return match && match[1]!.length <= precision - scale ? JSON.stringify(text) : undefined;
}

/**
 * The forms of https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-concepts.html (OpenX): ISO 8601 in UTC, a date
 * and time with a space, seconds since 1970 with or without a fraction, milliseconds.
 */
function timestamp(text: string, isNumber: boolean): string | undefined {
  if (isNumber || /^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    const millis = text.includes(".") || Math.abs(number) < 1e11 ? number * 1000 : number;
    return Math.abs(millis) <= 8.64e15 ? written(new Date(Math.round(millis))) : undefined;
  }
  const match = /^(\d{4})-(\d\d?)-(\d\d?)(?:T(\S+)Z| (\S+))$/.exec(text);
  const time = match ? (match[4] ?? match[5]!) : "";
  if (!match || !/^\d\d:\d\d:\d\d(\.\d{1,9})?$/.test(time)) return undefined;
  const day = `${match[1]}-${match[2]!.padStart(2, "0")}-${match[3]!.padStart(2, "0")}`;
  const at = new Date(`${day}T${time.slice(0, 12)}Z`);
  return Number.isNaN(at.getTime()) ? undefined : JSON.stringify(`${day} ${time.slice(0, 15)}`);
}

const written = (at: Date) => JSON.stringify(at.toISOString().replace("T", " ").replace("Z", ""));

const nameOf = (type: HiveType): string => ("name" in type ? type.name : type.kind === "text" ? "string" : type.kind);
