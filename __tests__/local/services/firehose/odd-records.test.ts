import { gunzipSync } from "node:zlib";
import { handler } from "../../../../lambda-src/transform-telemetry";
import type { LocalAws, Service } from "../../../../local/gateway/types";
import { createFirehose } from "../../../../local/services/firehose/service";
import { callFirehose } from "./call";
import { FakeWorld, fakeAws, ROLE, until } from "./fakes";

/** Each kind of odd record on its way through the delivery stream and the real function. */

let world: FakeWorld;
let aws: LocalAws;
let service: Service;
beforeEach(async () => {
  jest.spyOn(console, "warn").mockImplementation(() => undefined);
  world = new FakeWorld();
  world.transform = async (records) => {
    const event = { invocationId: "i", deliveryStreamArn: "arn", region: "us-east-1", records };
    return { payload: Buffer.from(JSON.stringify(await handler(event as never))) };
  };
  aws = fakeAws();
  service = createFirehose(aws, world);
  await callFirehose(service, "CreateDeliveryStream", {
    DeliveryStreamName: "raw",
    ExtendedS3DestinationConfiguration: {
      RoleARN: ROLE,
      BucketARN: "arn:aws:s3:::bucket",
      CompressionFormat: "GZIP",
      BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 60 },
      Prefix: "raw/!{timestamp:yyyy}/",
      ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: "Lambda",
            Parameters: [{ ParameterName: "LambdaArn", ParameterValue: "arn:aws:lambda:us-east-1:1:function:f:live" }],
          },
        ],
      },
    },
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close?.();
});

const GOOD = '{"fuel_consumption":2,"lap_time":3}';
const put = (...records: (string | Buffer)[]) =>
  callFirehose(service, "PutRecordBatch", {
    DeliveryStreamName: "raw",
    Records: records.map((record) => ({ Data: Buffer.from(record as string).toString("base64") })),
  });
const settled = () => until(() => service.pending?.() === 0);
const count = (event: string) => aws.meter.read("firehose:raw", event);
const delivered = () =>
  [...world.objects]
    .filter(([key]) => key.startsWith("bucket/raw/"))
    .map(([, body]) => gunzipSync(body).toString())
    .join("");
const failed = () =>
  [...world.objects]
    .filter(([key]) => key.startsWith("bucket/errors/processing-failed/"))
    .flatMap(([, body]) => body.toString().trim().split("\n"))
    .map((line) => JSON.parse(line));

const NESTED = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
const text = (fields: string) => `{${fields},"fuel_consumption":2,"lap_time":3}`;

describe("an odd record that is valid", () => {
  it.each([
    ["a key that stands twice", '{"lap_time":9,"fuel_consumption":2,"lap_time":3}'],
    ["deep nesting", text(`"deep":${NESTED}`)],
    ["a number beyond a double", text('"far":1e400')],
    ["a 20-digit integer", text('"id":12345678901234567890')],
    ["the text NaN", text('"note":"NaN"')],
    ["an object within", text('"tires":{"lap_time":"text"}')],
  ])("with %s is delivered as it came, with its EXTRA2", async (_, record) => {
    await put(record);
    await settled();
    expect(delivered()).toBe(`${record.slice(0, -1)},"EXTRA2":6}\n`);
    expect(count("processing_failed")).toBe(0);
  });

  it("with the right EXTRA2 already there is delivered as it came", async () => {
    const record = '{"fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n';
    await put(record);
    await settled();
    expect(delivered()).toBe(record);
  });

  it("of exactly 1,000 KiB is delivered", async () => {
    const start = '{"fuel_consumption":2,"lap_time":3,"note":"';
    await put(`${start}${"x".repeat(1_024_000 - start.length - 2)}"}`);
    await settled();
    expect(delivered()).toHaveLength(1_024_000 + ',"EXTRA2":6\n'.length);
  });
});

describe("a bad record", () => {
  it.each<[string, string | Buffer]>([
    ["broken JSON", '{"fuel_consumption":2,"lap_time":'],
    ["bytes that are not UTF-8", Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff, 0x0a, 0), Buffer.from('"}')])],
    ["no lap_time", '{"fuel_consumption":2}\r\n'],
    ["text for lap_time", '{"fuel_consumption":2,"lap_time":"75.6"}'],
    ["1e400 for lap_time", '{"fuel_consumption":2,"lap_time":1e400}'],
    ["NaN for lap_time", '{"fuel_consumption":2,"lap_time":NaN}'],
    ["nothing", ""],
    ["nothing but a newline", "\n"],
    ["another EXTRA2", '{"fuel_consumption":2,"lap_time":3,"EXTRA2":7}'],
    ["deep nesting without an end", `{"deep":${"[".repeat(50_000)}`],
    ["a byte order mark", `\uFEFF${GOOD}`],
  ])("with %s lies byte for byte under the error prefix, and the others are delivered", async (_, record) => {
    await put(GOOD, record, GOOD);
    await settled();
    const lines = failed();
    expect(lines).toMatchObject([{ attemptsMade: 1, errorCode: "Lambda.ProcessingFailedStatus" }]);
    expect(Buffer.from(lines[0].rawData, "base64")).toEqual(Buffer.from(record as string));
    expect(delivered()).toBe(`${GOOD.slice(0, -1)},"EXTRA2":6}\n`.repeat(2));
    expect([count("received"), count("delivered"), count("processing_failed")]).toEqual([3, 2, 1]);
  });

  it("of 2 MB is refused at the put, and nothing of its batch is taken", async () => {
    await expect(put(GOOD, "x".repeat(2_000_000))).rejects.toMatchObject({ code: "ValidationException" });
    expect(count("received")).toBe(0);
  });
});
