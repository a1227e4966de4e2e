import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { DuckDBInstance } from "@duckdb/node-api";
import { telemetryRecords } from "../../../cli/emit";
import { Checksum } from "../../../cli/up/checksum";
import { readRawBucket } from "../../../cli/up/raw-bucket";
import { temporary } from "../../support/programs";

/** A bucket of the objects given, listed two a page. */
function bucketOf(objects: Readonly<Record<string, Buffer>>): S3Client {
  const keys = Object.keys(objects);
  const send = async ({ input }: { input: { Key?: string; ContinuationToken?: string } }) => {
    if (input.Key !== undefined) {
      return { Body: { transformToByteArray: async () => new Uint8Array(objects[input.Key!]!) } };
    }
    const from = Number(input.ContinuationToken ?? 0);
    const more = from + 2 < keys.length;
    return {
      Contents: keys.slice(from, from + 2).map((Key) => ({ Key })),
      ...(more ? { NextContinuationToken: `${from + 2}` } : {}),
    };
  };
  return { send } as unknown as S3Client;
}

const generator = telemetryRecords(7);
const [a, b] = [generator.next().value, generator.next().value];
const withExtra2 = (record: typeof a) =>
  `${JSON.stringify({ ...record, EXTRA2: record.fuel_consumption * record.lap_time })}\n`;

describe("readRawBucket", () => {
  it("counts records over all pages, packed objects included", async () => {
    const s3 = bucketOf({
      "day=1/x.gz": gzipSync(withExtra2(a) + withExtra2(b)),
      "day=1/y": Buffer.from(withExtra2(a)),
      "day=2/z.gz": gzipSync(withExtra2(b)),
    });
    expect(await readRawBucket(s3, "raw")).toMatchObject({ objects: 3, records: 4, withExtra2: 4 });
  });

  it("reads Parquet as the rows that it holds, and leaves out the copies of what came", async () => {
    const folder = temporary("parquet");
    const [json, file] = [`${folder}/a.json`, `${folder}/a.parquet`];
    writeFileSync(json, (withExtra2(a) + withExtra2(b)).replaceAll("EXTRA2", "extra2"));
    const database = await DuckDBInstance.create(":memory:");
    const session = await database.connect();
    await session.run(`COPY (FROM read_json('${json}')) TO '${file}' (FORMAT parquet)`);
    session.closeSync();
    database.closeSync();
    const s3 = bucketOf({ "day=1/x.parquet": readFileSync(file), "source/y.gz": gzipSync(withExtra2(a)) });
    const checksum = new Checksum().add(a).add(b).value;
    expect(await readRawBucket(s3, "raw")).toMatchObject({ objects: 1, records: 2, withExtra2: 2, checksum });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ["none", JSON.stringify(a)],
    ["a wrong one", JSON.stringify({ ...a, EXTRA2: 1 })],
    ["no JSON", "{"],
  ])("does not count EXTRA2 where there is %s", async (_, line) => {
    const s3 = bucketOf({ x: Buffer.from(`${line}\n`) });
    expect(await readRawBucket(s3, "raw")).toMatchObject({ records: 1, withExtra2: 0 });
  });

  it("counts rejected records by reason and not as records", async () => {
    const error = (errorMessage: string) => `${JSON.stringify({ errorCode: "Lambda.X", errorMessage, rawData: "" })}\n`;
    const s3 = bucketOf({
      "errors/processing-failed/x": Buffer.from(error("no number") + error("no number") + error("late")),
    });
    const raw = await readRawBucket(s3, "raw");
    expect(raw.records).toBe(0);
    expect(raw.rejected).toEqual(
      new Map([
        ["Lambda.X: no number", 2],
        ["Lambda.X: late", 1],
      ]),
    );
  });

  it("has the same checksum for the same records in another order, and another for other records", async () => {
    const checksum = async (...lines: string[]) =>
      (await readRawBucket(bucketOf({ x: Buffer.from(lines.join("")) }), "raw")).checksum;
    expect(await checksum(withExtra2(a), withExtra2(b))).toBe(await checksum(withExtra2(b), withExtra2(a)));
    expect(await checksum(withExtra2(a), withExtra2(b))).toBe(new Checksum().add(a).add(b).value);
    expect(await checksum(withExtra2(a), withExtra2(a))).not.toBe(await checksum(withExtra2(a), withExtra2(b)));
    expect(await checksum(withExtra2({ ...a, speed: a.speed + 1 }))).not.toBe(await checksum(withExtra2(a)));
  });
});
