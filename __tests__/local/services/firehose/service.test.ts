import { gunzipSync } from "node:zlib";
import type { LocalAws, Service } from "../../../../local/gateway/types";
import { createFirehose } from "../../../../local/services/firehose/service";
import { callFirehose } from "./call";
import { FakeWorld, fakeAws, ROLE, until } from "./fakes";

let world: FakeWorld;
let aws: LocalAws;
let service: Service;
beforeEach(() => {
  world = new FakeWorld();
  aws = fakeAws();
  service = createFirehose(aws, world);
});
afterEach(async () => {
  await service.close?.();
});

// biome-ignore lint/suspicious/noExplicitAny: answers are asserted on, not typed
type Json = any;

const call = (action: string, input?: Json): Promise<Json> => callFirehose(service, action, input);

const S3 = {
  RoleARN: ROLE,
  BucketARN: "arn:aws:s3:::bucket",
  BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
};
const create = (over: Json = {}, s3: Json = {}) =>
  call("CreateDeliveryStream", {
    DeliveryStreamName: "raw",
    ExtendedS3DestinationConfiguration: { ...S3, ...s3 },
    ...over,
  });
const describe_ = async () =>
  (await call("DescribeDeliveryStream", { DeliveryStreamName: "raw" })).DeliveryStreamDescription;
const put = (...texts: string[]) =>
  call("PutRecordBatch", {
    DeliveryStreamName: "raw",
    Records: texts.map((text) => ({ Data: Buffer.from(text).toString("base64") })),
  });
const settled = () => until(() => service.pending?.() === 0);
const count = (event: string) => aws.meter.read("firehose:raw", event);
const lambda = (...parameters: [string, string][]) => ({
  Enabled: true,
  Processors: [
    {
      Type: "Lambda",
      Parameters: [["LambdaArn", "arn:aws:lambda:us-east-1:1:function:f:live"], ...parameters].map(([name, value]) => ({
        ParameterName: name,
        ParameterValue: value,
      })),
    },
  ],
});

