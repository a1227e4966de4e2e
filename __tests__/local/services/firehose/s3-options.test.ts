import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import type { LocalAws, Service } from "../../../../local/gateway/types";
import { createFirehose } from "../../../../local/services/firehose/service";
import { callFirehose } from "./call";
import { FakeWorld, fakeAws, ROLE, until } from "./fakes";

let world: FakeWorld;
let aws: LocalAws;
let service: Service;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "firehose-test-"));
  world = new FakeWorld();
  aws = fakeAws([], 1000, folder);
  service = createFirehose(aws, world);
});
afterEach(async () => {
  await service.close?.();
  rmSync(folder, { recursive: true, force: true });
});

const S3 = {
  RoleARN: ROLE,
  BucketARN: "arn:aws:s3:::bucket",
  BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
};
const LOG = { CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "g", LogStreamName: "s" } };
const LAMBDA = {
  Type: "Lambda",
  Parameters: [{ ParameterName: "LambdaArn", ParameterValue: "arn:aws:lambda:us-east-1:1:function:f:live" }],
};
const create = (s3: object) =>
  callFirehose(service, "CreateDeliveryStream", {
    DeliveryStreamName: "raw",
    ExtendedS3DestinationConfiguration: { ...S3, ...s3 },
  });
const update = (s3: object) =>
  callFirehose(service, "UpdateDestination", {
    DeliveryStreamName: "raw",
    CurrentDeliveryStreamVersionId: "1",
    DestinationId: "destinationId-000000000001",
    ExtendedS3DestinationUpdate: s3,
  });
const put = (...texts: string[]) =>
  callFirehose(service, "PutRecordBatch", {
    DeliveryStreamName: "raw",
    Records: texts.map((text) => ({ Data: Buffer.from(text).toString("base64") })),
  });
