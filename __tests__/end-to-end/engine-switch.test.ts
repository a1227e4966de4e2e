import { S3Client } from "@aws-sdk/client-s3";
import { readRawBucket } from "../../cli/up/raw-bucket";
import { Applied, changesOf } from "./support/applied";
import { synthesizeWith } from "./support/synthesized";

/** A stack that is applied with engine flink, and then with engine sql: the engine of the article, in place of a stream and an application. */

let lake: Applied;
let withFlink: string;
let withSql: string;
beforeAll(async () => {
  lake = await Applied.start("telemetry-lake", 60);
  withFlink = await synthesizeWith();
  await lake.apply(withFlink);
  withSql = await synthesizeWith({ telemetry: { engine: "sql" } });
}, 600_000);
afterAll(() => lake?.stop());

const plan = async () => (await lake.take(withSql).terraform.plan()).changes;

it("the switch replaces nothing but the API's deployment, which is a picture of where it puts, and keeps every bucket but that of the program", async () => {
  const changes = await plan();
  const replaced = changes.filter(({ actions }) => actions.includes("delete") && actions.includes("create"));
  expect(replaced.map(({ type }) => type)).toEqual(["aws_api_gateway_deployment"]);
  const gone = changes.filter(({ actions, type }) => actions.join() === "delete" && type === "aws_s3_bucket");
  expect(gone.map(({ address }) => address)).toEqual([expect.stringContaining("fast-laps_code")]);
}, 120_000);

it("the switch is applied, and planned again without a change", async () => {
  const terraform = await lake.apply(withSql);
  expect(changesOf(await terraform.plan())).toEqual([]);
  expect(lake.outputs).not.toHaveProperty("stream_name");
}, 300_000);

it("records go from the API to the raw bucket without a data stream between", async () => {
  const { accepted } = await lake.send(50, 3);
  await lake.settle();
  const raw = await readRawBucket(new S3Client(lake.gateway.aws.internal), lake.outputs.raw_bucket);
  expect([accepted, raw.records, raw.withExtra2]).toEqual([50, 50, 50]);
}, 120_000);

it("the switch back is applied, and planned again without a change", async () => {
  const terraform = await lake.apply(withFlink);
  expect(changesOf(await terraform.plan())).toEqual([]);
  expect(lake.outputs).toHaveProperty("stream_name");
}, 300_000);

it("everything is destroyed", async () => {
  const { terraform } = lake.take(withFlink);
  await terraform.destroy();
  expect((await plan()).every(({ actions }) => actions.join() === "create")).toBe(true);
}, 300_000);
