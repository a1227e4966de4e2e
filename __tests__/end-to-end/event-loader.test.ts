import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { query, warehouseOf } from "../../cli/query";
import { sendEvents, sumUpEvents } from "../../cli/up/events";
import { hasLoads, settleLoads } from "../../cli/up/loads";
import { changesOf } from "./support/applied";
import { EVENT_STACKS, EventStacks } from "./support/event-stacks";
import { synthesizeWith } from "./support/synthesized";

/** 60 s of AWS's time take one. */
const SPEED = 60;
const EVENTS = 200;
const SEED = 11;

let stacks: EventStacks;
let bucketRole: string;

beforeAll(async () => {
  const synthesized = await synthesizeWith({ events: { delivery: "loader", lakeFormat: "parquet" } });
  stacks = await EventStacks.start(synthesized, SPEED);
  await stacks.apply();
  bucketRole = stacks.roleAt("event-monitor", "reader_role");
}, 600_000);
afterAll(() => stacks?.stop());

const quiet = { signal: new AbortController().signal, progress: () => undefined };

async function settle(): Promise<void> {
  await stacks.settle();
  if (!hasLoads(stacks.outputs)) throw new Error("the stacks have no loader");
  const { events, gateway, outputs } = stacks;
  await settleLoads({ aws: events, failure: gateway.failure }, outputs, quiet.progress, quiet.signal);
}

describe("event-monitor with delivery loader, in two accounts", () => {
  it.each(EVENT_STACKS)(
    "of %s a second plan finds nothing to do",
    async (stack) => {
      expect(changesOf(await stacks.terraform(stack).plan())).toEqual([]);
    },
    180_000,
  );

  it("loads every event of both streams once, through the chain of roles, also after the chain was broken for a while", async () => {
    const iam = new IAMClient(stacks.events.internal);
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: bucketRole }));
    const trust = decodeURIComponent(Role!.AssumeRolePolicyDocument!);
    const put = (PolicyDocument: string) =>
      iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: bucketRole, PolicyDocument }));
    // The role now asks for another database user.
    const other = trust.replace(/dbuser:[^"]+/, "dbuser:another/IAMR:another");
    expect(other).not.toBe(trust);
    await put(other);
    const sent = await sendEvents(stacks.events, stacks.outputs, { records: EVENTS, rate: 0, seed: SEED, ...quiet });
    await stacks.settle();
    const loaded = async () => (await sumUpEvents(stacks, stacks.outputs, sent, SEED)).hops.at(-1)!.counts.rows;
    expect(await loaded()).toBe(0);
    await put(trust);
    await settle();
    const { checks } = await sumUpEvents(stacks, stacks.outputs, sent, SEED);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(checks).toHaveLength(10);
  }, 240_000);

  it("answers queries of the copy in Parquet, which lies in the other account, with every event that was sent", async () => {
    const redshift = new RedshiftDataClient(stacks.warehouse.internal);
    const rowsOf = async (sql: string) => (await query(redshift, warehouseOf(stacks.outputs)!, sql)).rows;
    for (const table of ["events", "utm"]) {
      expect(await rowsOf(`SELECT COUNT(*), COUNT(DISTINCT request_id) FROM event_lake.${table}`)).toEqual(
        await rowsOf(`SELECT COUNT(*), COUNT(DISTINCT request_id) FROM public.${table}`),
      );
    }
    expect(await rowsOf("SELECT COUNT(*) FROM event_lake.events")).toEqual([[EVENTS]]);
    expect(
      await rowsOf(
        "SELECT COUNT(*) FROM event_lake.events f JOIN public.events l ON l.request_id = f.request_id AND l.request_timestamp = CAST(f.request_timestamp AS TIMESTAMP)",
      ),
    ).toEqual([[EVENTS]]);
  }, 60_000);

  it("answers none once the role at the end of the chain admits nobody, and says so", async () => {
    const iam = new IAMClient(stacks.events.internal);
    const RoleName = stacks.roleAt("event-monitor", "lake_reader_role");
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const redshift = new RedshiftDataClient(stacks.warehouse.internal);
    await expect(
      query(redshift, warehouseOf(stacks.outputs)!, "SELECT COUNT(*) FROM event_lake.events"),
    ).rejects.toThrow("external table event_lake.events cannot be read: ");
  }, 60_000);
});

describe("both stacks, destroyed", () => {
  it("leave no bucket in either account", async () => {
    for (const stack of [...EVENT_STACKS].reverse()) await stacks.terraform(stack).destroy();
    for (const { internal } of [stacks.events, stacks.warehouse]) {
      expect((await new S3Client(internal).send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    }
  }, 300_000);
});