const settled = () => until(() => service.pending?.() === 0);
const count = (event: string) => aws.meter.read("firehose:raw", event);
const under = (start: string) => [...world.objects].filter(([key]) => key.startsWith(`bucket/${start}`));
const linesUnder = (start: string) =>
  under(start).flatMap(([, body]) =>
    body
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
const raw = (line: { rawData: string }) => Buffer.from(line.rawData, "base64").toString();

describe("conversion to Parquet", () => {
  const format = (over: object = {}) => ({
    ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
    DataFormatConversionConfiguration: {
      SchemaConfiguration: { RoleARN: ROLE, DatabaseName: "lake", TableName: "laps" },
      InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
      OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
      ...over,
    },
  });
  const COLUMNS = [
    { Name: "speed", Type: "double" },
    { Name: "gear", Type: "int" },
    { Name: "id", Type: "bigint" },
    { Name: "tires", Type: "struct<front_left:double>" },
    { Name: "notes", Type: "map<string,string>" },
    { Name: "at", Type: "timestamp" },
  ];

  async function rowsOf(parquet: Buffer): Promise<unknown[]> {
    const file = join(folder, "read.parquet");
    writeFileSync(file, parquet);
    const database = await DuckDBInstance.create(":memory:");
    const session = await database.connect();
    try {
      return (await session.runAndReadAll(`SELECT to_json(t)::VARCHAR FROM '${file}' t`))
        .getRows()
        .map(([row]) => JSON.parse(String(row).replace(/"id":(\d+)/, '"id":"$1"')));
    } finally {
      session.closeSync();
      database.closeSync();
    }
  }

  it("writes one .parquet object with the table's columns and the records' values", async () => {
    world.columns = COLUMNS;
    await create(format());
    await put(
      '{"SPEED":201.5,"gear":7,"id":9223372036854775807,"tires":{"front_left":1.5,"x":1},"notes":{"a":"b"},"at":"2024-01-01T10:00:00Z","other":1}\n',
      '{"speed":1}{"speed":2}',
    );
    await settled();
    const [[key, body] = ["", Buffer.of()], ...others] = under("");
    expect(others).toEqual([]);
    expect(key).toMatch(/\.parquet$/);
    const rows = await rowsOf(body);
    const empty = { gear: null, id: null, tires: null, notes: null, at: null };
    expect(rows).toEqual([
      {
        speed: 201.5,
        gear: 7,
        id: "9223372036854775807",
        tires: { front_left: 1.5 },
        notes: { a: "b" },
        at: "2024-01-01 10:00:00",
      },
      { ...empty, speed: 1 },
      { ...empty, speed: 2 },
    ]);
    expect([count("received"), count("delivered"), count("objects"), count("conversion_failed")]).toEqual([2, 2, 1, 0]);
    expect(existsSync(join(folder, "firehose")) ? readdirSync(join(folder, "firehose")) : []).toEqual([]);
  });

  it("keeps a record that does not fit byte for byte under the error prefix and delivers the others", async () => {
    world.columns = COLUMNS;
    await create(format());
    await put('{"speed":1}', '{"speed":"fast"}\r\n', "not json", '{"gear":1.5}', '{"speed":2}');
    await settled();
    expect(linesUnder("errors/format-conversion-failed/")).toMatchObject([
      {
        attemptsMade: 1,
        lastErrorCode: "DataFormatConversion.MalformedData",
        lastErrorMessage: 'Data does not match the schema. column speed is double, got "fast"',
        rawData: Buffer.from('{"speed":"fast"}\r\n').toString("base64"),
        dataCatalogTable: {
          catalogId: "123456789012",
          databaseName: "lake",
          tableName: "laps",
          region: "us-east-1",
          versionId: "LATEST",
        },
      },
      {
        lastErrorCode: "DataFormatConversion.ParseError",
        lastErrorMessage: "Encountered malformed JSON.",
        rawData: Buffer.from("not json").toString("base64"),
      },
      { rawData: Buffer.from('{"gear":1.5}').toString("base64") },
    ]);
    expect([count("delivered"), count("conversion_failed")]).toEqual([2, 3]);
  });

  it("writes no object when no record fits", async () => {
    world.columns = COLUMNS;
    await create(format());
    await put("x");
    await settled();
    expect(under("errors/")).toHaveLength(1);
    expect(world.objects.size).toBe(1);
  });

  it("waits for a table that it may not read, says so once, and loses nothing", async () => {
    world.columns = COLUMNS;
    world.catalogFails = Object.assign(new Error("no"), { code: "AccessDeniedException" });
    await create({ ...format(), ...LOG });
    await put('{"speed":1}');
    await until(() => count("retried") >= 3);
    world.catalogFails = undefined;
    await settled();
    expect(world.logged.map(({ message }) => message.errorCode)).toEqual(["DataFormatConversion.AccessDenied"]);
    expect(count("delivered")).toBe(1);
  });

  it("keeps every record under the error prefix when the table has a type that is not carried", async () => {
    world.columns = [{ Name: "blob", Type: "binary" }];
    await create(format());
    await put("{}");
    await settled();
    expect(linesUnder("errors/format-conversion-failed/")).toMatchObject([
      {
        lastErrorCode: "DataFormatConversion.InvalidSchema",
        lastErrorMessage: "The local AWS does not carry the column type binary",
      },
    ]);
  });

  it.each([
    [
      { BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 60 } },
      {},
      "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.",
    ],
    [
      { CompressionFormat: "GZIP" },
      {},
      "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.",
    ],
    [
      {},
      { OutputFormatConfiguration: { Serializer: { OrcSerDe: {} } } },
      "The local AWS does not carry the format ORC (nothing here writes it); it knows Parquet",
    ],
    [
      {},
      { InputFormatConfiguration: { Deserializer: { HiveJsonSerDe: {} } } },
      "The local AWS does not carry a deserializer but OpenXJsonSerDe",
    ],
    [
      {},
      { SchemaConfiguration: { RoleARN: ROLE } },
      "SchemaConfiguration with RoleARN, DatabaseName and TableName is required for data format conversion",
    ],
  ])("refuses %j with %j", async (s3, over, message) => {
    await expect(create({ ...format(over), ...s3 })).rejects.toThrow(message);
  });
});

