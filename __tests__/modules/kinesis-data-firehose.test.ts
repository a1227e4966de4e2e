import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import type { TerraformStack } from "cdktf";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import { DataFirehose, type DataFirehoseProps, type Processor } from "../../modules/kinesis-data-firehose";
import { DataStream } from "../../modules/kinesis-data-stream";
import { allow, serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
let key: EncryptionKey;
let bucket: Bucket;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
  bucket = new Bucket(stack, "bucket", { name: "raw-bucket", key });
});

const ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:transform:live";
const processor = (): Processor => ({
  aliasArn: ALIAS,
  grantInvoke: (role) => void allow(stack, "invoke", role, { actions: ["lambda:InvokeFunction"], on: [ALIAS] }),
});
const firehose = (over: Partial<DataFirehoseProps> = {}) =>
  new DataFirehose(stack, "raw", { name: "telemetry-raw", bucket, key, ...over });
const s3 = () => resources(stack, KinesisFirehoseDeliveryStream)[0].extended_s3_configuration;

describe("DataFirehose", () => {
  it("writes compressed objects of 5 MB or 60 s into a partition an hour, unless told otherwise", () => {
    firehose();
    expect(s3()).toMatchObject({
      buffering_size: 5,
      buffering_interval: 60,
      compression_format: "GZIP",
      prefix: "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/",
      error_output_prefix: "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
    });
    expect(resources(stack, S3Bucket)).toHaveLength(1);
  });

  it("takes puts itself, encrypted with the stack's key, when it has no source", () => {
    firehose();
    const [made] = resources(stack, KinesisFirehoseDeliveryStream);
    expect(made.server_side_encryption).toEqual({
      enabled: true,
      key_type: "CUSTOMER_MANAGED_CMK",
      key_arn: `\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`,
    });
    expect(made.kinesis_source_configuration).toBeUndefined();
  });

  it("reads a source with its own role and leaves encryption to the source", () => {
    const source = new DataStream(stack, "stream", { name: "telemetry", key });
    const { role } = firehose({ source });
    const [made] = resources(stack, KinesisFirehoseDeliveryStream);
    expect(made.kinesis_source_configuration).toEqual({
      kinesis_stream_arn: `\${aws_kinesis_stream.${source.stream.friendlyUniqueId}.arn}`,
      role_arn: `\${aws_iam_role.${role.friendlyUniqueId}.arn}`,
    });
    expect(made.server_side_encryption).toBeUndefined();
  });

  it("hands records to the function's alias and leaves AWS's defaults unsaid", () => {
    firehose({ processor: processor() });
    expect(s3().processing_configuration).toEqual({
      enabled: true,
      processors: [{ type: "Lambda", parameters: [{ parameter_name: "LambdaArn", parameter_value: ALIAS }] }],
    });
  });

  it("states processor hints that differ from AWS's defaults", () => {
    firehose({
      processor: processor(),
      processorBufferSizeMb: 0.5,
      processorBufferIntervalSeconds: 0,
      processorRetries: 0,
    });
    expect(s3().processing_configuration.processors[0].parameters).toEqual([
      { parameter_name: "LambdaArn", parameter_value: ALIAS },
      { parameter_name: "BufferSizeInMBs", parameter_value: "0.5" },
      { parameter_name: "BufferIntervalInSeconds", parameter_value: "0" },
      { parameter_name: "NumberOfRetries", parameter_value: "0" },
    ]);
  });

  it("logs delivery errors to an encrypted log group that is kept 30 days", () => {
    firehose();
    const json = synthesized(stack).resource;
    expect(Object.values(json.aws_cloudwatch_log_group)).toMatchObject([
      {
        name: "/aws/kinesisfirehose/telemetry-raw",
        retention_in_days: 30,
        kms_key_id: `\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`,
      },
    ]);
    expect(s3().cloudwatch_logging_options).toMatchObject({ enabled: true });
  });

  it("gives its role the bucket, the source, the alias and its log stream, and no more", () => {
    const source = new DataStream(stack, "stream", { name: "telemetry", key });
    const { role } = firehose({ source, processor: processor() });
    const keyArn = `\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`;
    const bucketArn = `\${aws_s3_bucket.${bucket.bucket.friendlyUniqueId}.arn}`;
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual(
      expect.arrayContaining([
        { actions: ["lambda:InvokeFunction"], resources: [ALIAS] },
        {
          actions: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
          resources: [bucketArn],
        },
        {
          actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
          resources: [`${bucketArn}/*`],
        },
        { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [keyArn] },
        {
          actions: [
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
          ],
          resources: [`\${aws_kinesis_stream.${source.stream.friendlyUniqueId}.arn}`],
        },
        { actions: ["kms:Decrypt"], resources: [keyArn] },
        {
          actions: ["logs:PutLogEvents"],
          resources: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\..+\.arn\}:log-stream:\$\{.+\}$/)],
        },
      ]),
    );
    expect(statementsOf(stack, role.friendlyUniqueId)).toHaveLength(7);
  });

  it("is made after its role's rights and destroyed before them", () => {
    firehose({ source: new DataStream(stack, "stream", { name: "telemetry", key }), processor: processor() });
    const policies = Object.keys(synthesized(stack).resource.aws_iam_role_policy).map(
      (id) => `aws_iam_role_policy.${id}`,
    );
    const [made] = resources(stack, KinesisFirehoseDeliveryStream);
    expect([...made.depends_on].sort()).toEqual(policies.sort());
  });

  it("grantPut gives the two put actions on this stream and no more", () => {
    const api = serviceRole(stack, "api", "apigateway.amazonaws.com");
    const raw = firehose();
    raw.grantPut(api);
    expect(statementsOf(stack, api.friendlyUniqueId)).toEqual([
      {
        actions: ["firehose:PutRecord", "firehose:PutRecordBatch"],
        resources: [`\${aws_kinesis_firehose_delivery_stream.${raw.deliveryStream.friendlyUniqueId}.arn}`],
      },
    ]);
  });

  it("grantPut is refused where a source feeds the stream", () => {
    const raw = firehose({ source: new DataStream(stack, "stream", { name: "telemetry", key }) });
    expect(() => raw.grantPut(serviceRole(stack, "api", "apigateway.amazonaws.com"))).toThrow(
      "t/raw: grantPut has no use: a delivery stream with a source takes no puts; grant put on the source instead",
    );
  });

  it.each([
    [{ bufferingSizeMb: 200 }, "bufferingSizeMb must be between 1 and 128, got 200"],
    [{ bufferingSizeMb: 0 }, "bufferingSizeMb must be between 1 and 128, got 0"],
    [{ bufferingSizeMb: 1.5 }, "bufferingSizeMb must be a whole number between 1 and 128, got 1.5"],
    [{ bufferingIntervalSeconds: -1 }, "bufferingIntervalSeconds must be between 0 and 900, got -1"],
    [{ bufferingIntervalSeconds: 901 }, "bufferingIntervalSeconds must be between 0 and 900, got 901"],
    [{ name: "no spaces" }, 'name must be 1 to 64 letters, digits, _, . and -, got "no spaces"'],
    [
      { prefix: "!{timestamp:yyyy}/", errorPrefix: "" },
      'errorPrefix must be given because prefix "!{timestamp:yyyy}/" has an expression; it must hold !{firehose:error-output-type}',
    ],
    [{ errorPrefix: "errors/" }, 'errorPrefix must hold !{firehose:error-output-type}, got "errors/"'],
    [{ prefix: "!{partitionKeyFromQuery:car}/" }, "prefix has !{partitionKeyFromQuery:car}, which needs partitioning"],
    [
      { prefix: "!{firehose:error-output-type}/" },
      "prefix may hold !{timestamp:PATTERN} and !{firehose:random-string}, got !{firehose:error-output-type}",
    ],
    [
      { errorPrefix: "!{firehose:error-output-type}/!{date:yyyy}/" },
      "errorPrefix may hold !{timestamp:PATTERN} and !{firehose:random-string} and !{firehose:error-output-type}, got !{date:yyyy}",
    ],
    [{ prefix: "a!{timestamp:yyyy" }, 'prefix has an expression without its closing brace: "a!{timestamp:yyyy"'],
    [{ prefix: "/raw/" }, 'prefix must not start with /, which would make a folder without a name, got "/raw/"'],
    [{ prefix: "x".repeat(1025) }, "prefix must be at most 1024 characters, got 1025"],
    [{ compression: "ZIP" as "GZIP" }, 'compression must be one of GZIP, UNCOMPRESSED, got "ZIP"'],
    [
      { prefix: "!{partitionKeyFromLambda:car}/" },
      "prefix may hold !{timestamp:PATTERN} and !{firehose:random-string}, got !{partitionKeyFromLambda:car}",
    ],
    [
      { fileExtension: "json" },
      'fileExtension must be a dot, then lower-case letters, digits and !-_.*\'(), at most 128 characters, got "json"',
    ],
    [
      { timeZone: "Europe/Nowhere" },
      'timeZone must be a time zone\'s name of letters, / and _, such as Europe/Berlin, at most 50 characters, got "Europe/Nowhere"',
    ],
    [
      { timeZone: "Etc/GMT+1" },
      'timeZone must be a time zone\'s name of letters, / and _, such as Europe/Berlin, at most 50 characters, got "Etc/GMT+1"',
    ],
    [
      { logRetentionDays: 2 },
      "logRetentionDays must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, got 2",
    ],
    [{ processorRetries: 5 }, "processorRetries 5 has no use without processor; give one or leave it out"],
  ])("refuses %j", (over, message) => {
    expect(() => firehose(over)).toThrow(`t/raw: ${message}`);
  });

  it.each([
    [{ processorBufferSizeMb: 0.1 }, "processorBufferSizeMb must be between 0.2 and 3, got 0.1"],
    [{ processorBufferSizeMb: 3.5 }, "processorBufferSizeMb must be between 0.2 and 3, got 3.5"],
    [{ processorBufferIntervalSeconds: 901 }, "processorBufferIntervalSeconds must be between 0 and 900, got 901"],
    [{ processorRetries: 301 }, "processorRetries must be between 0 and 300, got 301"],
  ])("refuses the processor hint %j", (over, message) => {
    expect(() => firehose({ processor: processor(), ...over })).toThrow(`t/raw: ${message}`);
  });

  it("refuses encryption of its own where a source feeds it", () => {
    const source = new DataStream(stack, "stream", { name: "telemetry", key });
    expect(() => firehose({ source, encryptAtRest: true })).toThrow(
      "t/raw: encryptAtRest is for Direct PUT; with a source, encrypt the source and leave it out",
    );
  });

  it("takes a prefix without expressions and no error prefix", () => {
    firehose({ prefix: "raw/", errorPrefix: "" });
    expect(s3().prefix).toBe("raw/");
    expect(s3().error_output_prefix).toBeUndefined();
  });
});

