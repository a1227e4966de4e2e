import type { ColumnType } from "../sql/types";

/** Why a field cannot be loaded. Codes by https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html */
export interface FieldError {
  readonly code: number;
  readonly reason: string;
  /** Position of the error in the field, from 0. */
  readonly position: number;
}

export interface FieldRules {
  readonly truncateColumns: boolean;
  readonly acceptAnyDate: boolean;
  readonly dateFormat: string;
  readonly timeFormat: string;
}

/** A value the engine takes: numbers and booleans as such, everything else as text that casts without loss. */
export type FieldValue = string | number | bigint | boolean | null;

export type Parser = (text: string) => { readonly value: FieldValue } | FieldError;

const INTEGERS = {
  int2: { name: "Short", min: -32768n, max: 32767n },
  int4: { name: "Integer", min: -2147483648n, max: 2147483647n },
  int8: { name: "Long", min: -9223372036854775808n, max: 9223372036854775807n },
} as const;

/** A parser for one column: text that stands in a file in, a value for the engine or Redshift's complaint out. */
export function parserFor(type: ColumnType, rules: FieldRules): Parser {
  switch (type.kind) {
    case "int2":
    case "int4":
    case "int8":
      return integer(type.kind);
    case "float4":
    case "float8":
      return float(type.kind);
    case "bool":
      return bool;
    case "numeric":
      return numeric(type.precision ?? 18, type.scale ?? 0);
    case "date":
      return date(rules);
    case "timestamp":
    case "timestamptz":
      return timestamp(rules, type.kind);
    case "varchar":
    case "bpchar":
      return character(type, rules);
    case "super":
      return document;
  }
}

const document: Parser = (text) => {
  try {
    JSON.parse(text);
    return { value: text };
  } catch {
    return { code: 1224, reason: "Input data is not well-formed JSON for type super", position: 0 };
  }
};

/** Name and length as the error tables show them. */
export function describeType(type: ColumnType): { name: string; length: string } {
  const name = { bool: "bool", bpchar: "char" }[type.kind as "bool" | "bpchar"] ?? type.kind;
  if (type.kind === "numeric") return { name, length: `${type.precision}, ${type.scale}` };
  return { name, length: type.length === undefined ? "0" : String(type.length) };
}

function integer(kind: keyof typeof INTEGERS): Parser {
  const { name, min, max } = INTEGERS[kind];
  return (raw) => {
    const text = raw.trim();
    const bad = /^[+-]?\d+$/.test(text) ? -1 : firstBadDigit(text);
    if (bad >= 0) {
      return {
        code: 1207,
        reason: `Invalid digit, Value '${text[bad] ?? ""}', Pos ${bad}, Type: ${name}`,
        position: bad,
      };
    }
    if (kind !== "int8" && text.length < 10) {
      const small = Number(text);
      if (small >= Number(min) && small <= Number(max)) return { value: small };
    }
    const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
    if (value < min || value > max) return { code: 1222, reason: `Overflow, Type: ${name}`, position: 0 };
    return { value: kind === "int8" ? value : Number(value) };
  };
}

function firstBadDigit(text: string): number {
  const start = /^[+-]/.test(text) ? 1 : 0;
  for (let at = start; at < text.length; at++) if (!/\d/.test(text[at]!)) return at;
  return text.length;
}

const FLOAT = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf(?:inity)?)$/i;

function float(kind: "float4" | "float8"): Parser {
  return (raw) => {
    const text = raw.trim();
    if (!FLOAT.test(text)) return { code: 1208, reason: "Invalid float or double precision value", position: 0 };
    const value = /nan/i.test(text)
      ? Number.NaN
      : /inf/i.test(text)
        ? text.startsWith("-")
          ? -Infinity
          : Infinity
        : Number(text);
    const stored = kind === "float4" ? Math.fround(value) : value;
    if (!Number.isFinite(stored) && !/[ni]/i.test(text)) {
      return { code: 1204, reason: `Value out of range, Type: ${kind}`, position: 0 };
    }
    return { value: stored };
  };
}

const TRUE = ["t", "true", "y", "yes", "1"];
const FALSE = ["f", "false", "n", "no", "0"];

const bool: Parser = (raw) => {
  const text = raw.trim().toLowerCase();
  if (TRUE.includes(text)) return { value: true };
  if (FALSE.includes(text)) return { value: false };
  return { code: 1210, reason: "Unknown boolean format", position: 0 };
};

function numeric(precision: number, scale: number): Parser {
  return (raw) => {
    const text = raw.trim();
    const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
    if (!match || (!match[2] && !match[3])) {
      const bad = Math.max(text.search(/[^0-9.+-]/), 0);
      return {
        code: 1207,
        reason: `Invalid digit, Value '${text[bad] ?? ""}', Pos ${bad}, Type: Decimal`,
        position: bad,
      };
    }
    const [, sign, whole = "", fraction = ""] = match;
    const rounded = roundDecimal(whole, fraction, scale);
    if (rounded.replace(/^0+/, "").length > precision) {
      return {
        code: 1204,
        reason: `Numeric data overflow (result precision), Type: Decimal(${precision},${scale})`,
        position: 0,
      };
    }
    const digits = rounded.padStart(scale + 1, "0");
    const value = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return { value: sign === "-" ? `-${value}` : value };
  };
}

