import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { linesOf, objectsOf } from "../../cli/up/objects";
import type { Telemetry } from "../../lambda-src/events/telemetry";
import { Applied, changesOf } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { call } from "./support/call";
import { leftovers, NOTHING } from "./support/leftovers";
import { fast, linesIn, multiset, rawLine, recordsOf, rowOf, sql } from "./support/records";
import { changedCopy, resourceAt, synthesizeWith } from "./support/synthesized";

const STACK = "telemetry-warehouse";
/** A minute of AWS's time is a second. */
const SPEED = 60;

let warehouse: Applied;
let aws: AwsCommand;
let synthesized: string;

/** Tests of this file go on from one another: one stack, from an empty account to an empty account. */
beforeAll(async () => {
  [synthesized, warehouse] = await Promise.all([synthesizeWith(), Applied.start(STACK, SPEED)]);
  aws = await awsCommand(warehouse.gateway);
}, 600_000);

afterAll(() => warehouse?.stop());

const table = () => warehouse.outputs.warehouse_table!;
const rows = async () => (await sql(warehouse, `SELECT * FROM ${table()}`)).rows;
const emptyTable = () => sql(warehouse, `DELETE FROM ${table()}`);
const rawLines = () => linesIn(warehouse, warehouse.outputs.raw_bucket);

describe("telemetry-warehouse", () => {
  it("is valid, planned as a fresh state, and applied by its saved plan", async () => {
    const { terraform } = warehouse.take(synthesized);
    await terraform.init();
    await terraform.validate();
    const { changes, drift } = await terraform.plan(warehouse.scratch("saved.tfplan"));
    expect(changes.length).toBeGreaterThan(80);
    expect(changes.filter(({ actions }) => actions.join() !== "create")).toEqual([]);
    expect(drift).toEqual([]);
    await terraform.apply(warehouse.scratch("saved.tfplan"));
    await warehouse.readOutputs(terraform);
  }, 600_000);

  it("is planned again without a change", async () => {
    const { terraform } = warehouse.take(synthesized);
    expect(changesOf(await terraform.plan())).toEqual([]);
  }, 300_000);

  it("keeps no password in its state or in what Terraform says", async () => {
    const { terraform, taken } = warehouse.take(synthesized);
    const [admin, loader] = await Promise.all(
      (await aws<{ SecretList: { ARN: string }[] }>("secretsmanager", "list-secrets")).SecretList.map(({ ARN }) =>
        aws<{ SecretString: string }>("secretsmanager", "get-secret-value", "--secret-id", ARN),
      ),
    );
    const passwords = [admin, loader].map((secret) => JSON.parse(secret!.SecretString).password as string);
    const said = [
      readFileSync(taken.prepared.state, "utf8"),
      readFileSync(warehouse.terraformLog, "utf8"),
      JSON.stringify(await terraform.show()),
    ];
    expect(passwords.map((password) => [password.length >= 8, said.some((text) => text.includes(password))])).toEqual([
      [true, false],
      [true, false],
    ]);
  }, 60_000);
});

