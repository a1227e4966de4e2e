import { gzipSync } from "node:zlib";
import { type ParquetColumn, parquetOf } from "../cli/up/files/parquet";
import type { LoadedTable } from "./world";

/** A file of a run: which object version it became, and the rows that stand in it. */
export interface SentFile {
  readonly key: string;
  readonly version: string;
  /** As `rowText` writes them; none of a file that must be set aside. */
  readonly rows: readonly string[];
  readonly bad: boolean;
}

/** Rows of one file, made of its names and their number alone: the same seed makes the same file. */
export interface FileContent {
  readonly body: Buffer;
  readonly rows: readonly string[];
}

type Value = string | number;

/** A file of `rows` rows for a table; no two rows of a campaign are alike. @param bad it is no file of the table: a line is no row of it, or its columns are others */
export async function fileOf(table: LoadedTable, name: string, rows: number, bad: boolean): Promise<FileContent> {
  const values = Array.from({ length: rows }, (_, row) =>
    table.types.map((type, column) => fieldOf(type, column === table.identity, `${name}n${row}`, row)),
  );
  const body = table.format === "parquet" ? await parquetFile(table, values, bad) : textFile(table, values, bad);
  return { body, rows: bad ? [] : values.map(rowText) };
}

/** A row as text, the same of what was sent and of what the warehouse answers. */
export const rowText = (row: readonly (Value | boolean | null)[]): string => row.map(String).join("\u0001");

/** A bad one ends with a line that is no row of the table. */
function textFile({ format, columns, gzip }: LoadedTable, values: readonly Value[][], bad: boolean): Buffer {
  const lines =
    format === "csv"
      ? values.map((row) => row.join(","))
      : values.map((row) => JSON.stringify(Object.fromEntries(row.map((value, i) => [columns[i], value]))));
  if (bad) lines.push(format === "csv" ? "no,such,row,in,this,table,at,all,not,one" : "{ this is no JSON");
  const text = Buffer.from(`${lines.join("\n")}\n`);
  return gzip ? gzipSync(text, { level: 1 }) : text;
}

/** Types of a Parquet file that columns take. */
const PARQUET: Readonly<Record<string, ParquetColumn[1]>> = {
  "character varying": "VARCHAR",
  "timestamp without time zone": "TIMESTAMP",
  "double precision": "DOUBLE",
  integer: "INTEGER",
};

/** What can be wrong with a Parquet file, whose rows cannot: its columns are text instead of their types, one is missing, its end is, it is CSV. */
const BAD_PARQUET = ["type", "column", "end", "format"] as const;

/** Of a bad one the number of its rows says which fault it has. */
async function parquetFile({ columns, types }: LoadedTable, values: readonly Value[][], bad: boolean): Promise<Buffer> {
  const fault = bad ? BAD_PARQUET[values.length % BAD_PARQUET.length] : undefined;
  if (fault === "format") return Buffer.from(values.map((row) => `${row.join(",")}\n`).join(""));
  const described = columns.map((column, i): ParquetColumn => {
    const type = PARQUET[types[i]!];
    if (!type) throw new Error(`the campaign makes no Parquet of type ${types[i]}`);
    return [column, fault === "type" ? "VARCHAR" : type];
  });
  const file = await parquetOf(fault === "column" ? described.slice(0, -1) : described, values);
  return fault === "end" ? file.subarray(0, file.length / 2) : file;
}

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
