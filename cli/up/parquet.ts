import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

export const isParquet = (bytes: Buffer) => bytes.subarray(0, 4).toString("latin1") === "PAR1";

/** The rows of a Parquet file as JSON lines, under its columns' names. */
export async function parquetLines(bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "parquet-"));
  const file = join(folder, "object.parquet");
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  try {
    writeFileSync(file, bytes);
    const connection = await instance.connect();
    const source = `read_parquet('${file.replaceAll("'", "''")}')`;
    const reader = await connection.runAndReadAll(`SELECT to_json(t)::VARCHAR FROM ${source} AS t`);
    const lines = reader.getRows().map(([line]) => `${line}\n`);
    connection.closeSync();
    return lines.join("");
  } finally {
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}