describe("telemetry sent to the warehouse", () => {
  const sent = recordsOf(1500, 11);

  it("lies in the raw bucket, each record as it was sent with its EXTRA2", async () => {
    await warehouse.startAnalytics();
    await expect(warehouse.send(1500, 11)).resolves.toMatchObject({ accepted: 1500, refused: 0, lost: 0 });
    await warehouse.settle();
    expect(multiset(await rawLines())).toEqual(multiset(sent.map(rawLine)));
  }, 300_000);

  it("lies in the table, the fast laps and no others, with columns speed, rpm, gear, throttle", async () => {
    expect((await sql(warehouse, `SELECT * FROM ${table()} LIMIT 1`)).columns).toEqual([
      "speed",
      "rpm",
      "gear",
      "throttle",
    ]);
    expect(multiset(await rows())).toEqual(multiset(sent.filter(fast()).map(rowOf)));
  });

  it("keeps its own text, and one bad record does not stop the good ones", async () => {
    await emptyTable();
    const before = await rawLines();
    const rest = `"rpm":9000,"gear":5,"throttle":0.5`;
    const kept = [
      `{"speed":2.500e2,${rest},"fuel_consumption":2.40,"lap_time":75.60}`,
      `{ "speed": 200, ${rest}, "fuel_consumption": 2, "lap_time": 80, "driver": "J\\u00f6rg, \\"the fast\\"" }`,
      `{"speed":199.99,${rest},"fuel_consumption":2.4,"lap_time":75.6}`,
      `{"speed":340.5,"fuel_consumption":1,"lap_time":70}`,
    ];
    const failed = `{"speed":300,${rest},"fuel_consumption":"much","lap_time":75.6}`;
    for (const body of [...kept, failed]) expect((await post(body)).status).toBe(200);
    await warehouse.settle();
    const after = await rawLines();
    expect(multiset(after)).toEqual(
      multiset([
        ...before,
        `{"speed":2.500e2,${rest},"fuel_consumption":2.40,"lap_time":75.60,"EXTRA2":${2.4 * 75.6}}`,
        `{ "speed": 200, ${rest}, "fuel_consumption": 2, "lap_time": 80, "driver": "J\\u00f6rg, \\"the fast\\"" ,"EXTRA2":160}`,
        `{"speed":199.99,${rest},"fuel_consumption":2.4,"lap_time":75.6,"EXTRA2":${2.4 * 75.6}}`,
        `{"speed":340.5,"fuel_consumption":1,"lap_time":70,"EXTRA2":70}`,
      ]),
    );
    const errors = await linesIn(warehouse, warehouse.outputs.raw_bucket, "errors/processing-failed/");
    expect(errors.map((line) => Buffer.from(JSON.parse(line).rawData, "base64").toString())).toEqual([`${failed}\n`]);
    // The analytics reads the stream, not the processor's output.
    expect(multiset(await rows())).toEqual(
      multiset([
        [250, 9000, 5, 0.5],
        [200, 9000, 5, 0.5],
        [340.5, null, null, null],
        [300, 9000, 5, 0.5],
      ]),
    );
  }, 120_000);
});

describe("the AWS command line", () => {
  const records = recordsOf(40, 21);
  const file = (name: string, value: unknown) => {
    writeFileSync(warehouse.scratch(name), JSON.stringify(value));
    return `file://${warehouse.scratch(name)}`;
  };

  it("puts records on the stream, and they arrive", async () => {
    await emptyTable();
    const answer = await aws(
      "kinesis",
      "put-records",
      "--stream-name",
      warehouse.outputs.stream_name,
      "--records",
      file(
        "records.json",
        records.map((record, i) => ({ Data: `${JSON.stringify(record)}\n`, PartitionKey: `key-${i}` })),
      ),
    );
    expect(answer).toMatchObject({ FailedRecordCount: 0 });
    await warehouse.settle();
    expect(multiset(await rows())).toEqual(multiset(records.filter(fast()).map(rowOf)));
    expect(await rawLines()).toEqual(expect.arrayContaining(records.map(rawLine)));
  }, 120_000);

  it("puts lines on the second delivery stream, and they are loaded", async () => {
    await emptyTable();
    const answer = await aws(
      "firehose",
      "put-record-batch",
      "--delivery-stream-name",
      warehouse.outputs.processed_delivery_stream,
      "--records",
      file("batch.json", [{ Data: "211.5,8000,4,0.25\n" }, { Data: "10,1,1,0\n" }]),
    );
    expect(answer).toMatchObject({
      FailedPutCount: 0,
      RequestResponses: [{ RecordId: expect.any(String) }, { RecordId: expect.any(String) }],
    });
    await warehouse.settle();
    expect(multiset(await rows())).toEqual(
      multiset([
        [211.5, 8000, 4, 0.25],
        [10, 1, 1, 0],
      ]),
    );
  }, 120_000);

  it("lists the buckets, and what lies in them", async () => {
    const { raw_bucket, processed_bucket } = warehouse.outputs;
    const buckets = (await aws<string>("s3", "ls")).split("\n").map((line) => line.split(" ").at(-1));
    expect(buckets).toEqual(expect.arrayContaining([raw_bucket, processed_bucket]));
    const s3 = new S3Client(warehouse.gateway.aws.internal);
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: raw_bucket }));
    expect((await aws<string>("s3", "ls", "--recursive", `s3://${raw_bucket}/`)).trim().split("\n")).toHaveLength(
      KeyCount!,
    );
  }, 60_000);

  it("asks the warehouse through the Redshift Data API", async () => {
    const { Id } = await aws(
      "redshift-data",
      "execute-statement",
      "--cluster-identifier",
      warehouse.outputs.warehouse_cluster!,
      "--database",
      warehouse.outputs.warehouse_database!,
      "--secret-arn",
      warehouse.outputs.warehouse_admin_secret_arn!,
      "--sql",
      `SELECT COUNT(*) AS laps, MAX(speed) AS fastest FROM ${table()}`,
    );
    let status = "";
    while (!["FINISHED", "FAILED", "ABORTED"].includes(status)) {
      status = (await aws("redshift-data", "describe-statement", "--id", Id)).Status;
    }
    expect(status).toBe("FINISHED");
    expect(await aws("redshift-data", "get-statement-result", "--id", Id)).toMatchObject({
      ColumnMetadata: [
        { name: "laps", typeName: "int8" },
        { name: "fastest", typeName: "float8" },
      ],
      Records: [[{ longValue: 2 }, { doubleValue: 211.5 }]],
      TotalNumRows: 1,
    });
  }, 60_000);
});

