import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import {
  DataAwsIamPolicyDocument,
  type DataAwsIamPolicyDocumentStatement,
} from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import { admitted, type ForeignRoles } from "../support/foreign-roles";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

/** What a delivery needs to write objects, a multipart upload that is cut included. */
const WRITE_ACTIONS = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"];
const LIST_ACTIONS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];

/** S3's archive classes, from the one read at once to the one restored within 12 to 48 hours. */
const ARCHIVE_CLASSES = ["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"] as const;

export interface Archive {
  /** Days after which an object moves there, at least 1. */
  readonly afterDays: number;
  readonly storageClass: (typeof ARCHIVE_CLASSES)[number];
}

export interface BucketReaders extends ForeignRoles {
  /**
   * Start of the keys that they may read.
   *
   * @default - every object
   */
  readonly prefix?: string;
}

export interface BucketProps {
  /** Globally unique name, 3 to 63 characters of a-z, 0-9, `-` and `.`. */
  readonly name: string;

  /** Key that encrypts every object. */
  readonly key: EncryptionKey;

  /**
   * Whether `destroy` may delete a bucket that still holds objects. For stacks whose data can be lost.
   *
   * @default false
   */
  readonly forceDestroy?: boolean;

  /**
   * Days after which an object is deleted, at least 1.
   *
   * @default - objects are kept
   */
  readonly expireDays?: number;

  /**
   * Days an overwritten or deleted version can still be brought back, at least 1.
   *
   * @default 30
   */
  readonly keepOldVersionsDays?: number;

  /**
   * Archive classes that objects move to with age, each colder and later than the one before. `GLACIER` and `DEEP_ARCHIVE` must be restored before
   * they can be read again; a class is paid for 90 days at least, `DEEP_ARCHIVE` for 180.
   *
   * @default - objects stay in S3 Standard
   */
  readonly archive?: readonly Archive[];

  /**
   * Objects under a prefix that are deleted after some days, at least 1, whatever becomes of the rest.
   *
   * @default - none
   */
  readonly temporary?: { readonly prefix: string; readonly days: number };

  /**
   * Roles of another account that may list the bucket and read its objects. Their key must admit them too.
   *
   * @default - nobody outside of this account
   */
  readonly readers?: BucketReaders;
}

/**
 * A private bucket: versioned, encrypted with the stack's key, reached over TLS only, without ACLs.
 *
 * A deleted object stays as an old version for 30 days, and is paid for that long.
 *
 * @example
 * const raw = new Bucket(this, "raw", { name: `telemetry-raw-${suffix}`, key });
 * raw.grantWrite(firehose.role);
 */
export class Bucket extends Construct {
  /** The bucket itself, for anything these props do not cover. */
  readonly bucket: S3Bucket;

  private readonly key: EncryptionKey;
  private document!: DataAwsIamPolicyDocument;
  private policy!: S3BucketPolicy;

  constructor(scope: Construct, id: string, props: BucketProps) {
    super(scope, id);
    checkMatch(
      this,
      "name",
      props.name,
      /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "3 to 63 characters of a-z, 0-9, - and ., with a letter or digit at both ends",
    );
    if (props.expireDays !== undefined) checkInteger(this, "expireDays", props.expireDays, 1, 36500);
    const keep = checkInteger(this, "keepOldVersionsDays", props.keepOldVersionsDays ?? 30, 1, 36500);

    checkArchive(this, props);

    this.key = props.key;
    this.bucket = new S3Bucket(this, "bucket", { bucket: props.name, forceDestroy: props.forceDestroy ?? false });
    this.closeToThePublic(props.readers);
    this.encrypt();
    this.keepVersions(keep, props);
  }

  get arn(): string {
    return this.bucket.arn;
  }

  get name(): string {
    return this.bucket.bucket;
  }

  /** Wait for this before a service is given the bucket that its policy must admit. */
  get ready(): ITerraformDependable {
    return this.policy;
  }

  /** Lets `grantee` write objects under `prefix` (all, when left out) and see what is there, and no more. */
  grantWrite(grantee: IamRole, prefix = ""): void {
    allow(
      this,
      `write-${idOf(grantee)}`,
      grantee,
      { actions: LIST_ACTIONS, on: [this.arn] },
      { actions: WRITE_ACTIONS, on: [`${this.arn}/${prefix}*`] },
      this.key.use,
    );
  }

