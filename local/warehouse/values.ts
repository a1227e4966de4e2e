import type { DuckDBValue } from "@duckdb/node-api";
import {
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBVariantValue,
} from "@duckdb/node-api";

/**
 * A value as a driver gives it: numbers and booleans as such, a whole number that JavaScript cannot hold as bigint, NULL as null,
 * and everything else (numeric too, which must not lose digits) as Redshift's text.
 */
export function toValue(value: DuckDBValue): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string")
    return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString("hex");
  if (value instanceof DuckDBVariantValue) return json(value);
  if (value instanceof DuckDBTimestampTZValue) return utcText(value.micros) + "+00";
  if (value instanceof DuckDBTimestampValue) return utcText(value.micros);
  return String(value);
}

/** A SUPER value as Redshift shows it: JSON without spaces, a string in its quotes. */
function json(value: DuckDBValue): string {
  if (value instanceof DuckDBVariantValue) return json(value.value as DuckDBValue);
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
  if (value instanceof DuckDBListValue) return `[${value.items.map(json).join(",")}]`;
  if (value instanceof DuckDBStructValue) {
    const members = Object.entries(value.entries).map(([name, inner]) => `${JSON.stringify(name)}:${json(inner)}`);
    return `{${members.join(",")}}`;
  }
  const text = String(value);
  return value instanceof DuckDBDecimalValue ? text : JSON.stringify(text);
}

/** `YYYY-MM-DD HH:MI:SS[.ffffff]`, the fraction without its trailing zeros. */
function utcText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19).replace("T", " ");
  return fraction === 0n ? seconds : `${seconds}.${fraction.toString().padStart(6, "0").replace(/0+$/, "")}`;
}
