import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
  type Role,
} from "@aws-sdk/client-iam";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { CopyObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import {
  check,
  follow,
  linesOfPlan,
  linesOfReject,
  plan,
  problemsOf,
  redrive,
  rejectsOf,
  retry,
  startReplay,
} from "../../cli/loads";
import { warehouseOf } from "../../cli/query";
import { type FilesOutputs, type PutFile, putFiles, settleFiles, sumUpFiles } from "../../cli/up/files";
import { messagesIn, statesOf } from "../../cli/up/files/ledger";
import { parquetOf } from "../../cli/up/files/parquet";
import { Applied, changesOf } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { multiset, sql } from "./support/records";
import { synthesizeWith } from "./support/synthesized";

const STACK = "s3-loader";
/** Batches gather for half a second, what failed comes again after seven, and the schedule's sweep comes in no test's way. */
const SETTINGS = {
  loader: { maxWaitSeconds: 30, timeoutSeconds: 60, sweepMinAgeSeconds: 0, sweepEveryMinutes: 1440 },
};
const SPEED = 60;

let loader: Applied;
let aws: AwsCommand;
let synthesized: string;
let outputs: FilesOutputs;

beforeAll(async () => {
  [synthesized, loader] = await Promise.all([synthesizeWith(SETTINGS), Applied.start(STACK, SPEED)]);
  aws = await awsCommand(loader.gateway);
}, 600_000);

afterAll(() => loader?.stop());

const client = () => loader.gateway.aws.internal;
const never = new AbortController().signal;
const silent = () => undefined;
const settle = (files: readonly PutFile[]) => settleFiles(loader.gateway, outputs, files, silent, never);
const rowsOf = async (where = "TRUE") =>
  (await sql(loader, `SELECT kpi, CAST(measured_on AS VARCHAR), region, value FROM public.kpis WHERE ${where}`)).rows;
const HOUR = (hour: string) => `source_hour = '2026-11-20 ${hour}:00:00'`;

/** Puts an object and answers it as something that can be waited for. */
async function put(key: string, body: Buffer | string): Promise<PutFile> {
  const { VersionId: version = "" } = await new S3Client(client()).send(
    new PutObjectCommand({ Bucket: outputs.loader_bucket, Key: key, Body: Buffer.from(body) }),
  );
  return { key, version, bytes: body.length, table: key.split("/")[0]!, rows: [] };
}

async function statesBy(files: readonly PutFile[]) {
  const place = { ledger: outputs.loader_ledger, bucket: outputs.loader_bucket };
  const states = await statesOf(client(), place, files);
  return new Map(states.map(({ key, state, reason }) => [key, { state, reason }]));
}

describe("s3-loader", () => {
  it("is planned as a fresh state, applied by its saved plan, and planned again without a change", async () => {
    const { terraform } = loader.take(synthesized);
    await terraform.init();
    await terraform.validate();
    const { changes } = await terraform.plan(loader.scratch("saved.tfplan"));
    expect(changes.filter(({ actions }) => actions.join() !== "create")).toEqual([]);
    await terraform.apply(loader.scratch("saved.tfplan"));
    await loader.readOutputs(terraform);
    outputs = loader.outputs as unknown as FilesOutputs;
    expect(changesOf(await terraform.plan())).toEqual([]);
  }, 600_000);
});

describe("files put into the bucket", () => {
  it("are in their tables once, the bad ones set aside, and the counts add up at every hop", async () => {
    const sent = await putFiles(loader.gateway.aws, outputs, { records: 2000, seed: 7, signal: never });
    await settle(sent.files);
    const { checks, hops } = await sumUpFiles(loader.gateway.aws, outputs, sent);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    const counts = Object.fromEntries(hops.map(({ name, counts }) => [name, counts]));
    // Many files go into one COPY.
    expect(counts.loads!.loads).toBeLessThan(counts.loads!.files!);
  }, 180_000);

  it("are set aside with the reason where they cannot be loaded, whatever their keys are, and the rest loads", async () => {
    const line = "orders,2026-11-20,eu,1.5\n";
    const at = "kpis/2026/11/20/05";
    const loaded: readonly (readonly [string, string])[] = [
      [`${at}/with spaces.csv`, line],
      [`${at}/a+b&c=d.csv`, line],
      [`${at}/"quoted" 'twice'.csv`, line],
      [`${at}/größe-日本.csv`, line],
      [`${at}/percent%41.csv`, line],
      [`${at}/../up.csv`, line],
      [`${at}/crlf.csv`, "orders,2026-11-20,eu,1.5\r\nreturns,2026-11-20,us,2.5\r\n"],
      [`${at}/bom.csv`, `\uFEFF${line}`],
    ];
    const whole = gzipSync(
      Buffer.from('{"view_id":"x","page":"/","viewed_at":"2026-11-20 05:00:00","duration_ms":1}\n'.repeat(99)),
    );
    const parquet = await parquetOf(
      [
        ["sensor_id", "INTEGER"],
        ["read_at", "TIMESTAMP"],
        ["celsius", "VARCHAR"],
      ],
      [[1, "2026-11-20 05:00:00", "warm"]],
    );
    const rejected: readonly (readonly [string, string | Buffer, RegExp])[] = [
      ["without-slash.csv", line, /^its key has no slash/],
      [
        "elsewhere/f.csv",
        line,
        /^its key's first part names no table of the list, which has kpis, page_views, sensors$/,
      ],
      ['kpis"; DROP TABLE x; --/f.csv', line, /^its key's first part names no table/],
      [`${at}/empty.csv`, "", /^the object is empty$/],
      ["page_views/2026/11/20/05/cut.json.gz", whole.subarray(0, whole.length - 12), /GZIP/i],
      [`${at}/columns missing.csv`, "orders,2026-11-20,eu\n", /\w/],
      [`${at}/long line.csv`, `${"x".repeat(10 * 1024 * 1024)},2026-11-20,eu,1\n`, /\w/],
      ["sensors/2026/11/20/05/wrong type.parquet", parquet, /celsius/],
    ];
    const files = await Promise.all([...loaded, ...rejected].map(([key, body]) => put(key, body)));
    await settle(files);

    const states = await statesBy(files);
    const wrong = [
      ...loaded.filter(([key]) => states.get(key)?.state !== "loaded").map(([key]) => [key, states.get(key)]),
      ...rejected
        .filter(
          ([key, , reason]) => states.get(key)?.state !== "rejected" || !reason.test(states.get(key)?.reason ?? ""),
        )
        .map(([key]) => [key, states.get(key)]),
    ];
    expect(wrong).toEqual([]);
    const good = ["orders", "2026-11-20", "eu", 1.5];
    expect(multiset(await rowsOf(HOUR("05")))).toEqual(
      multiset([...loaded.map(() => good), ["returns", "2026-11-20", "us", 2.5]]),
    );
  }, 180_000);

  it("tell where in the file the fault is, and load after a fix by a retry", async () => {
    const long = "k".repeat(100);
    const file = await put("kpis/2026/11/20/06/long name.csv", `orders,2026-11-20,eu,1\n${long},2026-11-20,eu,2\n`);
    await settle([file]);
    const filter = { table: "kpis", prefix: file.key };
    const found = [];
    for await (const reject of rejectsOf(client(), outputs, filter)) found.push(reject);
    expect(found).toMatchObject([{ version: file.version, reason: { line: 2, column: "kpi" } }]);
    expect(linesOfReject(found[0]!).join("\n")).toMatch(
      /kpis {2}"kpis\/2026\/11\/20\/06\/long name\.csv" {2}version \S+\n {4}line 2, column kpi, \w/,
    );

    await sql(loader, "ALTER TABLE public.kpis ALTER COLUMN kpi TYPE VARCHAR(128)");
    expect(await retry(client(), outputs, filter)).toBe(1);
    await until(async () => (await statesBy([file])).get(file.key)?.state === "loaded");
    expect(multiset(await rowsOf(HOUR("06")))).toEqual(
      multiset([
        ["orders", "2026-11-20", "eu", 1],
        [long, "2026-11-20", "eu", 2],
      ]),
    );
    expect(await retry(client(), outputs, filter)).toBe(0);
  }, 120_000);

  it("are found by the sweep where their event was lost", async () => {
    const file = await withoutEvents(() => put("kpis/2026/11/20/07/missed.csv", "orders,2026-11-20,eu,7\n"));
    const machines = new SFNClient(client());
    const { executionArn } = await machines.send(
      new StartExecutionCommand({ stateMachineArn: outputs.sweep_state_machine, input: "{}" }),
    );
    await settle([file]);
    expect(multiset(await rowsOf(HOUR("07")))).toEqual(multiset([["orders", "2026-11-20", "eu", 7]]));
    const { status, output } = await machines.send(new DescribeExecutionCommand({ executionArn }));
    expect([status, JSON.parse(output!).queued]).toEqual(["SUCCEEDED", 1]);
  }, 120_000);
});

describe("files that nothing can be done about for long", () => {
  const loads = async () => Number((await sql(loader, "SELECT COUNT(*) FROM redstream.loads")).rows[0]![0]);
  const dead = () => messagesIn(client(), outputs.loader_dead_letter_url);
  let files: PutFile[];
  let giveBack: () => Promise<void>;

  it("come to rest in the dead-letter queue, which the alarm looks at, and leave the table as it is", async () => {
    const before = await loads();
    const takeBackTries = await tryNoMoreThan(2);
    giveBack = await takeRightsOfCopy();
    files = await Promise.all(
      ["a", "b", "c"].map((name) => put(`kpis/2026/11/20/15/${name}.csv`, `${name},2026-11-20,eu,15\n`)),
    );
    await until(async () => (await dead()) === files.length);
    await takeBackTries();
    expect(await messagesIn(client(), outputs.loader_queue_url)).toBe(0);
    expect([await rowsOf(HOUR("15")), await loads()]).toEqual([[], before]);
    // Tried, and given back: nobody has a claim on them.
    expect([...(await statesBy(files)).values()].map(({ state }) => state)).toEqual(files.map(() => "loading"));
    const { MetricAlarms } = await aws<{ MetricAlarms: Record<string, unknown>[] }>("cloudwatch", "describe-alarms");
    expect(MetricAlarms.filter(({ AlarmName }) => String(AlarmName).endsWith("load-dead-letters"))).toMatchObject([
      {
        Namespace: "AWS/SQS",
        MetricName: "ApproximateNumberOfMessagesVisible",
        Dimensions: [{ Name: "QueueName", Value: outputs.loader_dead_letter_url.split("/").at(-1) }],
        ComparisonOperator: "GreaterThanThreshold",
        Threshold: 0,
        AlarmActions: [(outputs as unknown as { readonly alarm_topic: string }).alarm_topic],
      },
    ]);
  }, 180_000);

  it("are loaded once after the reason is gone and they are redriven, and a redrive of nothing does nothing", async () => {
    await giveBack();
    expect(await redrive(client(), outputs)).toBe(files.length);
    await settle(files);
    expect(multiset(await rowsOf(HOUR("15")))).toEqual(
      multiset(["a", "b", "c"].map((name) => [name, "2026-11-20", "eu", 15])),
    );
    expect([await dead(), await redrive(client(), outputs)]).toEqual([0, 0]);
  }, 120_000);
});

describe("replay of a past hour", () => {
  const SPAN = { table: "kpis", from: "2026-11-20T09", to: "2026-11-20T10" };
  const replay = async () => follow(client(), await startReplay(client(), outputs, SPAN), never);

  it("says beforehand what it would load and what that costs", async () => {
    const planned = await plan(client(), outputs, SPAN);
    expect(planned).toMatchObject({ table: "kpis", hours: ["2026-11-20T09"], files: 5, restore: { files: 0 } });
    expect(linesOfPlan(planned)).toEqual([
      expect.stringMatching(/^kpis: 1 hour with 5 files, \d+\.\d KB, from 2026-11-20T09 to 2026-11-20T09 \(UTC\)$/),
      "nothing has to be restored from Glacier",
      expect.stringMatching(/^about \d+\.\d+ US dollars \(list prices of us-east-1 on 2026-11-21, /),
    ]);
  }, 60_000);

  it("gives the same table, once, twice, and two at once", async () => {
    const before = multiset(await rowsOf());
    await expect(replay()).resolves.toMatchObject({ hours: 1, files: 5 });
    await replay();
    expect(multiset(await rowsOf())).toEqual(before);
    await Promise.all([replay(), replay()]);
    expect(multiset(await rowsOf())).toEqual(before);
  }, 180_000);

  it("replaces the rows of files that were fixed, and adds none", async () => {
    const before = multiset(await rowsOf(HOUR("09")));
    const fixed = await put("kpis/2026/11/20/09/part-00001.csv", "fixed,2026-11-20,eu,1\n");
    await settle([fixed]);
    // A new version is a new load; the old one's rows go when the hour is loaded again.
    expect(await rowsOf(HOUR("09"))).toHaveLength(before.length + 1);
    await replay();
    const after = await rowsOf(HOUR("09"));
    expect(after).toHaveLength(before.length - 50 + 1);
    expect(after.filter(([kpi]) => kpi === "fixed")).toEqual([["fixed", "2026-11-20", "eu", 1]]);
  }, 120_000);

  it("restores what is archived, waits for it, and loads it", async () => {
    const hour = { table: "kpis", from: "2026-11-20T07", to: "2026-11-20T08" };
    const before = multiset(await rowsOf(HOUR("07")));
    // What a lifecycle rule does to an old object is told to nobody.
    await withoutEvents(() =>
      new S3Client(client()).send(
        new CopyObjectCommand({
          Bucket: outputs.loader_bucket,
          Key: "kpis/2026/11/20/07/missed.csv",
          CopySource: `${outputs.loader_bucket}/kpis/2026/11/20/07/missed.csv`,
          StorageClass: "GLACIER",
        }),
      ),
    );
    expect(await plan(client(), outputs, hour)).toMatchObject({ files: 1, restore: { files: 1 } });
    const run = await startReplay(client(), outputs, hour);
    await expect(follow(client(), run, never)).resolves.toMatchObject({ hours: 1, files: 1, rows: 1 });
    expect(multiset(await rowsOf(HOUR("07")))).toEqual(before);
  }, 180_000);

  it("refuses a table that is not on the list", async () => {
    await expect(plan(client(), outputs, { ...SPAN, table: "users" })).rejects.toThrow(/users/);
  }, 60_000);
});

describe("check", () => {
  it("tells a monitor rows, newest event and load, and what was set aside", async () => {
    const options = { table: "kpis", recorded: true, rejects: 3, now: new Date() };
    const health = await check(new RedshiftDataClient(client()), warehouseOf(outputs)!, options);
    const rows = (await rowsOf()).length;
    expect(health).toMatchObject({ table: "public.kpis", rows, rejects: 3, loadErrors: 0, timeColumn: "measured_on" });
    expect(Date.now() - health.newestLoad!.getTime()).toBeLessThan(600_000);
    expect(problemsOf(health)).toEqual(["3 files set aside in the last hour"]);
  }, 60_000);
});

describe("s3-loader, destroyed", () => {
  it("leaves nothing", async () => {
    const { terraform, taken } = loader.take(synthesized);
    await terraform.destroy();
    expect(JSON.parse(readFileSync(taken.prepared.state, "utf8")).resources).toEqual([]);
    expect(await leftovers(loader, aws)).toEqual(NOTHING);
  }, 600_000);
});

/** Does something that EventBridge tells nobody of. */
async function withoutEvents<T>(work: () => Promise<T>): Promise<T> {
  const { Rules } = await aws<{ Rules: { Name: string }[] }>("events", "list-rules");
  const rule = Rules.map(({ Name }) => Name).find((name) => name.includes("load-objects"))!;
  await aws("events", "disable-rule", "--name", rule);
  const done = await work();
  await aws("events", "enable-rule", "--name", rule);
  return done;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(250);
}

/** Sends what was tried so often to the dead-letter queue, where the stack says ten times: a minute of waiting; answers what makes it ten again. */
async function tryNoMoreThan(maxReceiveCount: number): Promise<() => Promise<unknown>> {
  const sqs = new SQSClient({ ...client(), useQueueUrlAsEndpoint: false });
  const QueueUrl = outputs.loader_queue_url;
  const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["RedrivePolicy"] });
  const RedrivePolicy = (await sqs.send(asked)).Attributes!.RedrivePolicy!;
  const set = (policy: string) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy: policy } }));
  await set(JSON.stringify({ ...JSON.parse(RedrivePolicy), maxReceiveCount }));
  return () => set(RedrivePolicy);
}

/** Takes from COPY's role what it may, as a person might by mistake; answers what gives it back. */
async function takeRightsOfCopy(): Promise<() => Promise<void>> {
  const iam = new IAMClient(client());
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const isCopy = ({ AssumeRolePolicyDocument = "" }: Role) =>
    decodeURIComponent(AssumeRolePolicyDocument).includes("redshift.amazonaws.com");
  const RoleName = Roles.find(isCopy)!.RoleName!;
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const taken = await Promise.all(
    PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  return async () => {
    for (const { PolicyName, PolicyDocument } of taken) {
      const document = decodeURIComponent(PolicyDocument!);
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
    }
  };
}