describe("the control plane", () => {
  it("describes what was made, with AWS's defaults", async () => {
    expect(await create({}, { BufferingHints: undefined })).toEqual({
      DeliveryStreamARN: "arn:aws:firehose:us-east-1:123456789012:deliverystream/raw",
    });
    expect(await describe_()).toMatchObject({
      DeliveryStreamStatus: "ACTIVE",
      DeliveryStreamType: "DirectPut",
      VersionId: "1",
      DeliveryStreamEncryptionConfiguration: { Status: "DISABLED" },
      Destinations: [
        {
          DestinationId: "destinationId-000000000001",
          ExtendedS3DestinationDescription: {
            BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 300 },
            CompressionFormat: "UNCOMPRESSED",
            EncryptionConfiguration: { NoEncryptionConfig: "NoEncryption" },
            S3BackupMode: "Disabled",
          },
        },
      ],
    });
  });

  it("never tells a password again", async () => {
    await call("CreateDeliveryStream", {
      DeliveryStreamName: "raw",
      RedshiftDestinationConfiguration: {
        RoleARN: ROLE,
        ClusterJDBCURL: "jdbc:redshift://h:5439/dev",
        CopyCommand: { DataTableName: "t" },
        Username: "u",
        Password: "planted",
        S3Configuration: S3,
      },
    });
    const described = await describe_();
    expect(described.Destinations[0].RedshiftDestinationDescription).toMatchObject({ Username: "u" });
    expect(JSON.stringify(described)).not.toContain("planted");
  });

  it("changes what an update names and keeps the rest", async () => {
    await create({}, { Prefix: "raw/" });
    await call("UpdateDestination", {
      DeliveryStreamName: "raw",
      CurrentDeliveryStreamVersionId: "1",
      DestinationId: "destinationId-000000000001",
      ExtendedS3DestinationUpdate: { CompressionFormat: "GZIP" },
    });
    expect(await describe_()).toMatchObject({
      VersionId: "2",
      Destinations: [{ ExtendedS3DestinationDescription: { CompressionFormat: "GZIP", Prefix: "raw/" } }],
    });
  });

  it("delivers what came before an update too", async () => {
    await create();
    await put("a\n");
    await call("UpdateDestination", {
      DeliveryStreamName: "raw",
      CurrentDeliveryStreamVersionId: "1",
      DestinationId: "destinationId-000000000001",
      ExtendedS3DestinationUpdate: { Prefix: "new/" },
    });
    await put("b\n");
    await settled();
    expect([...world.objects.values()].map(String).sort()).toEqual(["a\n", "b\n"]);
    expect([...world.objects.keys()].filter((key) => key.startsWith("bucket/new/"))).toHaveLength(1);
  });

  it("refuses an update of another version", async () => {
    await create();
    await expect(
      call("UpdateDestination", { DeliveryStreamName: "raw", CurrentDeliveryStreamVersionId: "7" }),
    ).rejects.toMatchObject({ code: "ConcurrentModificationException" });
  });

  it("keeps tags and encryption", async () => {
    await create({ Tags: [{ Key: "b", Value: "1" }] });
    await call("TagDeliveryStream", { DeliveryStreamName: "raw", Tags: [{ Key: "a", Value: "2" }] });
    await call("UntagDeliveryStream", { DeliveryStreamName: "raw", TagKeys: ["b"] });
    expect(await call("ListTagsForDeliveryStream", { DeliveryStreamName: "raw" })).toEqual({
      Tags: [{ Key: "a", Value: "2" }],
      HasMoreTags: false,
    });
    const input = { KeyType: "CUSTOMER_MANAGED_CMK", KeyARN: "arn:key" };
    await call("StartDeliveryStreamEncryption", {
      DeliveryStreamName: "raw",
      DeliveryStreamEncryptionConfigurationInput: input,
    });
    expect(await describe_()).toMatchObject({ DeliveryStreamEncryptionConfiguration: { Status: "ENABLED", ...input } });
    await call("StopDeliveryStreamEncryption", { DeliveryStreamName: "raw" });
    expect(await describe_()).toMatchObject({ DeliveryStreamEncryptionConfiguration: { Status: "DISABLED" } });
  });

  it("lists names in pages", async () => {
    for (const name of ["c", "a", "b"]) await create({ DeliveryStreamName: name });
    expect(await call("ListDeliveryStreams", { Limit: 2 })).toEqual({
      DeliveryStreamNames: ["a", "b"],
      HasMoreDeliveryStreams: true,
    });
    expect(await call("ListDeliveryStreams", { ExclusiveStartDeliveryStreamName: "b" })).toEqual({
      DeliveryStreamNames: ["c"],
      HasMoreDeliveryStreams: false,
    });
  });

  it("delivers what it has before it is gone", async () => {
    await create();
    await put("last\n");
    await call("DeleteDeliveryStream", { DeliveryStreamName: "raw" });
    expect((await describe_()).DeliveryStreamStatus).toBe("DELETING");
    await until(() => world.objects.size === 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(describe_()).rejects.toMatchObject({
      code: "ResourceNotFoundException",
      message: "Firehose raw under account 123456789012 not found.",
    });
  });

  it.each([
    [{ BufferingHints: { SizeInMBs: 200 } }, "ValidationException"],
    [{ BufferingHints: { IntervalInSeconds: 901 } }, "ValidationException"],
    [{ BucketARN: "bucket" }, "ValidationException"],
    [{ Prefix: "!{timestamp:yyyy}/" }, "InvalidArgumentException"],
    [{ CompressionFormat: "Snappy" }, "InvalidArgumentException"],
    [{ S3BackupMode: "Enabled" }, "InvalidArgumentException"],
    [{ DynamicPartitioningConfiguration: { Enabled: true } }, "InvalidArgumentException"],
    [{ DataFormatConversionConfiguration: { Enabled: true } }, "InvalidArgumentException"],
    [{ ProcessingConfiguration: lambda(["BufferSizeInMBs", "5"]) }, "InvalidArgumentException"],
    [
      { ProcessingConfiguration: { Enabled: true, Processors: [{ Type: "MetadataExtraction" }] } },
      "InvalidArgumentException",
    ],
  ])("refuses the destination %j", async (s3, code) => {
    await expect(create({}, s3)).rejects.toMatchObject({ code });
  });

  it("refuses a destination that it does not deliver to, by name", async () => {
    await expect(
      call("CreateDeliveryStream", { DeliveryStreamName: "raw", SplunkDestinationConfiguration: {} }),
    ).rejects.toThrow("The local AWS does not carry the destination SplunkDestination; it delivers to S3 and Redshift");
  });

  it("refuses a second stream of one name", async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ code: "ResourceInUseException" });
  });

  it("asks for the caller's right on the stream before anything else", async () => {
    const arn = "arn:aws:firehose:us-east-1:123456789012:deliverystream/raw";
    service = createFirehose(fakeAws([`firehose:PutRecordBatch ${arn}`]), world);
    await create();
    await expect(put("a")).rejects.toThrow(`denied firehose:PutRecordBatch ${arn}`);
    expect(service.pending?.()).toBe(0);
  });
});

