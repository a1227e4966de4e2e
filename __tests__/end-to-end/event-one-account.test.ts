import { readFileSync } from "node:fs";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { query, warehouseOf } from "../../cli/query";
import { sendEvents, sumUpEvents } from "../../cli/up/events";
import { changesOf } from "./support/applied";
import { awsCommand } from "./support/aws-command";
import { EVENT_STACKS, EventStacks } from "./support/event-stacks";
import { leftovers, NOTHING } from "./support/leftovers";
import { synthesizeWith } from "./support/synthesized";

const SEED = 13;
const EVENTS = 200;

let stacks: EventStacks;

beforeAll(async () => {
  stacks = await EventStacks.start(await synthesizeWith({ events: { accounts: "same", lakeFormat: "parquet" } }), 60);
  await stacks.apply();
}, 600_000);
afterAll(() => stacks?.stop());

describe("event-monitor and event-warehouse, in one account", () => {
  it("stand in the run's own account, both", () => {
    expect(stacks.events.accountId).toBe(stacks.warehouse.accountId);
  });

  it.each(EVENT_STACKS)(
    "of %s a second plan finds nothing to do",
    async (stack) => {
      expect(changesOf(await stacks.terraform(stack).plan())).toEqual([]);
    },
    180_000,
  );

  it("carry every event of both streams to its table and to the copy that is queried, once", async () => {
    const quiet = { signal: new AbortController().signal, progress: () => undefined };
    const sent = await sendEvents(stacks.events, stacks.outputs, { records: EVENTS, rate: 0, seed: SEED, ...quiet });
    await stacks.settle();
    const { checks } = await sumUpEvents(stacks, stacks.outputs, sent, SEED);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    // With six each the summary has looked at the rows themselves, and at the copy.
    expect(checks).toHaveLength(12);
  }, 180_000);

  it("let a person load what Firehose gave up on, by the warehouse's own role", async () => {
    const redshift = new RedshiftDataClient(stacks.warehouse.internal);
    const sql = (statement: string) => query(redshift, warehouseOf(stacks.outputs)!, statement);
    const { warehouse_copy_role_arn: role, event_bucket: bucket } = stacks.outputs;
    await sql(`COPY public.utm (request_id) FROM 's3://${bucket}/utm/' IAM_ROLE '${role}' json 'auto' TRUNCATECOLUMNS`);
    expect((await sql("SELECT COUNT(*) FROM public.utm")).rows).toEqual([[2 * EVENTS]]);
  }, 60_000);

  it("leave nothing when they are destroyed", async () => {
    for (const stack of [...EVENT_STACKS].reverse()) {
      await stacks.terraform(stack).destroy();
      expect(JSON.parse(readFileSync(stacks.state(stack), "utf8")).resources).toEqual([]);
    }
    expect(await leftovers(stacks, await awsCommand(stacks.gateway))).toEqual(NOTHING);
  }, 300_000);
});
