import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import type { TerraformStack } from "cdktf";
import { type Archive, Bucket, type BucketProps, ForeignBucket } from "../../modules/bucket";
import { EncryptionKey, type KeyReaders } from "../../modules/encryption-key";
import {
  FirehoseAfterAnalyticsRedshift,
  type FirehoseAfterAnalyticsRedshiftProps,
} from "../../modules/firehose-after-analytics-redshift";
import { DataStream } from "../../modules/kinesis-data-stream";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

const ROLE = "arn:aws:iam::111111111111:role/delivery";
const READERS = { accountId: "111111111111", arns: [ROLE] };
const ONLY = { test: "ArnEquals", variable: "aws:PrincipalArn", values: [ROLE] };
const principals = [{ type: "AWS", identifiers: [expect.stringMatching(/^arn:\$\{.+\}:iam::111111111111:root$/)] }];

let stack: TerraformStack;
let key: EncryptionKey;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
});

const bucket = (over: Partial<BucketProps> = {}) => new Bucket(stack, "files", { name: "event-files", key, ...over });
const foreign = () =>
  Object.values(synthesized(stack).data.aws_iam_policy_document as Record<string, { statement: { sid?: string }[] }>)
    .flatMap(({ statement }) => statement)
    .filter(({ sid = "" }) => sid.startsWith("RolesOfAnotherAccount"));

describe("roles of another account", () => {
  it("are admitted by a bucket to list it and to read under one prefix, and to nothing else", () => {
    const made = bucket({ readers: { ...READERS, prefix: "events/" } });
    const arn = `\${aws_s3_bucket.${made.bucket.friendlyUniqueId}.arn}`;
    expect(foreign()).toEqual([
      {
        sid: "RolesOfAnotherAccountList",
        principals,
        actions: ["s3:GetBucketLocation", "s3:ListBucket"],
        resources: [arn],
        condition: [ONLY],
      },
      {
        sid: "RolesOfAnotherAccountRead",
        principals,
        actions: ["s3:GetObject", "s3:GetObjectVersion"],
        resources: [`${arn}/events/*`],
        condition: [ONLY],
      },
    ]);
  });

  it.each<KeyReaders["via"]>(["s3", "secretsmanager"])("are admitted by a key to decrypt through %s only", (via) => {
    new EncryptionKey(stack, "other", { description: "other", readers: { ...READERS, via } });
    expect(foreign()).toEqual([
      {
        sid: "RolesOfAnotherAccountRead",
        principals,
        actions: ["kms:Decrypt"],
        resources: ["*"],
        condition: [
          ONLY,
          {
            test: "StringEquals",
            variable: "kms:ViaService",
            values: [expect.stringMatching(new RegExp(`^${via}\\.\\$\\{.+\\}\\.amazonaws\\.com$`))],
          },
        ],
      },
    ]);
  });

  it("are nobody unless named", () => {
    bucket();
    expect(foreign()).toEqual([]);
    expect(() => bucket({ readers: { accountId: "111111111111", arns: [] } })).toThrow();
  });
});

describe("ForeignBucket", () => {
  it("lets a role list and read a bucket known by its name, and have S3 decrypt for it, and no more", () => {
    const role = serviceRole(stack, "copy", "redshift.amazonaws.com");
    new ForeignBucket(stack, "theirs", {
      name: "event-files",
      accountId: "111111111111",
      region: "us-east-1",
    }).grantRead(role);
    const arn = expect.stringMatching(/^arn:\$\{.+\}:s3:::event-files$/);
    const objects = expect.stringMatching(/^arn:\$\{.+\}:s3:::event-files\/\*$/);
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [arn] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [objects] },
      {
        actions: ["kms:Decrypt"],
        resources: [expect.stringMatching(/^arn:\$\{.+\}:kms:us-east-1:111111111111:key\/\*$/)],
        condition: [
          { test: "StringEquals", variable: "kms:ViaService", values: ["s3.us-east-1.amazonaws.com"] },
          { test: "StringLike", variable: "kms:EncryptionContext:aws:s3:arn", values: [arn, objects] },
        ],
      },
    ]);
  });

  it.each([
    [{ name: "No_Bucket" }, 't/theirs: name must be a bucket\'s name, got "No_Bucket"'],
    [{ accountId: "1" }, 't/theirs: accountId must be 12 digits, got "1"'],
  ])("refuses %j", (over, message) => {
    const props = { name: "event-files", accountId: "111111111111", region: "us-east-1", ...over };
    expect(() => new ForeignBucket(stack, "theirs", props)).toThrow(message);
  });
});

