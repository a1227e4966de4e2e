import { STACK_NAMES, type StackName, synthesizedStack } from "../support/stacks";

/** The one resource of a type whose logical id has this in it. */
function at(json: ReturnType<typeof synthesizedStack>, type: string, id: string) {
  const found = Object.entries(json.resource[type] ?? {}).filter(([one]) => one.includes(id));
  expect(found).toHaveLength(1);
  // biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
  return found[0]![1] as any;
}
const withRaw = (stack: StackName, raw: object, telemetry: object = {}) =>
  synthesizedStack(stack, { telemetry: { ...telemetry, raw } });
const rawOf = (json: ReturnType<typeof synthesizedStack>) =>
  at(json, "aws_kinesis_firehose_delivery_stream", "raw-delivery_stream").extended_s3_configuration;
const tableOf = (json: ReturnType<typeof synthesizedStack>) =>
  at(json, "aws_glue_catalog_table", "catalog_lake_telemetry_table");

describe.each(STACK_NAMES)("%s: the raw delivery by its settings", (stack) => {
  it.each([
    ["parquet", { parquet_ser_de: { compression: "GZIP" } }, "ParquetHiveSerDe"],
    ["orc", { orc_ser_de: { compression: "SNAPPY" } }, "OrcSerde"],
  ])("%s has the columns of the table, which is one of that format", (format, serializer, serde) => {
    const json = withRaw(stack, { format, ...(format === "parquet" ? { compression: "GZIP" } : {}) });
    const { buffering_size, compression_format, data_format_conversion_configuration: conversion } = rawOf(json);
    expect([buffering_size, compression_format]).toEqual([128, "UNCOMPRESSED"]);
    expect(conversion.output_format_configuration.serializer).toEqual(serializer);
    const [id] = Object.keys(json.resource.aws_glue_catalog_table).filter((one) => one.includes("telemetry"));
    expect(conversion.schema_configuration.table_name).toBe(`\${aws_glue_catalog_table.${id}.name}`);
    expect(tableOf(json).storage_descriptor.ser_de_info.serialization_library).toMatch(new RegExp(`\\.${serde}$`));
  });

  it("partitions lie before the hours, for the delivery stream as for the table", () => {
    const partitioning = { lap_gear: { expression: ".gear", values: ["7", "8"] } };
    const json = withRaw(stack, { partitioning, partitioningRetrySeconds: 60 });
    const raw = rawOf(json);
    expect(raw.prefix).toMatch(/^lap_gear=!\{partitionKeyFromQuery:lap_gear\}\/year=!\{timestamp:yyyy\}\//);
    expect(raw.dynamic_partitioning_configuration).toEqual({ enabled: true, retry_duration: 60 });
    expect(raw.processing_configuration.processors[0].parameters[1].parameter_value).toBe("{lap_gear:.gear}");
    const { partition_keys, parameters } = tableOf(json);
    expect(partition_keys[0]).toEqual({ name: "lap_gear", type: "string" });
    expect(parameters).toMatchObject({ "projection.lap_gear.type": "enum", "projection.lap_gear.values": "7,8" });
    expect(parameters["storage.location.template"]).toContain("/lap_gear=$${lap_gear}/year=$${year}/");
  });

  it("backup, error prefix, file extension, time zone, compression and zero buffering are Firehose's own", () => {
    const raw = {
      backup: true,
      errorPrefix: "bad/!{firehose:error-output-type}/",
      fileExtension: ".jsonl",
      timeZone: "Europe/Berlin",
      compression: "UNCOMPRESSED",
      bufferingIntervalSeconds: 0,
    };
    const made = rawOf(withRaw(stack, raw, { bufferingIntervalSeconds: 300 }));
    expect(made).toMatchObject({
      s3_backup_mode: "Enabled",
      s3_backup_configuration: { prefix: "source/", bucket_arn: made.bucket_arn },
      error_output_prefix: "bad/!{firehose:error-output-type}/",
      file_extension: ".jsonl",
      custom_time_zone: "Europe/Berlin",
      compression_format: "UNCOMPRESSED",
      buffering_interval: 0,
    });
  });

  it("records wait unencrypted only where Firehose takes them itself and is told so", () => {
    const sse = (encryptAtRest?: boolean) => {
      const json = withRaw(stack, { encryptAtRest }, { engine: "sql" });
      return at(json, "aws_kinesis_firehose_delivery_stream", "raw-put-delivery_stream").server_side_encryption
        ?.enabled;
    };
    expect([sse(), sse(true), sse(false)]).toEqual([true, true, undefined]);
  });

  const PARTITIONS = { lap_gear: { expression: ".gear", values: ["7"] } };
  const DELIVERY = `${stack}/ingest/raw-delivery`;
  const TABLE = `${stack}/catalog`;
  it.each<[string, object, string]>([
    [
      "Parquet with a 5 MB buffer",
      { bufferingSizeMb: 5, raw: { format: "parquet" } },
      `${DELIVERY}: bufferingSizeMb must be between 64 and 128 with format PARQUET, got 5`,
    ],
    [
      "ORC with a compression of Parquet's",
      { raw: { format: "orc", compression: "GZIP" } },
      `${DELIVERY}: format.compression must be one of SNAPPY, ZLIB, NONE, got "GZIP"`,
    ],
    [
      "JSON with a compression of columnar formats",
      { raw: { compression: "SNAPPY" } },
      `${DELIVERY}: compression must be one of GZIP, UNCOMPRESSED, got "SNAPPY"`,
    ],
    [
      "dynamic partitioning with a 5 MB buffer",
      { raw: { bufferingSizeMb: 5, partitioning: PARTITIONS } },
      `${DELIVERY}: bufferingSizeMb must be between 64 and 128 with partitioning, got 5`,
    ],
    [
      "dynamic partitioning with zero buffering",
      { bufferingIntervalSeconds: 0, raw: { partitioning: PARTITIONS } },
      `${DELIVERY}: bufferingIntervalSeconds 0 (zero buffering) contradicts partitioning, which gathers by partition; give 1 to 900 or leave partitioning out`,
    ],
    [
      "retries of partitions that there are none of",
      { raw: { partitioningRetrySeconds: 60 } },
      `${stack}: telemetry.raw.partitioningRetrySeconds 60 has no use without telemetry.raw.partitioning; give that or leave it out`,
    ],
    [
      "a partition key that is a column too",
      { raw: { partitioning: { gear: { expression: ".gear", values: ["7"] } } } },
      `${TABLE}/lake/telemetry: columns must have names of their own, got "gear" twice (partition keys count)`,
    ],
    [
      "a partition key that Athena cannot have as a column",
      { raw: { partitioning: { lapGear: { expression: ".gear", values: ["7"] } } } },
      `${TABLE}: partitioning must be keys of a-z, 0-9 and _, as Athena has its columns, got "lapGear"`,
    ],
    [
      "a partition key of no value",
      { raw: { partitioning: { lap_gear: { expression: ".gear", values: [] } } } },
      `${TABLE}: partitioning.lap_gear.values must hold at least one value, got []`,
    ],
    [
      "an error prefix without its expression",
      { raw: { errorPrefix: "bad/" } },
      `${DELIVERY}: errorPrefix must hold !{firehose:error-output-type}, got "bad/"`,
    ],
    [
      "an unknown time zone",
      { raw: { timeZone: "Mars/Olympus" } },
      `${DELIVERY}: timeZone must be a time zone's name of letters, / and _, such as Europe/Berlin, at most 50 characters, got "Mars/Olympus"`,
    ],
    [
      "compressed files under a name by which Athena does not know them",
      { raw: { fileExtension: ".json" } },
      `${stack}: telemetry.raw.fileExtension must end in .gz with telemetry.raw.compression GZIP, by which Athena tells what to unpack, got ".json"`,
    ],
    [
      "SSE with a Kinesis source",
      { raw: { encryptAtRest: true } },
      `${stack}: telemetry.raw.encryptAtRest true contradicts telemetry.engine "flink", with which the delivery stream reads a Kinesis data stream, whose own encryption counts; leave it out`,
    ],
    [
      "an Athena limit below AWS's least",
      { bytesScannedPerQuery: 1000 },
      `${TABLE}/lake: bytesScannedPerQuery must be between 10000000 and 9007199254740991, got 1000`,
    ],
  ])("refuses %s in one line", (_, telemetry, message) => {
    expect(() => synthesizedStack(stack, { telemetry })).toThrow(
      expect.objectContaining({ message, name: expect.stringMatching(/^(Config|Settings)Error$/) }),
    );
  });
});

describe("the delivery of fast laps by its settings", () => {
  const lake = (processed: object, telemetry: object = {}) =>
    synthesizedStack("telemetry-lake", { telemetry: { ...telemetry, processed } });

  it("is that of telemetry.processed in telemetry-lake, whose table looks as far ahead as its time zone may be", () => {
    const json = lake(
      {
        compression: "GZIP",
        fileExtension: ".csv.gz",
        timeZone: "Asia/Tokyo",
        errorPrefix: "bad/!{firehose:error-output-type}/",
        bufferingSizeMb: 1,
      },
      { bufferingSizeMb: 64, bufferingIntervalSeconds: 900 },
    );
    const stream = at(json, "aws_kinesis_firehose_delivery_stream", "processed-delivery_stream");
    expect(stream.extended_s3_configuration).toMatchObject({
      compression_format: "GZIP",
      file_extension: ".csv.gz",
      custom_time_zone: "Asia/Tokyo",
      error_output_prefix: "bad/!{firehose:error-output-type}/",
      buffering_size: 1,
      buffering_interval: 900,
    });
    const { parameters } = at(json, "aws_glue_catalog_table", "fast-laps_table");
    expect(parameters["projection.datehour.range"]).toBe("2025/01/01/00,NOW+14HOURS");
  });

  it("is that of warehouse in telemetry-warehouse", () => {
    const json = synthesizedStack("telemetry-warehouse", {
      warehouse: { compression: "GZIP", copyOptions: "CSV GZIP", backup: true, retryDurationSeconds: 0 },
    });
    const stream = at(json, "aws_kinesis_firehose_delivery_stream", "processed-delivery_stream");
    expect(stream.redshift_configuration).toMatchObject({
      copy_options: "CSV GZIP",
      retry_duration: 0,
      s3_backup_mode: "Enabled",
      s3_backup_configuration: { prefix: "source/" },
      s3_configuration: { compression_format: "GZIP" },
    });
  });

  it.each([
    [
      "a name that says compressed of files that are not",
      () => lake({ fileExtension: ".csv.gz" }),
      'telemetry-lake: telemetry.processed.fileExtension must not end in .gz with telemetry.processed.compression UNCOMPRESSED, by which Athena tells what to unpack, got ".csv.gz"',
    ],
    [
      "COPY options that say another compression",
      () => synthesizedStack("telemetry-warehouse", { warehouse: { compression: "GZIP" } }),
      'telemetry-warehouse/processed-delivery: copyOptions "CSV" contradict compression GZIP: add GZIP to the options',
    ],
  ])("refuses %s in one line", (_, synth, message) => {
    expect(synth).toThrow(message);
  });
});

describe("every stack by its settings", () => {
  it.each([
    ["30 days with profile dev", {}, 30],
    ["as many days as it is told", { logRetentionDays: 7 }, 7],
    [
      "a year with profile prod",
      {
        profile: "prod",
        backend: { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" },
        warehouse: { acknowledgePublicAddress: true },
      },
      365,
    ],
  ])("keeps its logs %s", (_, settings, days) => {
    for (const stack of STACK_NAMES) {
      const groups = Object.values<{ name: string; retention_in_days: number }>(
        synthesizedStack(stack, settings).resource.aws_cloudwatch_log_group,
      );
      const logs = groups.filter(({ name }) => !name.startsWith("/aws/redshift/"));
      expect(new Set(logs.map(({ retention_in_days }) => retention_in_days))).toEqual(new Set([days]));
    }
  });

  it("refuses a number of days that CloudWatch does not know", () => {
    expect(() => synthesizedStack("telemetry-lake", { logRetentionDays: 31 })).toThrow(
      "telemetry-lake/ingest/transform: logRetentionDays must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, got 31",
    );
  });
});
