import { readFileSync } from "node:fs";
import { FirehoseClient, ListDeliveryStreamsCommand } from "@aws-sdk/client-firehose";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { GetBucketPolicyCommand, ListBucketsCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import {
  GetResourcePolicyCommand,
  ListSecretsCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { generatedRecords, putAll } from "../../cli/emit/events";
import { type Answer, query, warehouseOf } from "../../cli/query";
import { sendEvents, sumUpEvents } from "../../cli/up/events";
import { jsonCall } from "../../local/json-call";
import { changesOf } from "./support/applied";
import { EVENT_STACKS, EventStacks } from "./support/event-stacks";
import { synthesizeWith } from "./support/synthesized";

/** 60 s of AWS's time take one: Firehose's buffer of five minutes is over in five seconds. */
const SPEED = 60;
const SEED = 7;
const EVENTS = 300;

let stacks: EventStacks;

beforeAll(async () => {
  stacks = await EventStacks.start(await synthesizeWith(), SPEED);
  await stacks.apply();
}, 600_000);
afterAll(() => stacks?.stop());

async function sql(statement: string): Promise<Answer["rows"]> {
  const client = new RedshiftDataClient(stacks.warehouse.internal);
  return (await query(client, warehouseOf(stacks.outputs)!, statement)).rows;
}

const count = async (table: string) => Number((await sql(`SELECT COUNT(*) FROM ${table}`))[0]![0]);

describe("event-monitor and event-warehouse, in two accounts", () => {
  it.each(EVENT_STACKS)(
    "of %s a second plan finds nothing to do",
    async (stack) => {
      expect(changesOf(await stacks.terraform(stack).plan())).toEqual([]);
    },
    120_000,
  );

  it("stand in an account each", async () => {
    const { events, warehouse } = stacks;
    expect(events.accountId).not.toBe(warehouse.accountId);
    const streams = async ({ internal }: typeof events) =>
      (await new KinesisClient(internal).send(new ListStreamsCommand({}))).StreamNames?.length;
    expect([await streams(events), await streams(warehouse)]).toEqual([2, 0]);
  });

  it("carry every event of both streams to its table, once, with counts that add up at every hop", async () => {
    const quiet = { signal: new AbortController().signal, progress: () => undefined };
    const sent = await sendEvents(stacks.events, stacks.outputs, { records: EVENTS, rate: 0, seed: SEED, ...quiet });
    await stacks.settle();
    const { checks } = await sumUpEvents(stacks, stacks.outputs, sent, SEED);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    // With five each the summary has looked at the rows themselves.
    expect(checks).toHaveLength(10);
  }, 120_000);

  it("keep a message as the document it was, and both tables join on the request", async () => {
    const [first] = generatedRecords("user", SEED, 1);
    const { request_id, message } = JSON.parse(first!.data.toString());
    const rows = await sql(
      `SELECT e.message, e.website_id, u.medium FROM public.events e JOIN public.utm u ON u.request_id = e.request_id WHERE e.request_id = '${request_id}'`,
    );
    expect(rows).toEqual([[message, null, "cpc"]]);
    expect(JSON.parse(message)).toHaveProperty("note", 'the "best" \\ caf\u00e9');
  });
});

describe("a role of the warehouse's account", () => {
  /** As a person loads what Firehose gave up on. */
  const copy = () =>
    sql(
      `COPY public.utm (request_id) FROM 's3://${stacks.outputs.event_bucket}/utm/' IAM_ROLE '${stacks.outputs.warehouse_copy_role_arn}' json 'auto' TRUNCATECOLUMNS`,
    );

  it("reads the bucket of the other account, as the bucket, its key and the role's own rights say", async () => {
    const before = await count("public.utm");
    await copy();
    expect(await count("public.utm")).toBe(before + EVENTS);
  });

  it("does not without the statement in the bucket's policy", async () => {
    const s3 = new S3Client(stacks.events.internal);
    const Bucket = stacks.outputs.event_bucket;
    const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: without(Policy!, "RolesOfAnotherAccountRead") }));
    await expect(copy()).rejects.toThrow(/Access ?Denied/);
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await expect(copy()).resolves.toBeDefined();
  });

  it("does not without the statement in the key's policy", async () => {
    const restore = await takeOutOfKey(stacks.events, "Events");
    await expect(copy()).rejects.toThrow(/Access ?Denied/);
    await restore();
    await expect(copy()).resolves.toBeDefined();
  });
});