describe("DataFirehose, what its objects are called", () => {
  it("hands file extension and time zone to Firehose", () => {
    firehose({ fileExtension: ".jsonl.gz", timeZone: "Europe/Berlin" });
    expect(s3()).toMatchObject({ file_extension: ".jsonl.gz", custom_time_zone: "Europe/Berlin" });
  });

  it("says neither unless told", () => {
    firehose();
    expect(s3()).not.toHaveProperty("file_extension");
    expect(s3()).not.toHaveProperty("custom_time_zone");
  });

  it("takes a buffering interval of 0, which does not gather", () => {
    firehose({ bufferingIntervalSeconds: 0 });
    expect(s3()).toMatchObject({ buffering_interval: 0 });
  });
});

describe("DataFirehose with a format", () => {
  const table = () => ({
    databaseName: "lake",
    tableName: "telemetry",
    grantReadSchema: (role: IamRole) => void allow(stack, "schema", role, { actions: ["glue:GetTable"], on: ["t"] }),
  });

  it.each([
    ["PARQUET", "parquet_ser_de"],
    ["ORC", "orc_ser_de"],
  ] as const)("converts to %s by the table's columns, which its role may read", (type, serializer) => {
    const { role } = firehose({ format: { type, table: table() } });
    expect(s3().data_format_conversion_configuration).toEqual({
      input_format_configuration: { deserializer: { open_x_json_ser_de: { case_insensitive: true } } },
      output_format_configuration: { serializer: { [serializer]: { compression: "SNAPPY" } } },
      schema_configuration: {
        database_name: "lake",
        table_name: "telemetry",
        role_arn: `\${aws_iam_role.${role.friendlyUniqueId}.arn}`,
      },
    });
    expect(statementsOf(stack, role.friendlyUniqueId)).toContainEqual({ actions: ["glue:GetTable"], resources: ["t"] });
  });

  it("gathers 128 MB and leaves compression to the format, unless told otherwise", () => {
    firehose({ format: { type: "PARQUET", table: table() } });
    expect(s3()).toMatchObject({ buffering_size: 128, compression_format: "UNCOMPRESSED" });
  });

  it.each([
    [{ bufferingSizeMb: 5 }, {}, "bufferingSizeMb must be between 64 and 128 with format PARQUET, got 5"],
    [{ bufferingSizeMb: 200 }, {}, "bufferingSizeMb must be between 1 and 128, got 200"],
    [
      { compression: "GZIP" as const },
      {},
      "compression GZIP contradicts format PARQUET, which compresses by itself; leave compression out (format.compression says how)",
    ],
    [{}, { type: "AVRO" as "ORC" }, 'format.type must be one of PARQUET, ORC, got "AVRO"'],
    [{}, { compression: "ZLIB" as const }, 'format.compression must be one of SNAPPY, GZIP, UNCOMPRESSED, got "ZLIB"'],
    [
      {},
      { type: "ORC" as const, compression: "GZIP" as const },
      'format.compression must be one of SNAPPY, ZLIB, NONE, got "GZIP"',
    ],
    [
      {},
      { table: { databaseName: "my lake", tableName: "t", grantReadSchema: () => undefined } },
      'format.table.databaseName must be a name without white space, got "my lake"',
    ],
  ])("refuses %j with format %j", (over, format, message) => {
    expect(() => firehose({ ...over, format: { type: "PARQUET", table: table(), ...format } })).toThrow(
      `t/raw: ${message}`,
    );
  });
});