/** A change of what is applied changes what happens, as on AWS. Each applies a changed copy over the one before. */
describe("nothing is canned:", () => {
  it("another threshold in the SELECT selects other laps", async () => {
    await emptyTable();
    await warehouse.apply(
      changedCopy(synthesized, STACK, (configuration) => {
        const { property_group } = resourceAt(
          configuration,
          "aws_kinesisanalyticsv2_application",
          "/application/application",
        ).application_configuration.environment_properties;
        property_group[0].property_map.select = property_group[0].property_map.select.replace(
          "speed >= 200",
          "speed < 150",
        );
      }),
    );
    const sent = recordsOf(200, 31);
    await warehouse.startAnalytics();
    await warehouse.send(200, 31);
    await warehouse.settle();
    expect(multiset(await rows())).toEqual(multiset(sent.filter(({ speed }) => speed < 150).map(rowOf)));
  }, 300_000);

  it("another mapping template puts other records", async () => {
    await emptyTable();
    const before = await rawLines();
    await warehouse.apply(
      changedCopy(synthesized, STACK, (configuration) => {
        const { request_templates: templates } = resourceAt(
          configuration,
          "aws_api_gateway_integration",
          "/post/integration",
        );
        templates["application/json"] = templates["application/json"].replace(
          "$input.body.trim()",
          `$input.body.trim().replaceAll('^\\{', '{"team":"seven",')`,
        );
      }),
    );
    await warehouse.startAnalytics();
    await warehouse.send(50, 41);
    await warehouse.settle();
    const sent = recordsOf(50, 41);
    expect(multiset(await rawLines())).toEqual(
      multiset([...before, ...sent.map((record) => `{"team":"seven",${rawLine(record).slice(1)}`)]),
    );
    expect(multiset(await rows())).toEqual(multiset(sent.filter(fast()).map(rowOf)));
  }, 300_000);

  it("a broken mapping template is answered with 500, and puts nothing", async () => {
    await warehouse.apply(
      changedCopy(synthesized, STACK, (configuration) => {
        const { request_templates: templates } = resourceAt(
          configuration,
          "aws_api_gateway_integration",
          "/post/integration",
        );
        templates["application/json"] = "#if($input.body)";
      }),
    );
    const before = warehouse.count(`firehose:${warehouse.outputs.raw_delivery_stream}`, "received");
    expect(await post("{}")).toMatchObject({ status: 400 });
    expect(await post('{"speed":250}')).toEqual({ status: 500, text: '{"message":"Internal server error"}' });
    await warehouse.settle();
    expect(warehouse.count(`firehose:${warehouse.outputs.raw_delivery_stream}`, "received")).toBe(before);
  }, 300_000);

  it("another buffer writes other files: as large as its size, or as late as its interval", async () => {
    const megabyte = 1024 * 1024;
    const intervalSeconds = 900;
    await warehouse.apply(
      changedCopy(synthesized, STACK, (configuration) => {
        const { extended_s3_configuration: s3 } = resourceAt(
          configuration,
          "aws_kinesis_firehose_delivery_stream",
          "/raw-delivery/stream",
        );
        s3.buffering_size = 1;
        s3.buffering_interval = intervalSeconds;
      }),
    );
    const before = new Set((await rawObjects()).map(({ key }) => key));
    const place = `firehose:${warehouse.outputs.raw_delivery_stream}`;
    const received = warehouse.count(place, "received");
    const began = Date.now();
    // Two waves, the second when the first lies in the buffer: with the minute of before each would be a file.
    await warehouse.send(20, 51);
    while (warehouse.count(place, "received") < received + 20) await sleep(20);
    await warehouse.send(20, 52);
    await warehouse.settle();
    const late = (await rawObjects()).filter(({ key }) => !before.has(key));
    expect(late.map(({ lines }) => lines)).toEqual([40]);
    expect(Date.now() - began).toBeGreaterThanOrEqual((intervalSeconds * 1000) / SPEED);

    // Put on the stream itself, 500 at once: the API takes them one by one, and a buffer that fills for long is late before it is large.
    const many = recordsOf(3000, 53);
    await putOnStream(many);
    await warehouse.settle();
    const large = (await rawObjects()).filter(({ key }) => !before.has(key) && key !== late[0]!.key);
    const lengths = large.map(({ bytes }) => bytes);
    const longest = Math.max(...many.map((record) => rawLine(record).length + 1));
    expect(large.reduce((sum, { lines }) => sum + lines, 0)).toBe(many.length);
    expect(lengths.filter((bytes) => bytes > megabyte)).toEqual([]);
    expect(lengths.filter((bytes) => bytes > megabyte - longest)).not.toEqual([]);
  }, 300_000);
});

