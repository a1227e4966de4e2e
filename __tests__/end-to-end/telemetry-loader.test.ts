import { readFileSync } from "node:fs";
import type { EmitResult } from "../../cli/emit";
import { follow, type LoaderOutputs, plan, startReplay } from "../../cli/loads";
import { settleLoads } from "../../cli/up/loads";
import { sumUpTelemetry } from "../../cli/up/telemetry";
import { Applied, changesOf, type Outputs } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { fast, multiset, recordsOf, rowOf, sql } from "./support/records";
import { synthesizeWith } from "./support/synthesized";

const STACK = "telemetry-warehouse";
const RECORDS = 1500;
const SEED = 11;

let warehouse: Applied;
let aws: AwsCommand;
let synthesized: string;

/** Tests of this file go on from one another: one stack, from an empty account to an empty account. */
beforeAll(async () => {
  const settings = { warehouse: { delivery: "loader" } };
  [synthesized, warehouse] = await Promise.all([synthesizeWith(settings), Applied.start(STACK, 60)]);
  aws = await awsCommand(warehouse.gateway);
}, 600_000);

afterAll(() => warehouse?.stop());

const never = new AbortController().signal;
const silent = () => undefined;
const outputs = () => warehouse.outputs as Outputs & LoaderOutputs;
const client = () => warehouse.gateway.aws.internal;
const rows = async (columns: string) =>
  (await sql(warehouse, `SELECT ${columns} FROM ${outputs().warehouse_table}`)).rows;
const laps = async () => multiset(await rows("speed, rpm, gear, throttle"));
const EXPECTED = multiset(recordsOf(RECORDS, SEED).filter(fast()).map(rowOf));

async function settle(): Promise<void> {
  await warehouse.settle();
  await settleLoads(warehouse.gateway, outputs(), silent, never);
}

/** The hours that fast laps were loaded into, from the first to behind the last. */
async function loadedHours() {
  const [times] = await rows("CAST(MIN(source_hour) AS VARCHAR), CAST(DATEADD(hour, 1, MAX(source_hour)) AS VARCHAR)");
  const [from, to] = times!.map((time) => String(time).replace(" ", "T").slice(0, 13)) as [string, string];
  return { table: outputs().warehouse_table!.split(".")[1]!, from, to };
}

describe("telemetry-warehouse with delivery loader", () => {
  it("is applied, and planned again without a change", async () => {
    const terraform = await warehouse.apply(synthesized);
    expect(changesOf(await terraform.plan())).toEqual([]);
  }, 600_000);

  it("has every fast lap in its table once, by a loader behind Firehose, with counts that add up at every hop", async () => {
    await warehouse.startAnalytics();
    const sent: EmitResult = await warehouse.send(RECORDS, SEED);
    await settle();
    const { checks, hops } = await sumUpTelemetry(warehouse.gateway.aws, outputs(), sent, SEED);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(await laps()).toEqual(EXPECTED);
    // Firehose stopped at the bucket.
    expect(hops.find(({ name }) => name === "Firehose, processed")!.counts).not.toHaveProperty("copies");
    const { files, ...ends } = hops.find(({ name }) => name === "loader")!.counts;
    expect(files).toBeGreaterThan(0);
    expect(ends).toEqual({ loaded: files, rejected: 0, superseded: 0, loading: 0, dead_letters: 0 });
    const [counted = []] = await rows("COUNT(*), SUM(CASE WHEN source_hour IS NULL THEN 1 ELSE 0 END)");
    expect(counted.map(Number)).toEqual([EXPECTED.length, 0]);
  }, 300_000);

  it("records in the warehouse the files and rows that were loaded", async () => {
    const recorded = await sql(
      warehouse,
      `SELECT SUM(rows) FROM redstream.loads WHERE state = 'loaded' AND table_name = '${outputs().warehouse_table}'`,
    );
    expect(Number(recorded.rows[0]![0])).toBe(EXPECTED.length);
  });

  it("gives the same table when its hours are loaded again, twice", async () => {
    const span = await loadedHours();
    expect(await plan(client(), outputs(), span)).toMatchObject({ table: span.table, restore: { files: 0 } });
    for (const _ of ["once", "twice"]) {
      const loaded = follow(client(), await startReplay(client(), outputs(), span), never);
      await expect(loaded).resolves.toMatchObject({ rows: EXPECTED.length });
      expect(await laps()).toEqual(EXPECTED);
    }
  }, 180_000);

  it("leaves nothing when it is destroyed", async () => {
    const { terraform, taken } = warehouse.take(synthesized);
    await terraform.destroy();
    expect(JSON.parse(readFileSync(taken.prepared.state, "utf8")).resources).toEqual([]);
    expect(await leftovers(warehouse, aws)).toEqual(NOTHING);
  }, 600_000);
});
