import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
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
  const synthesized = await synthesizeWith({ events: { delivery: "loader" } });
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
});

describe("both stacks, destroyed", () => {
  it("leave no bucket in either account", async () => {
    for (const stack of [...EVENT_STACKS].reverse()) await stacks.terraform(stack).destroy();
    for (const { internal } of [stacks.events, stacks.warehouse]) {
      expect((await new S3Client(internal).send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    }
  }, 300_000);
});
