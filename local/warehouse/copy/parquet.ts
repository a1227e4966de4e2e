import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { notCarried, SqlError, translate } from "../errors";
import { FileQueries } from "../files/query-engine";
import { quoteName, quoteString } from "../sql/tokens";
import { type ColumnType, columnType } from "../sql/types";
import { describeType, type FieldValue } from "./fields";
import type { SourceFile } from "./files";

interface Target {
  readonly name: string;
  readonly type: ColumnType;
  readonly notNull: boolean;
}

/** Kinds of a Parquet column that a table's column takes besides its own. Redshift does not convert between types here. */
const TAKES: Partial<Record<ColumnType["kind"], readonly ColumnType["kind"][]>> = {
  bpchar: ["varchar"],
  timestamptz: ["timestamp"],
  // Parquet has no physical type below 32 bits.
  int2: ["int4"],
};

let files = 0;

/**
 * Rows of a Parquet file in batches, its columns in their order to the table's, by
 * https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html: as many columns as the table, of the same types;
 * any error ends the COPY.
 */
export async function* parquetRows(
  file: SourceFile,
  columns: readonly Target[],
  scratch: string,
): AsyncGenerator<FieldValue[][]> {
  const folder = join(scratch, `parquet-${process.pid}-${++files}`);
  const path = join(folder, "file.parquet");
  let engine: FileQueries | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, file.content);
    engine = await FileQueries.open(folder);
    const source = `read_parquet(${quoteString(path)})`;
    const found = await describe(engine, path, file.url);
    if (found.length !== columns.length) {
      throw new SqlError(
        `Number of columns in parquet file does not match the table: ${file.url} has ${found.length}, the table or column list ${columns.length}`,
      );
    }
    for (const [i, column] of columns.entries()) fits(file.url, column, found[i]!);
    const values = columns.map((column, i) => value(column, quoteName(found[i]!.name))).join(", ");
    const result = await engine.connection.stream(`SELECT ${values} FROM ${source}`);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const rows = chunk.getRows() as FieldValue[][];
      for (const row of rows) for (const [i, column] of columns.entries()) checkValue(column, row[i] ?? null);
      yield rows;
    }
  } catch (error) {
    throw translate(error);
  } finally {
    engine?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Found {
  readonly name: string;
  readonly type: string;
}

async function describe(engine: FileQueries, path: string, url: string): Promise<Found[]> {
  try {
    const reader = await engine.connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${quoteString(path)})`);
    return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch (error) {
    // The engine names its own copy, which is nothing to whoever wrote the file.
    const first = String((error as Error).message)
      .split("\n")[0]!
      .replaceAll(path, url);
    throw new SqlError(`${url} cannot be read as PARQUET: ${first}`, "58030");
  }
}

function fits(url: string, { name, type }: Target, found: Found): void {
  const nested = /\[\]$|^(?:STRUCT|MAP|LIST)\b/.test(found.type);
  if (nested) throw notCarried(`the nested Parquet column "${found.name}" (${found.type})`);
  let kind: ColumnType["kind"] | undefined;
  try {
    kind = columnType(found.type, undefined).kind;
  } catch {}
  const scales =
    type.kind === "numeric" && kind === "numeric" && columnType(found.type, undefined).scale === type.scale;
  const same = type.kind === "numeric" ? scales : kind === type.kind || (kind && TAKES[type.kind]?.includes(kind));
  if (same) return;
  const { name: shown, length } = describeType(type);
  throw new SqlError(
    `File '${url}' has an incompatible Parquet schema for column '${name}'. Column type: ${shown.toUpperCase()}${type.kind === "numeric" ? `(${length})` : ""}, Parquet schema: ${found.name} ${found.type}`,
  );
}

const AS_THEY_ARE: readonly ColumnType["kind"][] = ["int2", "int4", "int8", "float4", "float8", "bool"];

function value({ type }: Target, column: string): string {
  return AS_THEY_ARE.includes(type.kind) ? column : `CAST(${column} AS VARCHAR)`;
}

function checkValue({ name, type, notNull }: Target, value: FieldValue): void {
  if (value === null && notNull) throw new SqlError(`Cannot insert a NULL value into column ${name}`, "23502");
  if (type.length === undefined || typeof value !== "string") return;
  const bytes = Buffer.byteLength(value);
  if (bytes > type.length) {
    throw new SqlError(
      `The length of the data column ${name} is longer than the length defined in the table. Table: ${type.length}, Data: ${bytes}`,
      "22001",
    );
  }
}
