import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { FileQueries } from "../../../local/warehouse";

let folder: string;
let engine: FileQueries;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "file-queries-"));
  engine = await FileQueries.open(folder);
});
afterEach(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function ask(sql: string): Promise<unknown> {
  return (await engine.connection.runAndReadAll(sql)).getRowsJson();
}

const columns = [
  { name: "speed", type: "DOUBLE" },
  { name: "gear", type: "INTEGER" },
];

it("answers over JSON lines, gzipped ones too, missing fields as NULL", async () => {
  const files = [file("a.json", '{"speed":1.5,"other":1}\n'), file("b.json.gz", gzipSync('{"gear":2,"speed":3}\n'))];
  await engine.table({ name: "raw", format: { kind: "json" }, columns, files });
  expect(await ask("select speed, gear from raw order by 1")).toEqual([
    [1.5, null],
    [3, 2],
  ]);
});

it("answers over CSV by position", async () => {
  await engine.table({
    name: "t",
    format: { kind: "csv", headerLines: 1 },
    columns,
    files: [file("a", "s,g\n1.5,2\n")],
  });
  expect(await ask("select * from t")).toEqual([[1.5, 2]]);
});

it("answers over Parquet by name", async () => {
  await engine.connection.run(
    `COPY (SELECT 2 AS gear, 1.5 AS speed) TO '${join(folder, "a.parquet")}' (FORMAT parquet)`,
  );
  await engine.table({ name: "t", format: { kind: "parquet" }, columns, files: [join(folder, "a.parquet")] });
  expect(await ask("select * from t")).toEqual([[1.5, 2]]);
});

it("gives an empty table where there is no file", async () => {
  await engine.table({ name: "t", format: { kind: "json" }, columns, files: [] });
  expect(await ask("select count(*) from t")).toEqual([["0"]]);
});

it("reads nothing outside of its folder", async () => {
  await expect(ask("select * from read_text('/etc/hostname')")).rejects.toThrow(/Permission Error/);
});
