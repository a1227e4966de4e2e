import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import type { TerraformStack } from "cdktf";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import {
  FirehoseAfterAnalyticsRedshift,
  type FirehoseAfterAnalyticsRedshiftProps,
} from "../../modules/firehose-after-analytics-redshift";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

const JDBC = "jdbc:redshift://c.abc.us-east-1.redshift.amazonaws.com:5439/telemetry";
const SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:firehose-user-AbCdEf";

let stack: TerraformStack;
let key: EncryptionKey;
let bucket: Bucket;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
  bucket = new Bucket(stack, "bucket", { name: "staging-bucket", key });
});

const firehose = (over: Partial<FirehoseAfterAnalyticsRedshiftProps> = {}) =>
  new FirehoseAfterAnalyticsRedshift(stack, "load", {
    name: "telemetry-load",
    target: { jdbcUrl: JDBC, secretArn: SECRET, key },
    table: "fast_laps",
    columns: ["speed", "rpm", "gear", "throttle"],
    bucket,
    key,
    ...over,
  });
const only = () => resources(stack, KinesisFirehoseDeliveryStream)[0];
const keyArn = () => `\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`;

describe("FirehoseAfterAnalyticsRedshift", () => {
  it("loads CSV into the named columns and retries a failed COPY for an hour, unless told otherwise", () => {
    const { role } = firehose();
    const roleArn = `\${aws_iam_role.${role.friendlyUniqueId}.arn}`;
    expect(only()).toMatchObject({
      destination: "redshift",
      redshift_configuration: {
        cluster_jdbcurl: JDBC,
        role_arn: roleArn,
        data_table_name: "fast_laps",
        data_table_columns: "speed,rpm,gear,throttle",
        copy_options: "CSV",
        retry_duration: 3600,
        s3_backup_mode: "Disabled",
        secrets_manager_configuration: { enabled: true, secret_arn: SECRET, role_arn: roleArn },
        s3_configuration: { buffering_size: 5, buffering_interval: 60, compression_format: "UNCOMPRESSED" },
        cloudwatch_logging_options: { enabled: true },
      },
    });
  });

  it("holds no password and no user name", () => {
    firehose();
    expect(only().redshift_configuration.username).toBeUndefined();
    expect(only().redshift_configuration.password).toBeUndefined();
  });

  it("says GZIP to COPY when the files are compressed", () => {
    firehose({ compression: "GZIP" });
    expect(only().redshift_configuration.copy_options).toBe("CSV GZIP");
  });

  it("encrypts what waits with the stack's key", () => {
    firehose();
    expect(only().server_side_encryption).toEqual({
      enabled: true,
      key_type: "CUSTOMER_MANAGED_CMK",
      key_arn: keyArn(),
    });
  });

  it("gives its role the bucket both ways, this secret with its key, its log stream, and no more", () => {
    const { role } = firehose();
    const arn = `\${aws_s3_bucket.${bucket.bucket.friendlyUniqueId}.arn}`;
    const statements = statementsOf(stack, role.friendlyUniqueId);
    expect(statements).toEqual(
      expect.arrayContaining([
        { actions: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], resources: [arn] },
        {
          actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
          resources: [`${arn}/*`],
        },
        { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [keyArn()] },
        { actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [arn] },
        { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [`${arn}/*`] },
        { actions: ["secretsmanager:GetSecretValue"], resources: [SECRET] },
        { actions: ["kms:Decrypt"], resources: [keyArn()] },
        {
          actions: ["logs:PutLogEvents"],
          resources: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\..+\.arn\}:log-stream:\$\{.+\}$/)],
        },
      ]),
    );
    // The key is granted for reading twice: the bucket's objects and the secret.
    expect(statements).toHaveLength(9);
  });

  it("waits for the migrations and for its role's rights", () => {
    const migrations = new S3Object(stack, "migrations", { bucket: "b", key: "k" });
    firehose({ waitFor: [migrations] });
    const policies = Object.keys(synthesized(stack).resource.aws_iam_role_policy).map(
      (id) => `aws_iam_role_policy.${id}`,
    );
    expect([...only().depends_on].sort()).toEqual([...policies, "aws_s3_object.migrations"].sort());
  });

  it("grantPut gives the two put actions on this stream and no more", () => {
    const app = serviceRole(stack, "app", "kinesisanalytics.amazonaws.com");
    const made = firehose();
    made.grantPut(app);
    expect(statementsOf(stack, app.friendlyUniqueId)).toEqual([
      {
        actions: ["firehose:PutRecord", "firehose:PutRecordBatch"],
        resources: [`\${aws_kinesis_firehose_delivery_stream.${made.deliveryStream.friendlyUniqueId}.arn}`],
      },
    ]);
  });

  const RULE = "letters, digits, _ and $, no digit or $ first, at most 127 characters";
  it.each([
    [{ table: 'fast"laps' }, `table must be a table or schema.table (${RULE}), got "fast\\"laps"`],
    [{ table: "fast'laps" }, `table must be a table or schema.table (${RULE}), got "fast'laps"`],
    [{ table: "a.b.c" }, `table must be a table or schema.table (${RULE}), got "a.b.c"`],
    [{ table: "" }, `table must be a table or schema.table (${RULE}), got ""`],
    [
      { table: "laps; DROP TABLE laps" },
      `table must be a table or schema.table (${RULE}), got "laps; DROP TABLE laps"`,
    ],
    [{ columns: [] }, "columns must name at least one column, got an empty list"],
    [{ columns: ["speed", "rpm)"] }, `columns must be names (${RULE}), got "rpm)"`],
    [{ columns: ["speed", "SPEED"] }, "columns names SPEED twice"],
    [
      { copyOptions: "CSV", compression: "GZIP" as const },
      'copyOptions "CSV" contradict compression GZIP: add GZIP to the options',
    ],
    [
      { copyOptions: "CSV GZIP" },
      'copyOptions "CSV GZIP" contradict compression UNCOMPRESSED: leave GZIP out or set compression to GZIP',
    ],
    [
      { copyOptions: "CSV bzip2" },
      'copyOptions "CSV bzip2" contradict compression UNCOMPRESSED: leave BZIP2 out or set compression to GZIP',
    ],
    [
      { copyOptions: "MANIFEST CSV" },
      'copyOptions must not hold MANIFEST, which is written for you, got "MANIFEST CSV"',
    ],
    [
      { copyOptions: "CSV; DROP TABLE laps" },
      'copyOptions must be options of one COPY, without ; comments or open quotes, got "CSV; DROP TABLE laps"',
    ],
    [
      { copyOptions: "DELIMITER '" },
      'copyOptions must be options of one COPY, without ; comments or open quotes, got "DELIMITER \'"',
    ],
    [
      { prefix: "!{timestamp:yyyy}/" },
      'prefix must hold no expression: a Redshift destination takes it literally, got "!{timestamp:yyyy}/"',
    ],
    [
      { copyOptions: "CSV json 's3://bucket/jsonpaths.json'" },
      "copyOptions CSV and JSON exclude each other: a COPY has one format; leave one out, got \"CSV json 's3://bucket/jsonpaths.json'\"",
    ],
    [
      { copyOptions: { format: "json", delimiter: "|", escape: true } as const },
      "copyOptions: JSON and DELIMITER exclude each other: a document has fields by name, not a line with separators; leave one out; JSON and ESCAPE exclude each other: a document has fields by name, not a line with separators; leave one out",
    ],
    [
      { copyOptions: { format: "csv", compression: "zstd" } as const },
      'copyOptions {"format":"csv","compression":"zstd"} contradict compression UNCOMPRESSED: leave ZSTD out or set compression to GZIP',
    ],
    [{ retryDurationSeconds: 7201 }, "retryDurationSeconds must be between 0 and 7200, got 7201"],
    [{ bufferingSizeMb: 200 }, "bufferingSizeMb must be between 1 and 128, got 200"],
    [
      { target: { jdbcUrl: "redshift://c:5439/dev", secretArn: SECRET, key: undefined as never } },
      'target.jdbcUrl must be jdbc:redshift://HOST:PORT/DATABASE, got "redshift://c:5439/dev"',
    ],
    [
      { target: { jdbcUrl: JDBC, secretArn: SECRET, key: undefined as never, enhancedVpcRouting: true } },
      "target has enhancedVpcRouting, which Firehose cannot load through; turn it off or load by another way",
    ],
  ])("refuses %j", (over, message) => {
    expect(() => firehose(over)).toThrow(`t/load: ${message}`);
  });

  it("copies the records as they came to a bucket of their own, which its role may write", () => {
    const other = new Bucket(stack, "other", { name: "backup-bucket", key });
    const { role } = firehose({ backup: { bucket: other, bufferingIntervalSeconds: 60 } });
    const bucketArn = `\${aws_s3_bucket.${other.bucket.friendlyUniqueId}.arn}`;
    expect(only().redshift_configuration).toMatchObject({
      s3_backup_mode: "Enabled",
      s3_backup_configuration: {
        role_arn: `\${aws_iam_role.${role.friendlyUniqueId}.arn}`,
        bucket_arn: bucketArn,
        prefix: "source/",
        buffering_interval: 60,
        compression_format: "GZIP",
      },
    });
    expect(statementsOf(stack, role.friendlyUniqueId)).toContainEqual({
      actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      resources: [`${bucketArn}/*`],
    });
  });

  it("refuses copies that would lie among the files that COPY reads", () => {
    expect(() => firehose({ prefix: "files/", backup: { bucket, prefix: "files/" } })).toThrow(
      't/load: backup.prefix and prefix are both "files/" in one bucket, which would mix the copies with the data; change one',
    );
  });

  it.each([
    "delimiter ';'",
    "CSV DELIMITER '|' IGNOREHEADER 1",
    "json 'auto' TRUNCATECOLUMNS blanksasnull emptyasnull",
  ])("takes the options %j", (copyOptions) => {
    firehose({ copyOptions });
    expect(only().redshift_configuration.copy_options).toBe(copyOptions);
  });

  it("takes options as data, and lets them follow the compression of the files", () => {
    firehose({ copyOptions: { format: "json", truncateColumns: true }, compression: "GZIP" });
    expect(only().redshift_configuration.copy_options).toBe("json 'auto' GZIP TRUNCATECOLUMNS");
  });

  it("takes a schema before the table", () => {
    firehose({ table: "public.fast_laps" });
    expect(only().redshift_configuration.data_table_name).toBe("public.fast_laps");
  });
});