describe("dynamic partitioning", () => {
  const partitioned = (over: object = {}, query = "{car:.car}") => ({
    Prefix: "car=!{partitionKeyFromQuery:car}/",
    ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        {
          Type: "MetadataExtraction",
          Parameters: [
            { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
            { ParameterName: "MetadataExtractionQuery", ParameterValue: query },
          ],
        },
      ],
    },
    ...over,
  });

  it("writes an object for each set of keys, and what has none under the error prefix", async () => {
    await create(partitioned());
    await put('{"car":"a","n":1}\n', '{"car":"b"}\n', '{"car":"a","n":2}\n', '{"n":3}\n', "broken");
    await settled();
    expect(under("car=a/").map(([, body]) => body.toString())).toEqual(['{"car":"a","n":1}\n{"car":"a","n":2}\n']);
    expect(under("car=b/").map(([, body]) => body.toString())).toEqual(['{"car":"b"}\n']);
    const lines = linesUnder("errors/processing-failed/");
    expect(lines.map(raw)).toEqual(['{"n":3}\n', "broken"]);
    expect(lines[0]).toMatchObject({
      errorCode: "DynamicPartitioning.MetadataExtractionFailed",
      errorMessage: "partitionKeys values must not be null or empty",
    });
    expect([count("received"), count("delivered"), count("processing_failed")]).toEqual([5, 3, 2]);
  });

  it("sends records of the 501st partition to the error prefix, byte for byte", async () => {
    await create(partitioned());
    await put(...Array.from({ length: 500 }, (_, i) => `{"car":${i}}`));
    await put('{"car":"one more"}', '{"car":7}');
    await settled();
    const lines = linesUnder("errors/activePartitionExceeded/");
    expect(lines.map(raw)).toEqual(['{"car":"one more"}']);
    expect(lines[0].errorCode).toBe("DynamicPartitioning.ActivePartitionsExceeded");
    expect([count("delivered"), count("objects"), count("partition_failed")]).toEqual([501, 500, 1]);
  });

  it("finds the keys in what the function made", async () => {
    world.transform = (records) => ({
      payload: Buffer.from(
        JSON.stringify({
          records: records.map(({ recordId }) => ({
            recordId,
            result: "Ok",
            data: Buffer.from('{"car":"made"}').toString("base64"),
          })),
        }),
      ),
    });
    const { ProcessingConfiguration: extraction } = partitioned();
    const ProcessingConfiguration = { Enabled: true, Processors: [...extraction.Processors, LAMBDA] };
    await create(partitioned({ ProcessingConfiguration }));
    await put("anything");
    await settled();
    expect(under("car=made/")).toHaveLength(1);
  });

  it.each([
    [
      partitioned({ BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 60 } }),
      "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
    ],
    [
      partitioned({ BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 0 } }),
      "BufferingHints.IntervalInSeconds must be greater than 0 when Dynamic Partitioning is enabled.",
    ],
    [partitioned({ Prefix: "x/" }), "Prefix must contain !{partitionKeyFromQuery:car} with dynamic partitioning"],
    [
      partitioned({ ErrorOutputPrefix: undefined }),
      "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
    ],
    [
      partitioned({}, "{car:.car|ascii_downcase}"),
      "The local AWS does not carry the JQ expression car:.car|ascii_downcase; it knows {name: .path.to.value, ...}",
    ],
    [
      partitioned({ Prefix: "x/", DynamicPartitioningConfiguration: { Enabled: false } }),
      "MetadataExtraction processor is supported only when Dynamic Partitioning is enabled",
    ],
  ])("refuses %j", async (s3, message) => {
    await expect(create(s3)).rejects.toThrow(message);
  });

  it("can be chosen only when the stream is made", async () => {
    await create({});
    await expect(update(partitioned())).rejects.toThrow(
      "Dynamic partitioning can be enabled or disabled only when a Firehose is created",
    );
  });
});