describe("puts", () => {
  it("delivers records in order, joined as they came, under the default date", async () => {
    await create();
    expect(await put("a\n", "b\n", "c")).toMatchObject({ FailedPutCount: 0, Encrypted: false });
    expect(service.pending?.()).toBe(3);
    await settled();
    expect([...world.objects.values()].map(String)).toEqual(["a\nb\nc"]);
    expect([...world.objects.keys()][0]).toMatch(
      /^bucket\/\d{4}\/\d\d\/\d\d\/\d\d\/raw-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}$/,
    );
    expect([count("received"), count("delivered"), count("objects")]).toEqual([3, 3, 1]);
  });

  it("compresses objects and says so in their names", async () => {
    await create({}, { CompressionFormat: "GZIP" });
    await put("a\n", "b\n");
    await settled();
    const [key, body] = [...world.objects][0]!;
    expect(key).toMatch(/\.gz$/);
    expect(gunzipSync(body).toString()).toBe("a\nb\n");
  });

  it("gives every record an id of its own", async () => {
    await create();
    const { RequestResponses } = await put(...Array.from({ length: 500 }, () => "x"));
    expect(new Set(RequestResponses.map((response: Json) => response.RecordId)).size).toBe(500);
  });

  it.each([
    ["more than 500 records", () => put(...Array.from({ length: 501 }, () => "x")), "ValidationException"],
    ["no records", () => put(), "ValidationException"],
    ["a record over 1,000 KiB", () => put("x".repeat(1_024_001)), "ValidationException"],
    ["over 4 MiB", () => put(..."12345".split("").map(() => "x".repeat(1_000_000))), "InvalidArgumentException"],
    [
      "no base64",
      () => call("PutRecord", { DeliveryStreamName: "raw", Record: { Data: "*" } }),
      "SerializationException",
    ],
    ["no data", () => call("PutRecord", { DeliveryStreamName: "raw", Record: {} }), "ValidationException"],
  ])("refuses %s", async (_, act, code) => {
    await create();
    await expect(act()).rejects.toMatchObject({ code });
    expect(service.pending?.()).toBe(0);
  });

  it("takes a record of exactly 1,000 KiB", async () => {
    await create();
    expect(await put("x".repeat(1_024_000))).toMatchObject({ FailedPutCount: 0 });
  });

  it("is not for a stream with a source", async () => {
    await create({
      DeliveryStreamType: "KinesisStreamAsSource",
      KinesisStreamSourceConfiguration: { KinesisStreamARN: "arn:stream", RoleARN: ROLE },
    });
    await expect(put("a")).rejects.toThrow(
      "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
    );
  });

  it("keeps what S3 refuses, tells producers to slow down when it holds too much, and loses nothing", async () => {
    world.putFails = Object.assign(new Error("no"), { name: "AccessDenied" });
    await create({}, { CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "g", LogStreamName: "s" } });
    const big = "x".repeat(1_000_000);
    let accepted = 0;
    let failed = 0;
    for (let i = 0; i < 12; i++) {
      const answer = await put(big, big, big, big);
      failed += answer.FailedPutCount;
      accepted += 4 - answer.FailedPutCount;
    }
    expect(failed).toBeGreaterThan(0);
    expect(service.pending?.()).toBe(accepted);
    await expect(call("PutRecord", { DeliveryStreamName: "raw", Record: { Data: "eA==" } })).rejects.toMatchObject({
      code: "ServiceUnavailableException",
      message: "Slow down.",
    });
    await until(() => world.logged.length > 0);
    expect(world.logged[0]).toMatchObject({
      group: "g",
      stream: "s",
      message: { errorCode: "S3.AccessDenied", message: "no", destination: "arn:aws:s3:::bucket" },
    });
    world.putFails = undefined;
    await settled();
    expect([...world.objects.values()].reduce((sum, body) => sum + body.length, 0)).toBe(accepted * 1_000_000);
    expect(count("delivered")).toBe(accepted);
  });
});