describe("a delivery to the warehouse of another account", () => {
  const place = () => `firehose:${stacks.outputs.user_delivery_stream}`;
  const failures = () => stacks.events.meter.read(place(), "copy_failures");
  /** Events that were not sent before. */
  const put = (seed: number) =>
    putAll({
      client: new KinesisClient(stacks.events.internal),
      stream: stacks.outputs.user_stream,
      records: generatedRecords("user", seed, 20),
      count: 20,
    });
  /** Puts events until a load fails: Firehose keeps a secret that it has read for ten minutes. Answers how many were put. */
  const putUntilRefused = async (firstSeed: number) => {
    const before = failures();
    let rounds = 0;
    while (failures() === before) {
      if (rounds === 60) throw new Error("a minute of loads went through, and none should have");
      await put(firstSeed + rounds++);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    return 20 * rounds;
  };

  it("waits while the secret's policy does not admit its role, and loses nothing", async () => {
    const rows = await count("public.events");
    const secrets = new SecretsManagerClient(stacks.warehouse.internal);
    const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}));
    const SecretId = SecretList.find(({ Name }) => Name?.endsWith("-loader"))!.ARN!;
    const { ResourcePolicy } = await secrets.send(new GetResourcePolicyCommand({ SecretId }));
    await secrets.send(
      new PutResourcePolicyCommand({ SecretId, ResourcePolicy: without(ResourcePolicy!, "RolesOfAnotherAccountRead") }),
    );
    const sent = await putUntilRefused(100);
    expect(await count("public.events")).toBeLessThan(rows + sent);
    await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
    await stacks.settle();
    expect(await count("public.events")).toBe(rows + sent);
  }, 120_000);

  it("waits while the warehouse's key does not admit its role, and loses nothing", async () => {
    const rows = await count("public.events");
    const restore = await takeOutOfKey(stacks.warehouse, "Warehouse of the events");
    const sent = await putUntilRefused(200);
    expect(await count("public.events")).toBeLessThan(rows + sent);
    await restore();
    await stacks.settle();
    expect(await count("public.events")).toBe(rows + sent);
  }, 120_000);
});

describe("both stacks, destroyed", () => {
  it("leave nothing in either account", async () => {
    for (const stack of [...EVENT_STACKS].reverse()) {
      await stacks.terraform(stack).destroy();
      expect(JSON.parse(readFileSync(stacks.state(stack), "utf8")).resources).toEqual([]);
    }
    for (const { internal } of [stacks.events, stacks.warehouse]) {
      expect((await new S3Client(internal).send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
      expect((await new KinesisClient(internal).send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
      expect((await new FirehoseClient(internal).send(new ListDeliveryStreamsCommand({}))).DeliveryStreamNames).toEqual(
        [],
      );
      expect((await new IAMClient(internal).send(new ListRolesCommand({}))).Roles ?? []).toEqual([]);
      expect((await new SecretsManagerClient(internal).send(new ListSecretsCommand({}))).SecretList).toEqual([]);
    }
  }, 300_000);
});

/** A policy without the statement of this name; that it had one is part of every test. */
function without(policy: string, sid: string): string {
  const parsed = JSON.parse(policy) as { Statement: readonly { readonly Sid?: string }[] };
  const Statement = parsed.Statement.filter(({ Sid }) => Sid !== sid);
  expect(Statement).toHaveLength(parsed.Statement.length - 1);
  // A policy must have a statement, so nobody is admitted by one that admits nobody.
  const nobody = {
    Sid: "Nobody",
    Effect: "Deny",
    Principal: { AWS: "*" },
    Action: "secretsmanager:DeleteSecret",
    Resource: "*",
  };
  return JSON.stringify({ ...parsed, Statement: Statement.length > 0 ? Statement : [nobody] });
}

/** Takes the statement for the other account out of the policy of the key with this description; answers what puts it back. */
async function takeOutOfKey({ internal }: EventStacks["events"], description: string): Promise<() => Promise<unknown>> {
  const kms = <A>(action: string, input: object) => jsonCall<A>(internal, "kms", `TrentService.${action}`, input);
  const { Keys } = await kms<{ Keys: { KeyId: string }[] }>("ListKeys", {});
  for (const { KeyId } of Keys) {
    const { KeyMetadata } = await kms<{ KeyMetadata: { Description: string } }>("DescribeKey", { KeyId });
    if (KeyMetadata.Description !== description) continue;
    const { Policy } = await kms<{ Policy: string }>("GetKeyPolicy", { KeyId, PolicyName: "default" });
    const put = (policy: string) => kms("PutKeyPolicy", { KeyId, PolicyName: "default", Policy: policy });
    await put(without(Policy, "RolesOfAnotherAccountRead"));
    return () => put(Policy);
  }
  throw new Error(`no key is described as ${description}`);
}
