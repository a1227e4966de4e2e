import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** A column and how its values stand in the file, as DuckDB names the type. */
export type ParquetColumn = readonly [name: string, type: "INTEGER" | "DOUBLE" | "TIMESTAMP" | "VARCHAR"];

/** Rows as the bytes of a Parquet file. Values are numbers or text that casts to the column's type. */
export async function parquetOf(
  columns: readonly ParquetColumn[],
  rows: readonly (readonly (string | number)[])[],
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "redstream-parquet-"));
  const file = join(folder, "rows.parquet");
  const engine = await DuckDBInstance.create(":memory:");
  const connection = await engine.connect();
  try {
    const described = columns.map(([name, type]) => `"${name}" ${type}`).join(", ");
    await connection.run(`CREATE TABLE made (${described})`);
    const json = rows.map((row) => Object.fromEntries(columns.map(([name], index) => [name, row[index]])));
    await connection.run(
      `INSERT INTO made SELECT ${columns.map(([name, type]) => `CAST(one->>'${name}' AS ${type})`).join(", ")} FROM (SELECT unnest(from_json($1, '["JSON"]')) AS one)`,
      [JSON.stringify(json)],
    );
    await connection.run(`COPY made TO '${file.replaceAll("'", "''")}' (FORMAT parquet)`);
    return await readFile(file);
  } finally {
    connection.closeSync();
    engine.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}
