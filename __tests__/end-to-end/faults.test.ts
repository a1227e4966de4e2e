import { readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { EmitResult } from "../../cli/emit";
import { linesOfSummary } from "../../cli/up/summary";
import { sumUpTelemetry } from "../../cli/up/telemetry";
import type { Telemetry } from "../../lambda-src/events/telemetry";
import { Applied } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { call } from "./support/call";
import { fast, multiset, recordsOf, rowOf, sql } from "./support/records";
import { changedCopy, resourceAt, synthesizeWith } from "./support/synthesized";

/** A processor that fails in every way it can, a warehouse that is away for a while, a COPY that is given up: nothing is lost, and the summary says what happened. */

const STACK = "telemetry-warehouse";
/** Records of one batch, which one invocation of the processor gets. */
const BATCH = 40;

/** Does to a batch what its first record says, and to one that says nothing what the deployed one does but for the arithmetic. */
const PROCESSOR = `
const ok = ({ recordId, data }) => {
  const record = JSON.parse(Buffer.from(data, "base64"));
  const line = { ...record, EXTRA2: record.fuel_consumption * record.lap_time };
  return { recordId, result: "Ok", data: Buffer.from(JSON.stringify(line) + "\\n").toString("base64") };
};
const faults = {
  throws: () => { throw new Error("the processor is broken"); },
  "times out": () => new Promise(() => setTimeout(() => undefined, 60_000)),
  "answers fewer": (records) => records.slice(1),
  "answers unknown ids": (records) => [...records, { ...records[0], recordId: "unknown" }],
  "answers more than 6 MB": (records) => records.map((record) => ({ ...record, data: record.data + "A".repeat(200_000) })),
  "answers no base64": (records) => records.map((record) => ({ ...record, data: "***" })),
};
exports.handler = async ({ records }) => {
  const { fault } = JSON.parse(Buffer.from(records[0].data, "base64"));
  const answers = records.map(ok);
  return { records: fault === undefined ? answers : await faults[fault](answers) };
};
`;

let lake: Applied;
let aws: AwsCommand;
beforeAll(async () => {
  let synthesized: string;
  [synthesized, lake] = await Promise.all([synthesizeWith(), Applied.start(STACK, 60)]);
  const changed = changedCopy(synthesized, STACK, (configuration, folder) => {
    const assets = path.join(folder, "assets");
    const sources = readdirSync(assets, { recursive: true, encoding: "utf8" });
    const processor = sources.filter((file) => /^ingest_transform_package_source.*index\.js$/.test(file));
    expect(processor).toHaveLength(1);
    writeFileSync(path.join(assets, processor[0]!), PROCESSOR);
    resourceAt(configuration, "aws_lambda_function", "/ingest/transform/function").timeout = 1;
    // Tried again every five minutes.
    const stream = resourceAt(configuration, "aws_kinesis_firehose_delivery_stream", "/processed-delivery/stream");
    stream.redshift_configuration.retry_duration = 900;
  });
  await lake.apply(changed);
  await lake.startAnalytics();
  aws = await awsCommand(lake.gateway);
}, 600_000);
afterAll(() => lake?.stop());

const given: Telemetry[] = [];

/** Sends a batch by the API, which the processor does `fault` to. */
async function send(fault?: string): Promise<Telemetry[]> {
  const records = recordsOf(BATCH, given.length);
  given.push(...records);
  const body = JSON.stringify(records.map((record) => ({ ...record, ...(fault === undefined ? {} : { fault }) })));
  const { status, text } = await call(lake, { method: "POST", path: "/records/batch", body, signed: true });
  expect({ status, failed: JSON.parse(text).FailedPutCount }).toEqual({ status: 200, failed: 0 });
  return records;
}

/** The summary of all that was sent so far, as `npm start` prints it. */
async function summary(): Promise<string[]> {
  const records = given.length;
  const sent: EmitResult = {
    ...{ records, sent: records, accepted: records, refused: 0, lost: 0, retried: 0, unknown: 0, elapsedMs: 1 },
    refusedByStatus: {},
    firstFailure: undefined,
  };
  return linesOfSummary(await sumUpTelemetry(lake.gateway.aws, lake.outputs, sent, 1));
}
const about = (lines: readonly string[], what: RegExp) => lines.filter((line) => what.test(line));
const rows = async () =>
  (await sql(lake, `SELECT speed, rpm, gear, throttle FROM ${lake.outputs.warehouse_table}`)).rows;
const number = (row: readonly unknown[]) => row.map(Number);

describe("a processor that fails", () => {
  it.each([
    "throws",
    "times out",
    "answers fewer",
    "answers unknown ids",
    "answers more than 6 MB",
    "answers no base64",
  ])(
    "(%s) lets none of its records be lost",
    async (fault) => {
      const before = lake.count(`firehose:${lake.outputs.raw_delivery_stream}`, "processing_failed");
      await send(fault);
      await lake.settle();
      const after = lake.count(`firehose:${lake.outputs.raw_delivery_stream}`, "processing_failed");
      expect(after - before).toBe(BATCH);
    },
    120_000,
  );

  it("and works again has cost nobody else a record, and the summary says why each was rejected", async () => {
    await send();
    await lake.settle();
    const lines = await summary();
    expect(
      about(lines, /^rejected /).map((line) => line.replace(/\(\d+ bytes\) exceeded/, "(N bytes) exceeded")),
    ).toEqual([
      'rejected 40: Lambda.FunctionError: The Lambda function was successfully invoked but it returned an error result. {"errorMessage": "the processor is broken", "errorType": "Runtime.HandlerError"}',
      "rejected 40: Lambda.FunctionTimedOut: The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
      "rejected 40: Lambda.MissingRecordId: One or more record IDs were missing. Verify that the Lambda function returns all received record IDs.",
      "rejected 40: Lambda.InvalidRecordId: The Lambda function returned record IDs that it did not receive.",
      "rejected 40: Lambda.FunctionError: Response payload size (N bytes) exceeded maximum allowed payload size (6291456 bytes).",
      "rejected 40: Lambda.JsonProcessingException: The Lambda function returned no base64 data for the record",
    ]);
    const laps = given.filter(fast()).length;
    expect(about(lines, /^(NO|ok) {2}/)).toEqual([
      "ok  every record sent was accepted (280 of 280)",
      "ok  every accepted record is in the raw bucket once or under its error prefix (40 + 240)",
      "NO  no record was rejected (240)",
      "ok  every raw record has its EXTRA2 (40 of 40)",
      "ok  the analytics application read every accepted record once and understood it (280)",
      `ok  each was selected or filtered (${laps} + ${280 - laps})`,
      `ok  every selected record was delivered (${laps})`,
      `ok  every selected record arrived (${laps})`,
    ]);
  }, 120_000);
});

describe("a warehouse that is away", () => {
  it("and comes back has every record, as often as it was sent", async () => {
    const cluster = lake.outputs.warehouse_cluster!;
    const reachable = (how: string) => aws("redshift", "modify-cluster", "--cluster-identifier", cluster, how);
    const place = `firehose:${lake.outputs.processed_delivery_stream}`;
    await reachable("--no-publicly-accessible");
    await send();
    while (lake.count(place, "copy_failures") === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await reachable("--publicly-accessible");
    await lake.settle();
    expect(multiset((await rows()).map(number))).toEqual(multiset(given.filter(fast()).map(rowOf)));
    const lines = await summary();
    const laps = given.filter(fast()).length;
    expect(about(lines, /^Firehose, processed/)).toEqual([
      expect.stringMatching(
        new RegExp(`delivered ${laps} .* copy failures [1-9]\\d* · loaded ${laps} · abandoned 0 · retried [1-9]\\d*$`),
      ),
    ]);
    expect(about(lines, /arrived/)).toEqual([`ok  every selected record arrived (${laps})`]);
  }, 120_000);
});

describe("a COPY that fails until Firehose gives up", () => {
  it("leaves its files, named by a manifest, and the summary finds every record in them", async () => {
    const table = lake.outputs.warehouse_table!;
    const before = (await rows()).length;
    await sql(lake, `ALTER TABLE ${table} RENAME TO elsewhere`);
    const laps = (await send()).filter(fast()).length;
    await lake.settle();
    await sql(lake, `ALTER TABLE ${table.replace(/[^.]+$/, "elsewhere")} RENAME TO ${table.split(".").at(-1)}`);
    expect((await rows()).length).toBe(before);
    const lines = await summary();
    expect(about(lines, /arrive/)).toEqual([
      `NO  every selected record arrived (${before})`,
      `ok  none is lost: the files of what did not arrive are named by manifests under errors/manifests (${laps})`,
    ]);
    expect(about(lines, /^Firehose, processed/)).toEqual([
      expect.stringMatching(new RegExp(` · abandoned ${laps} · `)),
    ]);
  }, 120_000);
});