describe("archive classes of a bucket", () => {
  it("come one after another with age", () => {
    bucket({
      archive: [
        { afterDays: 30, storageClass: "GLACIER_IR" },
        { afterDays: 180, storageClass: "DEEP_ARCHIVE" },
      ],
      expireDays: 400,
    });
    expect(resources(stack, S3BucketLifecycleConfiguration)[0].rule[0].transition).toEqual([
      { days: 30, storage_class: "GLACIER_IR" },
      { days: 180, storage_class: "DEEP_ARCHIVE" },
    ]);
  });

  const step = (afterDays: number, storageClass: Archive["storageClass"]): Archive => ({ afterDays, storageClass });
  it.each([
    [{ archive: [step(0, "GLACIER")] }, "archive.afterDays must be between 1 and 36500, got 0"],
    [
      { archive: [step(1, "ICE" as "GLACIER")] },
      'archive.storageClass must be one of GLACIER_IR, GLACIER, DEEP_ARCHIVE, got "ICE"',
    ],
    [
      { archive: [step(30, "GLACIER"), step(90, "GLACIER_IR")] },
      "archive must go to colder classes (GLACIER_IR, GLACIER, DEEP_ARCHIVE) after more days, got GLACIER_IR after 90 behind GLACIER after 30",
    ],
    [
      { archive: [step(30, "GLACIER")], expireDays: 30 },
      "expireDays must be more than archive.afterDays 30: an object deleted on day 30 would never get there",
    ],
  ])("are refused as %j", (over, message) => {
    expect(() => bucket(over)).toThrow(`t/files: ${message}`);
  });
});

describe("a delivery to a warehouse of another account", () => {
  const delivery = (over: Partial<FirehoseAfterAnalyticsRedshiftProps> = {}) =>
    new FirehoseAfterAnalyticsRedshift(stack, "delivery", {
      name: "events",
      target: {
        jdbcUrl: "jdbc:redshift://c.abc.us-east-1.redshift.amazonaws.com:5439/tracking",
        secretArn: "arn:aws:secretsmanager:us-east-1:222222222222:secret:loader-AbCdEf",
        key: { arn: "arn:aws:kms:us-east-1:222222222222:key/1" },
      },
      table: "events",
      columns: ["request_id"],
      bucket: bucket(),
      key,
      ...over,
    });
  const stream = () => new DataStream(stack, "stream", { name: "events", key });

  it("reads a data stream, whose encryption stands for Firehose's own", () => {
    const source = stream();
    const made = delivery({ source });
    const [configuration] = resources(stack, KinesisFirehoseDeliveryStream);
    expect(configuration).not.toHaveProperty("server_side_encryption");
    expect(configuration.kinesis_source_configuration).toEqual({
      kinesis_stream_arn: `\${aws_kinesis_stream.${source.stream.friendlyUniqueId}.arn}`,
      role_arn: `\${aws_iam_role.${made.role.friendlyUniqueId}.arn}`,
    });
    expect(statementsOf(stack, made.role.friendlyUniqueId)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ actions: expect.arrayContaining(["kinesis:GetRecords"]) }),
        { actions: ["kms:Decrypt"], resources: ["arn:aws:kms:us-east-1:222222222222:key/1"] },
      ]),
    );
    expect(() => made.grantPut(serviceRole(stack, "app", "lambda.amazonaws.com"))).toThrow(
      "t/delivery: grantPut has no use: a delivery stream with a source takes no puts; grant put on the source instead",
    );
  });

  it("names its role where the other account's policies name it beforehand", () => {
    delivery({ roleName: "events-delivery" });
    expect(Object.values(synthesized(stack).resource.aws_iam_role)).toMatchObject([{ name: "events-delivery" }]);
  });

  it("works with a given role, which it gives no rights", () => {
    const made = delivery({ source: stream(), roleArn: ROLE });
    expect(made.roleArn).toBe(ROLE);
    expect(synthesized(stack).resource).not.toHaveProperty("aws_iam_role_policy");
    expect(() => made.role).toThrow("t/delivery: roleArn is given, so there is no role of its own to work with");
  });

  it.each([
    [{ roleArn: "delivery" }, 'roleArn must be arn:aws:iam::ACCOUNT:role/NAME, got "delivery"'],
    [{ roleArn: ROLE, roleName: "own" }, `roleName own contradicts roleArn ${ROLE}: leave one out`],
  ])("refuses %j", (over, message) => {
    expect(() => delivery(over)).toThrow(`t/delivery: ${message}`);
  });
});