describe("telemetry-warehouse, destroyed", () => {
  it("leaves nothing, full buckets with old versions and delete markers included", async () => {
    const s3 = new S3Client(warehouse.gateway.aws.internal);
    for (const Bucket of [warehouse.outputs.raw_bucket, warehouse.outputs.processed_bucket]) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      await s3.send(new PutObjectCommand({ Bucket, Key: Contents[0]!.Key, Body: "a second version" }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: Contents[0]!.Key }));
    }
    const { terraform, taken } = warehouse.take(synthesized);
    await terraform.destroy();
    expect(JSON.parse(readFileSync(taken.prepared.state, "utf8")).resources).toEqual([]);
    expect(await leftovers(warehouse, aws)).toEqual(NOTHING);
  }, 600_000);
});

/** One signed document. */
const post = (body: string) => call(warehouse, { method: "POST", path: "/records", body, signed: true });

async function putOnStream(records: readonly Telemetry[]): Promise<void> {
  const kinesis = new KinesisClient(warehouse.gateway.aws.internal);
  for (let from = 0; from < records.length; from += 500) {
    const Records = records
      .slice(from, from + 500)
      .map((record, n) => ({ Data: Buffer.from(`${JSON.stringify(record)}\n`), PartitionKey: `${n}` }));
    const { FailedRecordCount } = await kinesis.send(
      new PutRecordsCommand({ StreamName: warehouse.outputs.stream_name, Records }),
    );
    expect(FailedRecordCount).toBe(0);
  }
}

/** Objects of the raw bucket that Firehose did not keep aside. */
async function rawObjects() {
  const objects: { key: string; lines: number; bytes: number }[] = [];
  for await (const { key, text } of objectsOf(
    new S3Client(warehouse.gateway.aws.internal),
    warehouse.outputs.raw_bucket,
  )) {
    if (!key.startsWith("errors/")) objects.push({ key, lines: linesOf(text).length, bytes: Buffer.byteLength(text) });
  }
  return objects;
}