describe("the processor", () => {
  it("delivers what it makes, drops what it drops and keeps what it refuses under the error prefix", async () => {
    world.transform = (records) => ({
      payload: Buffer.from(
        JSON.stringify({
          records: records.map(({ recordId, data }) => {
            const text = Buffer.from(data, "base64").toString();
            if (text === "drop") return { recordId, result: "Dropped" };
            if (text === "bad\r\n") return { recordId, result: "ProcessingFailed", data };
            return { recordId, result: "Ok", data: Buffer.from(`${text}!\n`).toString("base64") };
          }),
        }),
      ),
    });
    const prefixes = { Prefix: "raw/!{timestamp:yyyy}/", ErrorOutputPrefix: "errors/!{firehose:error-output-type}/" };
    await create({}, { ...prefixes, CompressionFormat: "GZIP", ProcessingConfiguration: lambda() });
    await put("a", "drop", "bad\r\n", "b");
    await settled();
    const data = [...world.objects].filter(([key]) => key.startsWith("bucket/raw/"));
    expect(data.map(([, body]) => gunzipSync(body).toString())).toEqual(["a!\nb!\n"]);
    const errors = [...world.objects].filter(([key]) => key.startsWith("bucket/errors/processing-failed/raw-1-"));
    expect(errors).toHaveLength(1);
    const line = JSON.parse(errors[0]![1].toString());
    expect(Buffer.from(line.rawData, "base64").toString()).toBe("bad\r\n");
    expect(line).toMatchObject({
      attemptsMade: 1,
      errorCode: "Lambda.ProcessingFailedStatus",
      lambdaArn: "arn:aws:lambda:us-east-1:1:function:f:live",
    });
    expect(["received", "transformed", "dropped", "processing_failed", "delivered"].map(count)).toEqual([
      4, 2, 1, 1, 2,
    ]);
  });

  it("is handed batches of its own size", async () => {
    const sizes: number[] = [];
    const original = world.transform;
    world.transform = (records) => {
      sizes.push(records.length);
      return original(records);
    };
    await create({}, { ProcessingConfiguration: lambda(["BufferSizeInMBs", "0.5"]) });
    await put(...Array.from({ length: 10 }, () => "x".repeat(200_000)));
    await settled();
    expect(sizes).toEqual([2, 2, 2, 2, 2]);
  });

  it("is never handed more than Lambda takes, however small the records", async () => {
    const sizes: number[] = [];
    const original = world.transform;
    world.transform = (records) => {
      sizes.push(JSON.stringify({ records }).length);
      return original(records);
    };
    await create({}, { ProcessingConfiguration: lambda(["BufferSizeInMBs", "3"]) });
    for (let i = 0; i < 100; i++) await put(...Array.from({ length: 500 }, () => "x".repeat(20)));
    await settled();
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024);
    expect(count("delivered")).toBe(50_000);
  });

  it("logs a batch that failed as a whole, and its records come to rest", async () => {
    world.transform = () => ({ functionError: "Unhandled", payload: Buffer.from("{}") });
    await create(
      {},
      {
        ProcessingConfiguration: lambda(["NumberOfRetries", "1"]),
        CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "g", LogStreamName: "s" },
      },
    );
    await put("a", "b");
    await settled();
    expect([count("processing_failed"), count("retried"), count("delivered")]).toEqual([2, 1, 0]);
    expect(world.logged).toMatchObject([{ message: { errorCode: "Lambda.FunctionError" } }]);
  });
});

