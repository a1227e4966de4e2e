import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { filesOf, type MadeFile } from "../../../cli/up/files";
import { parquetOf } from "../../../cli/up/files/parquet";
import { temporary } from "../../support/programs";

async function made(records: number, seed: number): Promise<MadeFile[]> {
  const files: MadeFile[] = [];
  for await (const file of filesOf(records, seed)) files.push(file);
  return files;
}
const rowsOf = (files: readonly MadeFile[], table: string) =>
  files.filter((file) => file.table === table && !file.bad).flatMap(({ rows }) => rows);

describe("the files of npm start -- s3-loader", () => {
  it("are the same for the same seed, and others for another", async () => {
    const shown = async (seed: number) => (await made(80, seed)).map(({ key, rows }) => [key, rows]);
    expect(await shown(1)).toEqual(await shown(1));
    expect(await shown(1)).not.toEqual(await shown(2));
  });

  it("hold as many rows as were asked for, beside those of the odd files", async () => {
    const files = await made(1000, 1);
    const regular = files.filter(({ key }) => key.includes("part-"));
    expect(regular.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(1000);
    expect(rowsOf(files, "page_views").length).toBe(250 + 10);
  });

  it("are of every format, and four of them bad", async () => {
    const files = await made(100, 1);
    expect(files.filter(({ bad }) => bad).map(({ key }) => key)).toEqual([
      "kpis/2026/11/20/13/text for a number.csv",
      "page_views/2026/11/20/13/cut.json.gz",
      "nowhere/file.csv",
      "no-slash.csv",
    ]);
    const csv = files.find(({ key }) => key === "kpis/new_file.csv")!;
    expect(csv.body.toString().trim().split("\n")).toEqual(csv.rows.map((row) => row.join(",")));
    const json = files.find(({ key }) => key.endsWith("again.json.gz"))!;
    expect(JSON.parse(gunzipSync(json.body).toString().split("\n")[0]!)).toEqual({
      view_id: json.rows[0]![0],
      page: json.rows[0]![1],
      viewed_at: json.rows[0]![2],
      duration_ms: json.rows[0]![3],
    });
  });

  it("put one over another of the same key, later", async () => {
    const files = await made(100, 1);
    const second = files.findIndex(({ over }) => over);
    expect(files.findIndex(({ key }) => key === files[second]!.key)).toBeLessThan(second);
  });
});

it("rows become a Parquet file of typed columns", async () => {
  const rows = [
    [1, "2026-11-20 08:00:00", 21.5],
    [2, "2026-11-20 09:00:00", -3],
  ];
  const columns = [
    ["sensor_id", "INTEGER"],
    ["read_at", "TIMESTAMP"],
    ["celsius", "DOUBLE"],
  ] as const;
  const file = join(temporary("parquet"), "rows.parquet");
  writeFileSync(file, await parquetOf(columns, rows));
  const engine = await DuckDBInstance.create(":memory:");
  const connection = await engine.connect();
  const read = await connection.runAndReadAll(
    `SELECT sensor_id, CAST(read_at AS VARCHAR), celsius, typeof(read_at) FROM '${file}' ORDER BY 1`,
  );
  expect(read.getRows()).toEqual(rows.map((row) => [...row, "TIMESTAMP"]));
  connection.closeSync();
  engine.closeSync();
});