describe("DataFirehose with partitioning", () => {
  const keys = { car: ".car_id", track: ".track.name" };

  it("finds the keys by JQ, before the function, and makes a folder of each", () => {
    firehose({ partitioning: { keys }, processor: processor() });
    expect(s3()).toMatchObject({
      buffering_size: 64,
      prefix:
        "car=!{partitionKeyFromQuery:car}/track=!{partitionKeyFromQuery:track}/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/",
      dynamic_partitioning_configuration: { enabled: true, retry_duration: 300 },
    });
    expect(s3().processing_configuration.processors).toEqual([
      {
        type: "MetadataExtraction",
        parameters: [
          { parameter_name: "JsonParsingEngine", parameter_value: "JQ-1.6" },
          { parameter_name: "MetadataExtractionQuery", parameter_value: "{car:.car_id,track:.track.name}" },
        ],
      },
      { type: "Lambda", parameters: [{ parameter_name: "LambdaArn", parameter_value: ALIAS }] },
    ]);
  });

  it.each([
    [
      { bufferingIntervalSeconds: 0 },
      {},
      "bufferingIntervalSeconds 0 (zero buffering) contradicts partitioning, which gathers by partition; give 1 to 900 or leave partitioning out",
    ],
    [{ bufferingSizeMb: 5 }, {}, "bufferingSizeMb must be between 64 and 128 with partitioning, got 5"],
    [
      { prefix: "!{partitionKeyFromQuery:car}/" },
      {},
      'prefix must hold !{partitionKeyFromQuery:track} because partitioning.keys names track, got "!{partitionKeyFromQuery:car}/"',
    ],
    [
      { prefix: "!{partitionKeyFromQuery:driver}/" },
      {},
      "prefix has !{partitionKeyFromQuery:driver}, but partitioning.keys names car, track",
    ],
    [
      { prefix: "!{partitionKeyFromQuery:car}/!{partitionKeyFromQuery:track}/", errorPrefix: "" },
      {},
      'errorPrefix must be given because prefix "!{partitionKeyFromQuery:car}/!{partitionKeyFromQuery:track}/" has an expression; it must hold !{firehose:error-output-type}',
    ],
    [
      { errorPrefix: "!{firehose:error-output-type}/!{partitionKeyFromQuery:car}/" },
      {},
      "errorPrefix may hold !{timestamp:PATTERN} and !{firehose:random-string} and !{firehose:error-output-type}, got !{partitionKeyFromQuery:car}",
    ],
    [{}, { keys: {} }, "partitioning.keys must name at least one key, got none"],
    [
      {},
      { keys: { "a b": ".a" } },
      'partitioning.keys must be named with a letter or _, then letters, digits and _, got "a b"',
    ],
    [{}, { keys: { car: " " } }, 'partitioning.keys.car must be a JQ expression such as .car_id, got " "'],
    [
      {},
      { keys: { car: `.${"a".repeat(5115)}` } },
      "partitioning.keys must make a query of at most 5120 characters, got 5122",
    ],
    [{}, { retrySeconds: 7201 }, "partitioning.retrySeconds must be between 0 and 7200, got 7201"],
  ])("refuses %j with partitioning %j", (over, partitioning, message) => {
    expect(() => firehose({ ...over, partitioning: { keys, ...partitioning } })).toThrow(`t/raw: ${message}`);
  });
});

