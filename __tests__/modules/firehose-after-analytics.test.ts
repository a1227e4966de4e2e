import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import type { TerraformStack } from "cdktf";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import { FirehoseAfterAnalytics, type FirehoseAfterAnalyticsProps } from "../../modules/firehose-after-analytics";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
let key: EncryptionKey;
let bucket: Bucket;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
  bucket = new Bucket(stack, "bucket", { name: "processed-bucket", key });
});

const firehose = (over: Partial<FirehoseAfterAnalyticsProps> = {}) =>
  new FirehoseAfterAnalytics(stack, "processed", { name: "telemetry-processed", bucket, key, ...over });
const only = () => resources(stack, KinesisFirehoseDeliveryStream)[0];

describe("FirehoseAfterAnalytics", () => {
  it("writes the lines as they come, 5 MB or 60 s, without a function and uncompressed", () => {
    firehose();
    expect(only().extended_s3_configuration).toMatchObject({
      buffering_size: 5,
      buffering_interval: 60,
      compression_format: "UNCOMPRESSED",
      error_output_prefix: "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
      cloudwatch_logging_options: { enabled: true },
    });
    expect(only().extended_s3_configuration.prefix).toBeUndefined();
    expect(only().extended_s3_configuration.processing_configuration).toBeUndefined();
  });

  it("encrypts what waits with the stack's key", () => {
    firehose();
    expect(only().server_side_encryption).toEqual({
      enabled: true,
      key_type: "CUSTOMER_MANAGED_CMK",
      key_arn: `\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`,
    });
  });

  it("gives its role the bucket and its log stream, and no more", () => {
    const { role } = firehose();
    const arn = `\${aws_s3_bucket.${bucket.bucket.friendlyUniqueId}.arn}`;
    const statements = statementsOf(stack, role.friendlyUniqueId);
    expect(statements).toHaveLength(4);
    expect(statements).toEqual(
      expect.arrayContaining([
        { actions: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], resources: [arn] },
        {
          actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
          resources: [`${arn}/*`],
        },
        {
          actions: ["kms:Decrypt", "kms:GenerateDataKey"],
          resources: [`\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`],
        },
        {
          actions: ["logs:PutLogEvents"],
          resources: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\..+\.arn\}:log-stream:\$\{.+\}$/)],
        },
      ]),
    );
  });

  it("is made after its role's rights and destroyed before them", () => {
    firehose();
    const policies = Object.keys(synthesized(stack).resource.aws_iam_role_policy).map(
      (id) => `aws_iam_role_policy.${id}`,
    );
    expect([...only().depends_on].sort()).toEqual(policies.sort());
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

  it("hands file extension and time zone to Firehose", () => {
    firehose({ fileExtension: ".csv", timeZone: "Europe/Berlin" });
    expect(resources(stack, KinesisFirehoseDeliveryStream)[0].extended_s3_configuration).toMatchObject({
      file_extension: ".csv",
      custom_time_zone: "Europe/Berlin",
    });
  });

  it.each([
    [{ bufferingSizeMb: 129 }, "bufferingSizeMb must be between 1 and 128, got 129"],
    [{ bufferingIntervalSeconds: 901 }, "bufferingIntervalSeconds must be between 0 and 900, got 901"],
    [
      { prefix: "!{timestamp:yyyy}/", errorPrefix: "" },
      'errorPrefix must be given because prefix "!{timestamp:yyyy}/" has an expression; it must hold !{firehose:error-output-type}',
    ],
    [{ name: "" }, 'name must be 1 to 64 letters, digits, _, . and -, got ""'],
  ])("refuses %j", (over, message) => {
    expect(() => firehose(over)).toThrow(`t/processed: ${message}`);
  });
});
