import type { SqlColumn, SqlResult } from "../../gateway/types";

/** A value of a result, by https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_Field.html */
export type Field =
  | { readonly isNull: true }
  | { readonly booleanValue: boolean }
  | { readonly longValue: number | bigint }
  | { readonly doubleValue: number }
  | { readonly stringValue: string };

const LONG: ReadonlySet<string> = new Set(["int2", "int4", "int8"]);
const DOUBLE: ReadonlySet<string> = new Set(["float4", "float8"]);

export function field(value: unknown, type: string): Field {
  if (value === null || value === undefined) return { isNull: true };
  if (typeof value === "boolean") return { booleanValue: value };
  if (LONG.has(type) && (typeof value === "number" || typeof value === "bigint")) return { longValue: value };
  // JSON has no NaN and no infinity.
  if (DOUBLE.has(type) && typeof value === "number" && Number.isFinite(value)) return { doubleValue: value };
  return { stringValue: String(value) };
}

const PRECISION: Readonly<Record<string, number>> = {
  int2: 5,
  int4: 10,
  int8: 19,
  float4: 8,
  float8: 17,
  bool: 1,
  date: 13,
  timestamp: 29,
  timestamptz: 35,
};

export function metadata({ name, type }: SqlColumn): Record<string, unknown> {
  const text = type === "varchar";
  return {
    isCaseSensitive: text,
    isCurrency: false,
    isSigned: LONG.has(type) || DOUBLE.has(type) || type === "numeric",
    label: name,
    length: 0,
    name,
    nullable: 1,
    precision: PRECISION[type] ?? 0,
    scale: 0,
    schemaName: "",
    tableName: "",
    typeName: type,
  };
}

/** Bytes of fields in one page of a result. */
const PAGE_BYTES = 1_000_000;

/** One page, from a row on; `next` is the row that the next page begins with. */
export function page(result: SqlResult, from: number): { readonly records: Field[][]; readonly next?: number } {
  const records: Field[][] = [];
  let bytes = 0;
  for (let at = from; at < result.rows.length; at++) {
    const row = result.rows[at]!.map((value, i) => field(value, result.columns[i]!.type));
    bytes += rowBytes(row);
    if (bytes > PAGE_BYTES && records.length > 0) return { records, next: at };
    records.push(row);
  }
  return { records };
}

export function rowBytes(row: readonly Field[]): number {
  return row.reduce((sum, value) => sum + ("stringValue" in value ? Buffer.byteLength(value.stringValue) : 8), 0);
}

const MARK = "\u0000bigint:";

/** JSON with whole numbers of more than 53 bits as they are. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${MARK}${inner}` : inner));
  return text.replace(/"\\u0000bigint:(-?\d+)"/g, "$1");
}
