import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import type { TerraformStack } from "cdktf";
import { Bucket, type BucketProps } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
let key: EncryptionKey;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
});

const raw = (over: Partial<BucketProps> = {}) => new Bucket(stack, "raw", { name: "telemetry-raw", key, ...over });

describe("Bucket", () => {
  it("keeps a bucket that still holds objects unless told otherwise", () => {
    raw();
    expect(resources(stack, S3Bucket)).toMatchObject([{ bucket: "telemetry-raw", force_destroy: false }]);
  });

  it("is closed to the public in all four ways", () => {
    raw();
    expect(resources(stack, S3BucketPublicAccessBlock)).toMatchObject([
      { block_public_acls: true, block_public_policy: true, ignore_public_acls: true, restrict_public_buckets: true },
    ]);
  });

  it("encrypts every object with the stack's key", () => {
    raw();
    expect(resources(stack, S3BucketServerSideEncryptionConfigurationA)).toMatchObject([
      {
        rule: [
          {
            apply_server_side_encryption_by_default: {
              kms_master_key_id: "${aws_kms_key.key_29E52C0D.arn}".replace(/key_\w+/, key.key.friendlyUniqueId),
              sse_algorithm: "aws:kms",
            },
            bucket_key_enabled: true,
          },
        ],
      },
    ]);
  });

  it("lets log delivery of this account write under one prefix, and nothing else", () => {
    raw().admitLogDelivery("logs/msk/cluster-");
    const documents = Object.values(synthesized(stack).data.aws_iam_policy_document) as {
      statement: { sid?: string }[];
    }[];
    const bucket = `\${aws_s3_bucket.${stackId("bucket")}.arn}`;
    const account = {
      test: "StringEquals",
      variable: "aws:SourceAccount",
      values: [expect.stringMatching(/^\$\{data\.aws_caller_identity\.\w+\.account_id\}$/)],
    };
    const principals = [{ type: "Service", identifiers: ["delivery.logs.amazonaws.com"] }];
    expect(documents.flatMap((d) => d.statement).filter((s) => s.sid?.startsWith("LogDelivery"))).toEqual([
      expect.objectContaining({ sid: "LogDelivery", principals, resources: ["*"], condition: [account] }),
      { sid: "LogDeliveryLooks", principals, actions: ["s3:GetBucketAcl"], resources: [bucket], condition: [account] },
      {
        sid: "LogDeliveryWrites",
        principals,
        actions: ["s3:PutObject"],
        resources: [`${bucket}/logs/msk/cluster-*`],
        condition: [account, { test: "StringEquals", variable: "s3:x-amz-acl", values: ["bucket-owner-full-control"] }],
      },
    ]);
  });

  it("refuses every request that comes without TLS", () => {
    raw();
    const documents = Object.values(synthesized(stack).data.aws_iam_policy_document) as {
      statement: { sid?: string }[];
    }[];
    const bucket = `\${aws_s3_bucket.${stackId("bucket")}.arn}`;
    expect(documents.flatMap((d) => d.statement).filter((s) => s.sid === "TlsOnly")).toEqual([
      {
        sid: "TlsOnly",
        effect: "Deny",
        actions: ["s3:*"],
        resources: [bucket, `${bucket}/*`],
        principals: [{ type: "*", identifiers: ["*"] }],
        condition: [{ test: "Bool", variable: "aws:SecureTransport", values: ["false"] }],
      },
    ]);
  });

  it("keeps old versions for 30 days and objects for ever unless told otherwise", () => {
    raw();
    expect(resources(stack, S3BucketVersioningA)).toMatchObject([{ versioning_configuration: { status: "Enabled" } }]);
    const [lifecycle] = resources(stack, S3BucketLifecycleConfiguration);
    expect(lifecycle.rule[0].noncurrent_version_expiration).toEqual([{ noncurrent_days: 30 }]);
    expect(lifecycle.rule[0].expiration).toBeUndefined();
  });

  it("deletes objects after expireDays", () => {
    raw({ expireDays: 90 });
    expect(resources(stack, S3BucketLifecycleConfiguration)[0].rule[0].expiration).toEqual([{ days: 90 }]);
  });

  it("deletes what is under a temporary prefix, and nothing else by that rule", () => {
    raw({ temporary: { prefix: ".redstream/", days: 14 } });
    expect(resources(stack, S3BucketLifecycleConfiguration)[0].rule[1]).toEqual({
      id: "temporary",
      status: "Enabled",
      filter: [{ prefix: ".redstream/" }],
      expiration: [{ days: 14 }],
    });
  });

  it.each(["ab", "Upper", "under_score", "two..dots", "-start", "end-"])("refuses the name %s", (name) => {
    expect(() => raw({ name })).toThrow(
      `t/raw: name must be 3 to 63 characters of a-z, 0-9, - and ., with a letter or digit at both ends, got "${name}"`,
    );
  });

  it.each([0, 1.5, Number.NaN])("refuses to expire objects after %d days", (expireDays) => {
    expect(() => raw({ expireDays })).toThrow("t/raw: expireDays must be");
  });

  it("grantWrite gives writing under the prefix, seeing the bucket and the key, and no more", () => {
    const role = serviceRole(stack, "writer", "firehose.amazonaws.com");
    raw().grantWrite(role, "data/");
    const bucket = `\${aws_s3_bucket.${stackId("bucket")}.arn}`;
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      { actions: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], resources: [bucket] },
      {
        actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        resources: [`${bucket}/data/*`],
      },
      {
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        resources: [`\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`],
      },
    ]);
  });

  it("grantRead gives listing and reading, and no more", () => {
    const role = serviceRole(stack, "reader", "lambda.amazonaws.com");
    raw().grantRead(role);
    const bucket = `\${aws_s3_bucket.${stackId("bucket")}.arn}`;
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [bucket] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [`${bucket}/*`] },
      { actions: ["kms:Decrypt"], resources: [`\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`] },
    ]);
  });
});

const stackId = (child: string) => (stack.node.findChild("raw").node.findChild(child) as S3Bucket).friendlyUniqueId;
