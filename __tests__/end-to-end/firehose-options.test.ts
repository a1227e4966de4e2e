import { writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { DuckDBInstance } from "@duckdb/node-api";
import { runQuery } from "../../cli/athena";
import { Applied, changesOf } from "./support/applied";
import { awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { SMALL_LAKE, synthesizeSmallLake } from "./support/small-lake";

/** Every option of an S3 delivery stream, applied by Terraform and carried out by the role's own rights. */

let lake: Applied;
let folder: string;
beforeAll(async () => {
  folder = synthesizeSmallLake();
  lake = await Applied.start(SMALL_LAKE, 60);
  await lake.apply(folder);
}, 600_000);
afterAll(() => lake?.stop());

const put = async (stream: string, ...lines: string[]) => {
  const firehose = new FirehoseClient(lake.gateway.aws.internal);
  const Records = lines.map((line) => ({ Data: Buffer.from(line) }));
  const { FailedPutCount } = await firehose.send(new PutRecordBatchCommand({ DeliveryStreamName: stream, Records }));
  expect(FailedPutCount).toBe(0);
};
async function objectsOf(bucket: string): Promise<ReadonlyMap<string, Buffer>> {
  const s3 = new S3Client(lake.gateway.aws.internal);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  const read = async (Key: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  };
  return new Map(await Promise.all(Contents.map(async ({ Key = "" }) => [Key, await read(Key)] as const)));
}
async function rowsOf(parquet: Buffer): Promise<unknown[]> {
  const file = lake.scratch("read.parquet");
  writeFileSync(file, parquet);
  const database = await DuckDBInstance.create(":memory:");
  const session = await database.connect();
  const result = await session.runAndReadAll(`SELECT to_json(t)::VARCHAR FROM '${file}' t ORDER BY speed`);
  const rows = result.getRows().map(([row]) => JSON.parse(String(row)));
  session.closeSync();
  database.closeSync();
  return rows;
}
const query = async (QueryString: string) =>
  (await runQuery(lake.gateway.aws.internal, { QueryString, Database: "small", WorkGroup: SMALL_LAKE })).rows;
const keyOf = (objects: ReadonlyMap<string, Buffer>, start: RegExp) =>
  [...objects.keys()].filter((key) => start.test(key));

it("is planned again without a change", async () => {
  expect(changesOf(await lake.take(folder).terraform.plan())).toEqual([]);
}, 300_000);

it("Parquet by the Glue table's columns lies beside the records as they came, and what does not fit under the error prefix", async () => {
  const good = '{"Car":"a","speed":201.5,"gear":7,"tires":{"front_left":1.5},"other":1}\n';
  await put("columnar", good, '{"speed":"fast"}\n');
  await lake.settle();
  const objects = await objectsOf("small-columnar");
  const [parquet = ""] = keyOf(objects, /^year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d\/columnar-1-.*\.parquet$/);
  expect(await rowsOf(objects.get(parquet)!)).toEqual([
    { car: "a", speed: 201.5, gear: 7, tires: { front_left: 1.5 } },
  ]);
  const [backup = ""] = keyOf(objects, /^source\/.*\.gz$/);
  expect(gunzipSync(objects.get(backup)!).toString()).toBe(`${good}{"speed":"fast"}\n`);
  const [error = ""] = keyOf(objects, /^errors\/format-conversion-failed\//);
  const { rawData } = JSON.parse(objects.get(error)!.toString());
  expect(Buffer.from(rawData, "base64").toString()).toBe('{"speed":"fast"}\n');
}, 120_000);

it("the table by which they were converted answers Athena's queries on the files, but for what was put aside", async () => {
  expect(await query("SELECT car, speed, gear, tires.front_left FROM laps")).toEqual([["a", "201.5", "7", "1.5"]]);
}, 120_000);

it("partitions lie in folders of their values, their names end with the file extension", async () => {
  await put("partitioned", '{"car":"a"}\n', '{"car":"b"}\n', '{"car":"a"}\n', "{}\n");
  await lake.settle();
  const objects = await objectsOf("small-partitioned");
  const texts = (car: string) =>
    keyOf(objects, new RegExp(`^driver=${car}/year=\\d{4}/.*\\.jsonl\\.gz$`)).map((key) =>
      gunzipSync(objects.get(key)!).toString(),
    );
  expect(texts("a")).toEqual(['{"car":"a"}\n{"car":"a"}\n']);
  expect(texts("b")).toEqual(['{"car":"b"}\n']);
  expect(keyOf(objects, /^errors\/processing-failed\//)).toHaveLength(1);
  expect(await query("SELECT driver, COUNT(*) FROM by_driver GROUP BY driver ORDER BY driver")).toEqual([
    ["a", "2"],
    ["b", "1"],
  ]);
}, 120_000);

it("zero buffering writes within a moment", async () => {
  await put("at-once", "now\n");
  await lake.settle();
  expect(keyOf(await objectsOf("small-partitioned"), /^at-once\//)).toHaveLength(1);
}, 120_000);

it("destroys everything, full buckets included", async () => {
  const { terraform } = lake.take(folder);
  await terraform.destroy();
  expect(await leftovers(lake, await awsCommand(lake.gateway))).toEqual(NOTHING);
}, 300_000);
