import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { checkInteger, checkMatch } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

/** What a delivery needs to write objects, a multipart upload that is cut included. */
const WRITE_ACTIONS = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"];
const LIST_ACTIONS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];

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

    this.key = props.key;
    this.bucket = new S3Bucket(this, "bucket", { bucket: props.name, forceDestroy: props.forceDestroy ?? false });
    this.closeToThePublic();
    this.encrypt();
    this.keepVersions(keep, props.expireDays);
  }

  get arn(): string {
    return this.bucket.arn;
  }

  get name(): string {
    return this.bucket.bucket;
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

  private closeToThePublic(): void {
    const bucket = this.bucket.id;
    const block = new S3BucketPublicAccessBlock(this, "public-access", {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, "ownership", { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } });
    const tlsOnly = new DataAwsIamPolicyDocument(this, "tls-only", {
      statement: [
        {
          sid: "TlsOnly",
          effect: "Deny",
          principals: [{ type: "*", identifiers: ["*"] }],
          actions: ["s3:*"],
          resources: [this.arn, `${this.arn}/*`],
          condition: [{ test: "Bool", variable: "aws:SecureTransport", values: ["false"] }],
        },
      ],
    });
    // AWS answers "conflicting conditional operation" when the two are put at the same time.
    new S3BucketPolicy(this, "policy", { bucket, policy: tlsOnly.json, dependsOn: [block] });
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

  private keepVersions(keepDays: number, expireDays: number | undefined): void {
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
        },
      ],
      dependsOn: [versioning],
    });
  }
}