describe("a Kinesis source", () => {
  const record = (n: number, arrivedAt = Date.now() + 1000) => ({
    sequenceNumber: String(n).padStart(10, "0"),
    partitionKey: "p",
    arrivedAt,
    data: Buffer.from(`${n}\n`),
  });
  const fromStream = () =>
    create({
      DeliveryStreamType: "KinesisStreamAsSource",
      KinesisStreamSourceConfiguration: { KinesisStreamARN: "arn:stream", RoleARN: "arn:source-role" },
    });
  const delivered = () =>
    [...world.objects.values()]
      .flatMap((body) => body.toString().trim().split("\n"))
      .map(Number)
      .sort((a, b) => a - b);

  it("is read with the source's role, every shard, once, from the making of the stream on", async () => {
    world.shards.set("s0", [record(0, 5), record(1), record(2), record(3), record(4), record(5)]);
    world.shards.set("s1", [record(6)]);
    await fromStream();
    await until(() => count("delivered") === 6);
    world.shards.get("s1")!.push(record(7));
    await until(() => count("delivered") === 7);
    await settled();
    expect(delivered()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(world.roles).toContain("arn:source-role");
  });

  it("goes on where it was after a call that failed", async () => {
    world.shards.set("s0", [record(1), record(2), record(3), record(4)]);
    await fromStream();
    await until(() => count("delivered") === 4);
    world.readFails = Object.assign(new Error("old"), { name: "ExpiredIteratorException" });
    await until(() => world.failedReads > 0);
    world.readFails = undefined;
    world.shards.get("s0")!.push(record(5));
    await until(() => count("delivered") === 5);
    expect(delivered()).toEqual([1, 2, 3, 4, 5]);
  });

  it("follows a closed shard with its children", async () => {
    world.shards.set("s0", [record(1)]);
    await fromStream();
    await until(() => count("delivered") === 1);
    world.shards.set("s1", [record(2)]);
    world.closed.add("s0");
    await until(() => count("delivered") === 2);
    await settled();
    expect(delivered()).toEqual([1, 2]);
  });

  it("is read no further than there is room for, and read on when there is", async () => {
    const big = Buffer.alloc(1_000_000, "x");
    world.shards.set(
      "s0",
      Array.from({ length: 100 }, (_, n) => ({ ...record(n), data: big })),
    );
    world.putFails = new Error("S3 is away");
    await fromStream();
    await until(() => count("received") >= 30);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Two buffers of 1 MB, 32 MB for the processor, and the page that was read last.
    expect(count("received")).toBeLessThanOrEqual(40);
    world.putFails = undefined;
    await until(() => count("delivered") === 100);
  });

  it("is not settled before the shards were read", async () => {
    world.readFails = new Error("not yet");
    world.shards.set("s0", [record(1)]);
    await fromStream();
    expect(service.pending?.()).toBeGreaterThan(0);
    world.readFails = undefined;
    await settled();
    expect(delivered()).toEqual([1]);
  });
});
