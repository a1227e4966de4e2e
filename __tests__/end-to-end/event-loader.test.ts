import { gunzipSync, gzipSync } from "node:zlib";
import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import {
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { EmitResult } from "../../cli/emit";
import type { EventStream } from "../../cli/emit/events";
import { check, follow, loaderOf, plan, problemsOf, startReplay } from "../../cli/loads";
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
let sent: Record<EventStream, EmitResult>;

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
    sent = await sendEvents(stacks.events, stacks.outputs, { records: EVENTS, rate: 0, seed: SEED, ...quiet });
    await stacks.settle();
    const counts = async () =>
      (await sumUpEvents(stacks, stacks.outputs, sent, SEED)).hops.map((hop) => [hop.name, hop.counts.rows]);
    expect(await counts()).toContainEqual(["table public.utm", 0]);
    await put(trust);
    await settle();
    const { checks } = await sumUpEvents(stacks, stacks.outputs, sent, SEED);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    // With six each the summary has looked at the rows themselves, and at the copy; one is the loader's.
    expect(checks).toHaveLength(13);
    expect(checks.map(({ says }) => says)).toContain(
      `utm: every accepted event is a row of the copy event_lake.utm once (${EVENTS})`,
    );
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
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const trust = decodeURIComponent(Role!.AssumeRolePolicyDocument!);
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const redshift = new RedshiftDataClient(stacks.warehouse.internal);
    await expect(
      query(redshift, warehouseOf(stacks.outputs)!, "SELECT COUNT(*) FROM event_lake.events"),
    ).rejects.toThrow("external table event_lake.events cannot be read: ");
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust }));
  }, 60_000);
});

const never = new AbortController().signal;
const loader = () => loaderOf({ stack: "event-monitor", outputs: { ...stacks.outputs } });
const rows = async (sql: string) =>
  (await query(new RedshiftDataClient(stacks.warehouse.internal), warehouseOf(stacks.outputs)!, sql)).rows;
const count = async (where = "TRUE") =>
  Number((await rows(`SELECT COUNT(*) FROM public.events WHERE ${where}`))[0]![0]);

/** The hours that user events were loaded into, from the first to behind the last. */
async function loadedHours() {
  const [[first, last] = []] = await rows(
    "SELECT CAST(MIN(source_hour) AS VARCHAR), CAST(DATEADD(hour, 1, MAX(source_hour)) AS VARCHAR) FROM public.events",
  );
  const [from, to] = [first, last].map((time) => String(time).replace(" ", "T").slice(0, 13)) as [string, string];
  return { table: "events", from, to };
}

async function replay(table = "events") {
  const span = { ...(await loadedHours()), table };
  const { internal } = stacks.events;
  return follow(internal, await startReplay(internal, loader(), span), never);
}

describe("replay of hours that were loaded", () => {
  it("plans with the files of these hours alone, and with none of the hour before", async () => {
    const span = await loadedHours();
    const planned = await plan(stacks.events.internal, loader(), span);
    expect(planned).toMatchObject({ table: "events", restore: { files: 0 } });
    expect(planned.hours[0]).toBe(span.from);
    const before = new Date(Date.parse(`${span.from}:00:00Z`) - 3_600_000).toISOString().slice(0, 13);
    await expect(
      plan(stacks.events.internal, loader(), { table: "events", from: before, to: span.from }),
    ).resolves.toMatchObject({ hours: [], files: 0 });
  }, 60_000);

  it("gives the same tables when it is done twice: every event once, by count and checksum", async () => {
    for (const _ of ["once", "twice"]) await expect(replay()).resolves.toMatchObject({ rows: EVENTS });
    await expect(replay("utm")).resolves.toMatchObject({ rows: EVENTS });
    const { checks } = await sumUpEvents(stacks, stacks.outputs, sent, SEED);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(checks.map(({ says }) => says)).toContain("user: the rows are the events that were sent, by checksum");
  }, 180_000);

  it("replaces the rows of a file that was fixed, and leaves the rest", async () => {
    const s3 = new S3Client(stacks.events.internal);
    const Bucket = stacks.outputs.event_bucket;
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "events/" }));
    const Key = Contents[0]!.Key!;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const lines = gunzipSync(Buffer.from(await Body!.transformToByteArray()))
      .toString()
      .trim()
      .split("\n");
    const fixed = lines.map((line) => `${JSON.stringify({ ...JSON.parse(line), topic: "fixed" })}\n`).join("");
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: gzipSync(fixed) }));
    await settle();
    // A new version is a new load; the old one's rows go when the hour is loaded again.
    expect(await count()).toBe(EVENTS + lines.length);
    await expect(replay()).resolves.toMatchObject({ rows: EVENTS });
    expect([await count(), await count("topic = 'fixed'"), await count("source_hour IS NULL")]).toEqual([
      EVENTS,
      lines.length,
      0,
    ]);
  }, 180_000);

  it("leaves a table that a monitor is content with, by the loads that the warehouse recorded", async () => {
    const health = await check(new RedshiftDataClient(stacks.warehouse.internal), warehouseOf(stacks.outputs)!, {
      table: "events",
      recorded: true,
      rejects: 0,
      now: new Date(),
    });
    expect(health).toMatchObject({ rows: EVENTS, timeColumn: "request_timestamp" });
    expect(Date.now() - health.newestLoad!.getTime()).toBeLessThan(600_000);
    expect(problemsOf(health)).toEqual([]);
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