describe("DataFirehose with a backup", () => {
  it("copies the records as they came under a prefix of their own, compressed, with the same role", () => {
    const { role } = firehose({ processor: processor(), backup: { bucket } });
    expect(s3()).toMatchObject({ s3_backup_mode: "Enabled" });
    expect(s3().s3_backup_configuration).toEqual({
      role_arn: `\${aws_iam_role.${role.friendlyUniqueId}.arn}`,
      bucket_arn: `\${aws_s3_bucket.${bucket.bucket.friendlyUniqueId}.arn}`,
      buffering_size: 5,
      buffering_interval: 300,
      compression_format: "GZIP",
      prefix: "source/",
      error_output_prefix: "errors/source/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
      cloudwatch_logging_options: s3().cloudwatch_logging_options,
    });
  });

  it("gives its role the backup's bucket where that is another", () => {
    const other = new Bucket(stack, "other", { name: "backup-bucket", key });
    const { role } = firehose({ processor: processor(), backup: { bucket: other } });
    expect(statementsOf(stack, role.friendlyUniqueId)).toContainEqual({
      actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      resources: [`\${aws_s3_bucket.${other.bucket.friendlyUniqueId}.arn}/*`],
    });
  });

  it.each([
    [{ bufferingIntervalSeconds: 0 }, "backup.bufferingIntervalSeconds must be between 60 and 900, got 0"],
    [{ bufferingSizeMb: 129 }, "backup.bufferingSizeMb must be between 1 and 128, got 129"],
    [{ compression: "ZIP" as "GZIP" }, 'backup.compression must be one of GZIP, UNCOMPRESSED, got "ZIP"'],
    [
      { prefix: "a/!{timestamp:yyyy}/", errorPrefix: "" },
      'backup.errorPrefix must be given because backup.prefix "a/!{timestamp:yyyy}/" has an expression; it must hold !{firehose:error-output-type}',
    ],
    [
      { prefix: "raw/" },
      'backup.prefix and prefix are both "raw/" in one bucket, which would mix the copies with the data; change one',
    ],
  ])("refuses the backup %j", (over, message) => {
    expect(() => firehose({ processor: processor(), prefix: "raw/", backup: { bucket, ...over } })).toThrow(
      `t/raw: ${message}`,
    );
  });

  it("is refused where the data are the records as they came", () => {
    expect(() => firehose({ backup: { bucket } })).toThrow(
      "t/raw: backup has no use without processor or format: the bucket already holds the records as they came; leave it out",
    );
  });
});