  /** Lets `grantee` list the bucket and read objects under `prefix` (all, when left out), and no more. */
  grantRead(grantee: IamRole, prefix = ""): void {
    allow(
      this,
      `read-${idOf(grantee)}`,
      grantee,
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], on: [this.arn] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], on: [`${this.arn}/${prefix}*`] },
      { actions: ["kms:Decrypt"], on: [this.key.arn] },
    );
  }

  /**
   * Lets AWS's log delivery write objects under `prefix` for services of this account that have no role of ours, such as MSK's brokers. Without these
   * two statements AWS would add them to the policy by itself, and each plan would take them out again.
   *
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
   */
  admitLogDelivery(prefix: string): void {
    const account = new DataAwsCallerIdentity(this, "account").accountId;
    const byDelivery = { principals: [{ type: "Service", identifiers: ["delivery.logs.amazonaws.com"] }] };
    const ofThisAccount = { test: "StringEquals", variable: "aws:SourceAccount", values: [account] };
    this.document.putStatement([
      ...(this.document.statementInput as DataAwsIamPolicyDocumentStatement[]),
      {
        sid: "LogDeliveryLooks",
        ...byDelivery,
        actions: ["s3:GetBucketAcl"],
        resources: [this.arn],
        condition: [ofThisAccount],
      },
      {
        sid: "LogDeliveryWrites",
        ...byDelivery,
        actions: ["s3:PutObject"],
        resources: [`${this.arn}/${prefix}*`],
        condition: [
          ofThisAccount,
          { test: "StringEquals", variable: "s3:x-amz-acl", values: ["bucket-owner-full-control"] },
        ],
      },
    ]);
    this.key.allowService("LogDelivery", "delivery.logs.amazonaws.com");
  }

  private closeToThePublic(readers: BucketReaders | undefined): void {
    const bucket = this.bucket.id;
    const block = new S3BucketPublicAccessBlock(this, "public-access", {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, "ownership", { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } });
    this.document = new DataAwsIamPolicyDocument(this, "tls-only", {
      statement: [
        {
          sid: "TlsOnly",
          effect: "Deny",
          principals: [{ type: "*", identifiers: ["*"] }],
          actions: ["s3:*"],
          resources: [this.arn, `${this.arn}/*`],
          condition: [{ test: "Bool", variable: "aws:SecureTransport", values: ["false"] }],
        },
        ...(readers ? this.readStatements(readers) : []),
      ],
    });
    // AWS answers "conflicting conditional operation" when the two are put at the same time.
    this.policy = new S3BucketPolicy(this, "policy", { bucket, policy: this.document.json, dependsOn: [block] });
  }

  private readStatements(readers: BucketReaders) {
    const { principals, only } = admitted(this, "readers-partition", readers);
    return [
      {
        sid: "RolesOfAnotherAccountList",
        principals,
        actions: ["s3:GetBucketLocation", "s3:ListBucket"],
        resources: [this.arn],
        condition: [only],
      },
      {
        sid: "RolesOfAnotherAccountRead",
        principals,
        actions: ["s3:GetObject", "s3:GetObjectVersion"],
        resources: [`${this.arn}/${readers.prefix ?? ""}*`],
        condition: [only],
      },
    ];
  }

  private encrypt(): void {
    new S3BucketServerSideEncryptionConfigurationA(this, "encryption", {
      bucket: this.bucket.id,
      rule: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: this.key.arn },
          bucketKeyEnabled: true,
        },
      ],
    });
  }

  private keepVersions(keepDays: number, { expireDays, archive = [], temporary }: BucketProps): void {
    if (temporary) checkInteger(this, "temporary.days", temporary.days, 1, 36500);
    const versioning = new S3BucketVersioningA(this, "versioning", {
      bucket: this.bucket.id,
      versioningConfiguration: { status: "Enabled" },
    });
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      bucket: this.bucket.id,
      rule: [
        {
          id: "old-versions",
          status: "Enabled",
          filter: [{ prefix: "" }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
          noncurrentVersionExpiration: [{ noncurrentDays: keepDays }],
          ...(expireDays === undefined ? {} : { expiration: [{ days: expireDays }] }),
          ...(archive.length === 0
            ? {}
            : { transition: archive.map(({ afterDays, storageClass }) => ({ days: afterDays, storageClass })) }),
        },
        ...(temporary
          ? [
              {
                id: "temporary",
                status: "Enabled",
                filter: [{ prefix: temporary.prefix }],
                expiration: [{ days: temporary.days }],
              },
            ]
          : []),
      ],
      dependsOn: [versioning],
    });
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
function checkArchive(scope: Construct, { archive = [], expireDays }: BucketProps): void {
  let before: Archive | undefined;
  for (const step of archive) {
    checkOneOf(scope, "archive.storageClass", step.storageClass, ARCHIVE_CLASSES);
    checkInteger(scope, "archive.afterDays", step.afterDays, 1, 36500);
    const colder = (one: Archive) => ARCHIVE_CLASSES.indexOf(one.storageClass);
    if (before && (colder(step) <= colder(before) || step.afterDays <= before.afterDays)) {
      throw new ConfigError(
        scope,
        `archive must go to colder classes (${ARCHIVE_CLASSES.join(", ")}) after more days, got ${step.storageClass} after ${step.afterDays} behind ${before.storageClass} after ${before.afterDays}`,
      );
    }
    before = step;
  }
  if (before && expireDays !== undefined && expireDays <= before.afterDays) {
    throw new ConfigError(
      scope,
      `expireDays must be more than archive.afterDays ${before.afterDays}: an object deleted on day ${expireDays} would never get there`,
    );
  }
}