/** Digits of the value times 10^scale, rounded half away from zero. */
function roundDecimal(whole: string, fraction: string, scale: number): string {
  const kept = (whole || "0") + fraction.slice(0, scale).padEnd(scale, "0");
  const up = (fraction[scale] ?? "0") >= "5";
  return up ? (BigInt(kept) + 1n).toString() : kept;
}

function character(type: ColumnType, rules: FieldRules): Parser {
  const limit = type.length ?? Number.POSITIVE_INFINITY;
  return (text) => {
    // A UTF-16 unit is at most three bytes, so most values need not be counted.
    if (text.length * 3 <= limit || Buffer.byteLength(text) <= limit) return { value: text };
    if (rules.truncateColumns) return { value: cut(text, limit) };
    return { code: 1204, reason: "String length exceeds DDL length", position: 0 };
  };
}

/** The longest head of `text` within `bytes`, never half a character. */
function cut(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  let end = bytes;
  while (end > 0 && (buffer[end]! & 0xc0) === 0x80) end--;
  return buffer.subarray(0, end).toString();
}

function date(rules: FieldRules): Parser {
  const auto = rules.dateFormat.toLowerCase() === "auto";
  return (raw) => {
    const text = raw.trim();
    const value =
      byFormat(text, auto ? "YYYY-MM-DD" : rules.dateFormat) ?? (auto ? byFormat(text, "YYYY/MM/DD") : undefined);
    if (value && !value.rest) return { value: value.day };
    if (rules.acceptAnyDate) return { value: null };
    return {
      code: 1205,
      reason: `Invalid Date Format - length must be ${rules.dateFormat.length} or more`,
      position: 0,
    };
  };
}

const CLOCK = /^[T ]?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;

function timestamp(rules: FieldRules, kind: "timestamp" | "timestamptz"): Parser {
  const format = rules.timeFormat;
  const epoch = { epochsecs: 1000, epochmillisecs: 1 }[format.toLowerCase()];
  return (raw) => {
    const text = raw.trim();
    const fail = rules.acceptAnyDate
      ? { value: null }
      : { code: 1206, reason: `Invalid timestamp format or value [${format}]`, position: 0 };
    if (epoch !== undefined) {
      if (!/^-?\d+(\.\d+)?$/.test(text)) return fail;
      const at = new Date(Number(text) * epoch);
      return Number.isNaN(at.getTime()) ? fail : { value: at.toISOString().replace("T", " ").replace("Z", "") };
    }
    const auto = format.toLowerCase() === "auto";
    const day =
      byFormat(text, auto ? "YYYY-MM-DD" : (format.split(/[T ]/)[0] ?? "")) ??
      (auto ? byFormat(text, "YYYY/MM/DD") : undefined);
    if (!day) return fail;
    if (!day.rest) return { value: `${day.day} 00:00:00` };
    const clock = CLOCK.exec(day.rest);
    // Without TIMEFORMAT 'auto' Redshift takes a space between date and time, not ISO's T.
    if (!clock || (/^T/i.test(day.rest) && !auto && !/T/.test(format))) return fail;
    const [, hour = "", minute = "", second = "0", fraction = "", zone] = clock;
    if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return fail;
    const time = `${hour.padStart(2, "0")}:${minute}:${second.padStart(2, "0")}.${fraction.slice(0, 6).padEnd(6, "0")}`;
    const suffix = kind === "timestamptz" && zone ? (/^(z|utc)$/i.test(zone) ? "+00" : zone) : "";
    return { value: `${day.day} ${time}${suffix}` };
  };
}

const PARTS: Readonly<Record<string, string>> = {
  YYYY: "(?<y>\\d{4})",
  MON: "(?<n>[A-Za-z]{3})",
  MM: "(?<m>\\d{1,2})",
  DD: "(?<d>\\d{1,2})",
};
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const patterns = new Map<string, RegExp>();

/** Reads a day by a format of YYYY, MM, MON and DD with whatever between them; undefined when it does not fit or is no day. */
function byFormat(text: string, format: string): { day: string; rest: string } | undefined {
  let pattern = patterns.get(format);
  if (!pattern) {
    const source = format.toUpperCase().replace(/YYYY|MON|MM|DD|[^A-Z0-9]/g, (part) => PARTS[part] ?? `\\${part}`);
    pattern = new RegExp(`^${source}(?<rest>.*)$`, "si");
    patterns.set(format, pattern);
  }
  const groups = pattern.exec(text)?.groups;
  if (!groups?.y) return undefined;
  const month = groups.n ? MONTHS.indexOf(groups.n.toLowerCase()) + 1 : Number(groups.m);
  const [y, m, d] = [Number(groups.y), month, Number(groups.d)];
  const at = new Date(Date.UTC(y, m - 1, d));
  if (at.getUTCMonth() !== m - 1 || at.getUTCDate() !== d) return undefined;
  return { day: at.toISOString().slice(0, 10), rest: groups.rest ?? "" };
}
