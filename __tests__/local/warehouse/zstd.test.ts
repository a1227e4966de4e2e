import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { zstdDecompress } from "../../../local/warehouse/copy/zstd";

let folder: string;
let instance: DuckDBInstance;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "zstd-"));
  instance = await DuckDBInstance.create(":memory:");
});
afterAll(() => {
  instance.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

/** The same rows as a plain file and as one that DuckDB has compressed. */
async function both(query: string): Promise<{ plain: Buffer; compressed: Buffer }> {
  const connection = await instance.connect();
  await connection.run("SELECT setseed(0.5)");
  await connection.run(`CREATE OR REPLACE TABLE rows AS ${query}`);
  const write = async (compression: string) => {
    const path = join(folder, compression);
    await connection.run(`COPY rows TO '${path}' (FORMAT csv, HEADER false, COMPRESSION ${compression})`);
    return readFileSync(path);
  };
  const [plain, compressed] = [await write("none"), await write("zstd")];
  connection.closeSync();
  return { plain, compressed };
}

it.each([
  ["one short line", "SELECT 'a'"],
  ["one byte, many times", "SELECT repeat('a', 500000)"],
  ["lines that are alike", "SELECT i, 'speed', i % 300, true FROM range(200000) t(i)"],
  ["text of few letters", "SELECT md5(i::VARCHAR) FROM range(50000) t(i)"],
  ["numbers at random", "SELECT random(), (random() * 1e9)::BIGINT FROM range(60000) t(i)"],
  [
    "JSON documents",
    `SELECT '{"id":' || i || ',"speed":' || (i * 7919 % 3000) / 10 || ',"note":"' || left(md5(i::VARCHAR), 12) || 'é"}' FROM range(100000) t(i)`,
  ],
  ["what hardly compresses", "SELECT to_base64(encode(md5(i::VARCHAR) || sha256(i::VARCHAR))) FROM range(9000) t(i)"],
])("gives %s back byte for byte", async (_, query) => {
  const { plain, compressed } = await both(query);
  expect(zstdDecompress(compressed).equals(plain)).toBe(true);
});

it("reads frames one after the other and passes over those without data", async () => {
  const { plain, compressed } = await both("SELECT i FROM range(1000) t(i)");
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  expect(zstdDecompress(Buffer.concat([compressed, skipped, compressed])).equals(Buffer.concat([plain, plain]))).toBe(
    true,
  );
});

it("refuses what is cut or something else", async () => {
  const { compressed } = await both("SELECT i FROM range(1000) t(i)");
  expect(() => zstdDecompress(compressed.subarray(0, compressed.length - 5))).toThrow("unexpected end of file");
  expect(() => zstdDecompress(Buffer.from("a,b,c,d,e"))).toThrow("incorrect magic number");
  expect(() => zstdDecompress(Buffer.alloc(0))).toThrow("it is empty");
});
