import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { DescribeApplicationCommand, KinesisAnalyticsV2Client } from "@aws-sdk/client-kinesis-analytics-v2";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { stop } from "../../cli/analytics";
import { Applied } from "./support/applied";
import { startFlink } from "./support/flink";
import { linesIn, multiset } from "./support/records";
import { synthesizeWith } from "./support/synthesized";

jest.setTimeout(600_000);

/** A speed of its own for each record, exact in binary, so that a row tells which record it came of. */
const speedOf = (index: number) => 200 + index / 64;

/** Records by their text; `S` stands for the record's speed. */
const RECORDS: readonly string[] = [
  '{"speed":S,"rpm":9000,"gear":4,"throttle":0.5}',
  '{"speed":150,"rpm":9000,"gear":4,"throttle":0.5}',
  '{"speed":199.99999999999997,"rpm":1,"gear":1,"throttle":1}',
  // Nulls and what is missing.
  '{"speed":S,"rpm":null,"gear":null,"throttle":null}',
  '{"speed":S}',
  '{"speed":null,"rpm":1,"gear":1,"throttle":1}',
  '{"rpm":1,"gear":1,"throttle":1}',
  '{"Speed":300,"rpm":1,"gear":1,"throttle":1}',
  // Numbers as text.
  '{"speed":"S","rpm":"77","gear":" 3 ","throttle":" .5 "}',
  '{"speed":S,"rpm":"2.5","gear":"","throttle":""}',
  '{"speed":S,"rpm":"+5","gear":"1_0","throttle":"Infinity"}',
  '{"speed":S,"rpm":"x","gear":"99999999999","throttle":"1e-9"}',
  '{"speed":"fast","rpm":1,"gear":1,"throttle":1}',
  // Large, small and not whole.
  '{"speed":S,"rpm":12345678901234567890,"gear":-12345678901234567890,"throttle":12345678901234567890}',
  '{"speed":S,"rpm":2147483648,"gear":-2147483648,"throttle":1e400}',
  '{"speed":S,"rpm":7.9,"gear":-3.9,"throttle":5e-324}',
  '{"speed":S,"rpm":1e2,"gear":3000000000.5,"throttle":-0.0}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":0.30000000000000004}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":1.7976931348623157e308}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":9999999.999}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":0.00099999}',
  // Other types.
  '{"speed":S,"rpm":true,"gear":[1],"throttle":{"a":1}}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":true}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":0.5,"suspension":"x"}',
  // Twice, deep, unknown, two documents, something behind.
  '{"speed":100,"rpm":1,"gear":2,"throttle":1,"speed":S}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":1,"unknown":{"a":{"b":{"c":[[[1]]]}}}}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":0}{"speed":999,"rpm":9}',
  '{"speed":S,"rpm":1,"gear":2,"throttle":1} trailing',
  '\ufeff{"speed":S}',
  // Unreadable.
  "not json",
  '{"speed":',
  "{'speed':S}",
  '{"speed":S,"throttle":NaN}',
  "5",
  "null",
  '"x"',
  '[{"speed":S,"rpm":1}]',
];
/** Read last of its shard: once its row is there, all rows are. */
const LAST = '{"speed":1000000,"rpm":1,"gear":1,"throttle":1}';
const LAST_LINE = "1000000.0,1,1,1.0";

let lake: Applied;

beforeAll(async () => {
  const [synthesized, applied] = await Promise.all([synthesizeWith(), Applied.start("telemetry-lake", 60)]);
  lake = applied;
  await lake.apply(synthesized);
});

afterAll(() => lake?.stop());

/** A line as values: doubles and whole numbers as numbers, an empty field as null. */
const typed = (line: string) => line.split(",").map((field) => (field === "" ? null : Number(field)));

const lines = () => linesIn(lake, lake.outputs.processed_bucket);

describe("the SELECT of the applied application", () => {
  it("gives the same rows, value for value, on a real Flink as in the local run", async () => {
    await put([...RECORDS.map((text, index) => text.replace("S", String(speedOf(index)))), LAST]);

    await lake.startAnalytics();
    await lake.settle();
    const local = await lines();
    expect(local).toContain(LAST_LINE);
    const control = new KinesisAnalyticsV2Client(lake.gateway.aws.internal);
    await stop(lake.outputs.analytics_application, {
      client: control,
      progress: () => undefined,
      pollMilliseconds: 200,
    });

    const flink = await startFlink(await properties(control), lake.gateway.endpoint);
    try {
      const both = await until(lines, flink, (now) => now.filter((line) => line === LAST_LINE).length === 2);
      // The bucket holds what the local run delivered and what Flink did: Flink's is what is there beside the other.
      const left = [...both];
      for (const line of local) left.splice(left.indexOf(line), 1);
      expect(multiset(left.map(typed))).toEqual(multiset(local.map(typed)));
      expect(local.length).toBeGreaterThan(20);
    } finally {
      flink.signal("SIGKILL");
      await flink.ended;
    }
  });
});

/** Puts records on one shard, in their order. */
async function put(texts: readonly string[]): Promise<void> {
  const kinesis = new KinesisClient({ ...lake.gateway.aws.internal, requestHandler: new NodeHttpHandler() });
  const Records = texts.map((text) => ({ PartitionKey: "one", Data: Buffer.from(text) }));
  const { FailedRecordCount } = await kinesis.send(
    new PutRecordsCommand({ StreamName: lake.outputs.stream_name, Records }),
  );
  expect(FailedRecordCount ?? 0).toBe(0);
}

/** The properties that the application was applied with. */
async function properties(client: KinesisAnalyticsV2Client): Promise<Record<string, string>> {
  const { ApplicationDetail } = await client.send(
    new DescribeApplicationCommand({ ApplicationName: lake.outputs.analytics_application }),
  );
  const groups =
    ApplicationDetail?.ApplicationConfigurationDescription?.EnvironmentPropertyDescriptions?.PropertyGroupDescriptions;
  return groups!.find(({ PropertyGroupId }) => PropertyGroupId === "SqlRunner")!.PropertyMap!;
}

/** Looks until it is so; fails with what Flink said when Flink ends before. */
async function until<T>(
  look: () => Promise<T>,
  flink: Awaited<ReturnType<typeof startFlink>>,
  done: (now: T) => boolean,
) {
  for (;;) {
    const now = await look();
    if (done(now)) return now;
    if (flink.code !== undefined) throw new Error(`Flink ended (${flink.code}):\n${flink.said}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
