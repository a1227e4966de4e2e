import { gzipSync } from "node:zlib";
import type { LoadedTable } from "./world";

/** A file of a run: which object version it became, and the rows that stand in it. */
export interface SentFile {
  readonly key: string;
  readonly version: string;
  /** As `rowText` writes them; none of a file that must be set aside. */
  readonly rows: readonly string[];
  readonly bad: boolean;
}

/** Rows of one file, made of its names alone: the same seed makes the same file. */
export interface FileContent {
  readonly body: Buffer;
  readonly rows: readonly string[];
}

type Value = string | number;

/** A file of `rows` rows for a table; no two rows of a campaign are alike. @param bad its last line is no row of the table */
export function fileOf(table: LoadedTable, name: string, rows: number, bad: boolean): FileContent {
  const values = Array.from({ length: rows }, (_, row) =>
    table.types.map((type, column) => fieldOf(type, column === table.identity, `${name}n${row}`, row)),
  );
  const lines =
    table.format === "csv"
      ? values.map((row) => row.join(","))
      : values.map((row) => JSON.stringify(Object.fromEntries(row.map((value, i) => [table.columns[i], value]))));
  if (bad) lines.push(table.format === "csv" ? "no,such,row,in,this,table,at,all,not,one" : "{ this is no JSON");
  const text = Buffer.from(`${lines.join("\n")}\n`);
  return { body: table.gzip ? gzipSync(text, { level: 1 }) : text, rows: bad ? [] : values.map(rowText) };
}

/** A row as text, the same of what was sent and of what the warehouse answers. */
export const rowText = (row: readonly (Value | boolean | null)[]): string => row.map(String).join("\u0001");

function fieldOf(type: string, identity: boolean, name: string, row: number): Value {
  if (identity) return name;
  const two = (value: number) => String(value).padStart(2, "0");
  switch (type) {
    case "character varying":
      return `v${row % 17}`;
    case "date":
      return `2026-02-${two(1 + (row % 28))}`;
    case "timestamp without time zone":
      return `2026-02-${two(1 + (row % 28))} ${two(row % 24)}:${two(row % 60)}:${two((row * 7) % 60)}`;
    case "double precision":
      return row / 4;
    case "integer":
    case "bigint":
      return row;
  }
  throw new Error(`the campaign makes no values of type ${type}`);
}