describe("source backup", () => {
  const backup = (over: object = {}) => ({
    Prefix: "data/",
    S3BackupMode: "Enabled",
    S3BackupConfiguration: {
      RoleARN: ROLE,
      BucketARN: "arn:aws:s3:::bucket",
      Prefix: "source/",
      CompressionFormat: "GZIP",
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 300 },
      ...over,
    },
    ProcessingConfiguration: { Enabled: true, Processors: [LAMBDA] },
  });

  it("keeps every record as it came, whatever the function makes of it", async () => {
    world.transform = (records) => ({
      payload: Buffer.from(
        JSON.stringify({ records: records.map(({ recordId }) => ({ recordId, result: "Dropped" })) }),
      ),
    });
    await create(backup());
    await put("a\n", "b\n");
    expect(service.pending?.()).toBe(4);
    await settled();
    const [[key, body] = ["", Buffer.of()]] = under("source/");
    expect(key).toMatch(/\.gz$/);
    expect(gunzipSync(body).toString()).toBe("a\nb\n");
    expect([count("backed_up"), count("dropped"), count("delivered")]).toEqual([2, 2, 0]);
  });

  it("holds up no delivery when its bucket refuses, and is written when it no longer does", async () => {
    world.refusedKeys = /^bucket\/source\//;
    await create(backup());
    await put("a\n");
    await until(() => count("delivered") === 1);
    expect(service.pending?.()).toBe(1);
    world.refusedKeys = undefined;
    await settled();
    expect(under("source/")).toHaveLength(1);
  });

  it("is described as AWS describes it and can be turned on later, but not off", async () => {
    await create({ Prefix: "data/" });
    await update({ S3BackupMode: "Enabled", S3BackupUpdate: backup().S3BackupConfiguration });
    const { DeliveryStreamDescription } = await callFirehose(service, "DescribeDeliveryStream", {
      DeliveryStreamName: "raw",
    });
    const described = DeliveryStreamDescription.Destinations[0].ExtendedS3DestinationDescription;
    expect(described).toMatchObject({ S3BackupMode: "Enabled", S3BackupDescription: { Prefix: "source/" } });
    expect(described).not.toHaveProperty("S3BackupConfiguration");
    await expect(
      callFirehose(service, "UpdateDestination", {
        DeliveryStreamName: "raw",
        CurrentDeliveryStreamVersionId: "2",
        DestinationId: "destinationId-000000000001",
        ExtendedS3DestinationUpdate: { S3BackupMode: "Disabled" },
      }),
    ).rejects.toThrow("S3BackupMode cannot be disabled once enabled");
  });

  it("has no zero buffering", async () => {
    await expect(create(backup({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 } }))).rejects.toThrow(
      "Member must have value greater than or equal to 60",
    );
  });
});

describe("names of objects", () => {
  it("end with the file extension in place of the compression's", async () => {
    await create({ CompressionFormat: "GZIP", FileExtension: ".jsonl.gz" });
    await put("a\n");
    await settled();
    expect([...world.objects.keys()][0]).toMatch(/[0-9a-f]{12}\.jsonl\.gz$/);
  });

  it("have the dates of the time zone, in prefix and name", async () => {
    const at = new Date("2024-01-15T23:30:00Z");
    jest.spyOn(aws.clock, "now").mockReturnValue(at);
    await create({
      CustomTimeZone: "Europe/Berlin",
      Prefix: "!{timestamp:yyyy-MM-dd HH}/",
      ErrorOutputPrefix: "!{firehose:error-output-type}/",
    });
    await put("a\n");
    await settled();
    expect([...world.objects.keys()][0]).toMatch(/^bucket\/2024-01-16 00\/raw-1-2024-01-16-00-30-00-/);
  });

  it.each([
    [
      { FileExtension: "json" },
      "FileExtension must match \\.[0-9a-z!\\-_.*'()]+ and have at most 128 characters, got json",
    ],
    [{ CustomTimeZone: "Europe/Nowhere" }, "CustomTimeZone Europe/Nowhere is not supported"],
  ])("refuse %j", async (s3, message) => {
    await expect(create(s3)).rejects.toThrow(message);
  });
});

describe("zero buffering", () => {
  it("writes records within a moment, at whatever pace the clock goes", async () => {
    await service.close?.();
    aws = fakeAws([], 1, folder);
    service = createFirehose(aws, world);
    await create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 } });
    await put("a\n");
    await settled();
    expect(count("delivered")).toBe(1);
  });
});
