import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Construct } from "constructs";
import { checkMatch } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

export interface ForeignBucketProps {
  /** Name of the bucket, which another stack makes. */
  readonly name: string;

  /** Account of the bucket and of the key that encrypts it, 12 digits. */
  readonly accountId: string;

  /** Region of the bucket. */
  readonly region: string;
}

/**
 * A bucket that another stack makes, in this account or another, perhaps later: known by its name alone.
 *
 * A right given here counts only once the bucket's policy and its key admit the role too (`readers` of `Bucket` and `EncryptionKey`), unless both are
 * in one account.
 *
 * @example
 * new ForeignBucket(this, "files", { name: "events-files", accountId, region }).grantRead(warehouse.copyRole);
 */
export class ForeignBucket extends Construct {
  readonly arn: string;

  private readonly keys: string;
  private readonly viaS3: string;

  constructor(scope: Construct, id: string, props: ForeignBucketProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name");
    checkMatch(this, "accountId", props.accountId, /^\d{12}$/, "12 digits");
    const { partition } = new DataAwsPartition(this, "partition");
    this.arn = `arn:${partition}:s3:::${props.name}`;
    this.keys = `arn:${partition}:kms:${props.region}:${props.accountId}:key/*`;
    this.viaS3 = `s3.${props.region}.amazonaws.com`;
  }

  /** Lets `grantee` list the bucket, read its objects, and have S3 decrypt them, and no more. */
  grantRead(grantee: IamRole): void {
    allow(
      this,
      `read-${idOf(grantee)}`,
      grantee,
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], on: [this.arn] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], on: [`${this.arn}/*`] },
      {
        // The key's id is not known before its stack is applied. What is encrypted for this bucket is: S3 gives the bucket (with a bucket key) or the
        // object as encryption context. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
        actions: ["kms:Decrypt"],
        on: [this.keys],
        when: [
          { test: "StringEquals", variable: "kms:ViaService", values: [this.viaS3] },
          { test: "StringLike", variable: "kms:EncryptionContext:aws:s3:arn", values: [this.arn, `${this.arn}/*`] },
        ],
      },
    );
  }
}
