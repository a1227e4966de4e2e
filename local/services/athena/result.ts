import type { DuckDBResultReader } from "@duckdb/node-api";
import { javaDouble } from "../../java-double";
import { notCarried } from "./errors";

export interface ResultColumn {
  readonly name: string;
  /** Athena's type name. */
  readonly type: string;
}

export interface Result {
  readonly columns: readonly ResultColumn[];
  /** Values as Athena's text of them. */
  readonly rows: readonly (readonly (string | null)[])[];
}

const TYPES: Readonly<Record<string, string>> = {
  BOOLEAN: "boolean",
  TINYINT: "tinyint",
  SMALLINT: "smallint",
  INTEGER: "integer",
  BIGINT: "bigint",
  // DuckDB's sum of whole numbers; Trino's is a bigint.
  HUGEINT: "bigint",
  DOUBLE: "double",
  VARCHAR: "varchar",
  DATE: "date",
};

/** The columns' types, before anything is read. */
export function columnOf(name: string, duckdb: string): ResultColumn {
  const type = duckdb.startsWith("DECIMAL") ? "decimal" : TYPES[duckdb];
  if (!type) throw notCarried(`a result column of type ${duckdb} (${name})`);
  return { name, type };
}

export function resultOf(columns: readonly ResultColumn[], reader: DuckDBResultReader): Result {
  const text = (value: unknown, { type }: ResultColumn) =>
    value === null ? null : type === "double" ? javaDouble(value as number) : String(value);
  return { columns, rows: reader.getRows().map((row) => row.map((value, i) => text(value, columns[i]!))) };
}

const PRECISION: Readonly<Record<string, number>> = {
  boolean: 0,
  tinyint: 3,
  smallint: 5,
  integer: 10,
  bigint: 19,
  double: 17,
  varchar: 2_147_483_647,
  date: 0,
  decimal: 38,
};

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html */
export const columnInfo = ({ name, type }: ResultColumn) => ({
  CatalogName: "hive",
  SchemaName: "",
  TableName: "",
  Name: name,
  Label: name,
  Type: type,
  Precision: PRECISION[type] ?? 0,
  Scale: 0,
  Nullable: "UNKNOWN",
  CaseSensitive: type === "varchar",
});

/**
 * The result as the file that Athena writes: a header, every value in quotes, nothing for NULL.
 * https://docs.aws.amazon.com/athena/latest/ug/querying.html#query-results-specify-location
 */
export function toCsv({ columns, rows }: Result): string {
  const line = (cells: readonly (string | null)[]) =>
    cells.map((cell) => (cell === null ? "" : `"${cell.replaceAll('"', '""')}"`)).join(",");
  return `${[columns.map(({ name }) => name), ...rows].map(line).join("\n")}\n`;
}

/** The rows of such a file, the header included. */
export function fromCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  const cell = /(?:"((?:[^"]|"")*)")?([,\n])/gy;
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    row.push(match[1] === undefined ? null : match[1].replaceAll('""', '"'));
    if (match[2] === "\n") {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
