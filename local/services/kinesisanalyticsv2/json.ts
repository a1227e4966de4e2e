import type { Column, ScalarType, Type } from "./table";

export type Row = Record<string, unknown>;

/**
 * A record's bytes as a row, as Flink's json format reads them with 'json.ignore-parse-errors' = 'true': what is no JSON object gives
 * no row (undefined), a field that is missing, null or not of its type is NULL, and a field nobody asked for is passed over. Of two documents
 * in one record Flink reads the first.
 */
export function readRow(bytes: Uint8Array, columns: readonly Column[]): Row | undefined {
  const document = firstDocument(
    Buffer.from(bytes)
      .toString("utf8")
      .replace(/^\ufeff/, ""),
  );
  return isObject(document) ? toRow(document, columns) : undefined;
}

function firstDocument(text: string): unknown {
  const whole = parse(text);
  if (whole !== undefined) return whole;
  const end = endOfObject(text);
  return end === undefined ? undefined : parse(text.slice(0, end));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Offset behind the brace that closes the first one. */
function endOfObject(text: string): number | undefined {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === "\\") i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === "{") depth++;
    else if (c === "}" && --depth === 0) return i + 1;
  }
  return undefined;
}

const isObject = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

function toRow(document: Row, columns: readonly Column[]): Row {
  return Object.fromEntries(
    columns.map(({ name, type }) => [name, Object.hasOwn(document, name) ? convert(document[name], type) : null]),
  );
}

function convert(value: unknown, type: Type): unknown {
  if (value === null) return null;
  if (typeof type !== "string") return isObject(value) ? toRow(value, type) : null;
  return CONVERT[type](value);
}

/** Java's parsers take text too: "250" is a number, " 7 " an INT, anything but "true" is false. */
const CONVERT: Readonly<Record<ScalarType, (value: unknown) => unknown>> = {
  DOUBLE: (value) => {
    if (typeof value === "number") return value;
    const text = scalarText(value).trim();
    if (/^[-+]?Infinity$/.test(text)) return Number(text);
    return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?[dDfF]?$/i.test(text) ? Number.parseFloat(text) : null;
  },
  INT: (value) => whole(value, -(2 ** 31), 2 ** 31 - 1),
  BIGINT: (value) => whole(value, -(2 ** 63), 2 ** 63 - 1),
  BOOLEAN: (value) => (typeof value === "boolean" ? value : scalarText(value).trim().toLowerCase() === "true"),
  STRING: (value) => wellFormed(typeof value === "object" ? JSON.stringify(value) : String(value)),
};

/** Half a surrogate pair is no text: Java writes it as a replacement character. */
const wellFormed = (text: string) =>
  text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");

/** The text of a JSON scalar; an array or object has none. */
const scalarText = (value: unknown) => (typeof value === "object" ? "" : String(value));

function whole(value: unknown, min: number, max: number): number | null {
  if (typeof value === "number") return value >= min && value <= max ? Math.trunc(value) : null;
  const text = scalarText(value).trim();
  const number = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : null;
}
