import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import {
  DataAwsIamPolicyDocument,
  type DataAwsIamPolicyDocumentStatement,
} from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { checkInteger } from "../support/check";
import { admitted, type ForeignRoles } from "../support/foreign-roles";
import { type Allow, allow } from "../support/iam";
import { idOf } from "../support/name";

const USE_ACTIONS = ["kms:Decrypt", "kms:GenerateDataKey"];
/** As AWS's pages on a service before an encrypted queue or topic have it: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html */
const SERVICE_ACTIONS = ["kms:Decrypt", "kms:GenerateDataKey*"];
const LOG_ACTIONS = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"];

/** Services through which a role of another account may read what a key encrypts. */
type Via = "s3" | "secretsmanager";

export interface KeyReaders extends ForeignRoles {
  /** The service that asks KMS for them; they cannot decrypt by themselves. */
  readonly via: Via;
}

export interface EncryptionKeyProps {
  /** Shown in the KMS console. */
  readonly description: string;

  /**
   * Days a deleted key can still be brought back, 7 to 30.
   *
   * @default 30
   */
  readonly deletionWindowDays?: number;

  /**
   * Roles of another account that may decrypt through one service of this Region.
   *
   * @default - nobody outside of this account
   */
  readonly readers?: KeyReaders;
}

/**
 * The customer-managed KMS key of a stack. It rotates every year.
 *
 * Whoever reads or writes what it encrypts needs `grantUse` beside the right to the thing itself; the grants of the other
 * modules include it. CloudWatch Logs of this account and Region may use it for log groups, nothing else.
 *
 * @example
 * const key = new EncryptionKey(this, "key", { description: "telemetry" });
 */
export class EncryptionKey extends Construct {
  /** The key itself, for anything these props do not cover. */
  readonly key: KmsKey;

  private readonly policy: DataAwsIamPolicyDocument;
  private account = "";

  constructor(scope: Construct, id: string, props: EncryptionKeyProps) {
    super(scope, id);
    const window = checkInteger(this, "deletionWindowDays", props.deletionWindowDays ?? 30, 7, 30);
    this.policy = this.keyPolicy(props.readers);
    this.key = new KmsKey(this, "key", {
      description: props.description,
      enableKeyRotation: true,
      deletionWindowInDays: window,
      policy: this.policy.json,
    });
  }

  get arn(): string {
    return this.key.arn;
  }

  /** What a role needs to read and write data under this key. For modules that put it into a grant of their own. */
  get use(): Allow {
    return { actions: USE_ACTIONS, on: [this.arn] };
  }

  /** Lets `grantee` read and write what this key encrypts. */
  grantUse(grantee: IamRole): void {
    allow(this, `use-${idOf(grantee)}`, grantee, this.use);
  }

  /**
   * Lets an AWS service that has no role of ours (`events.amazonaws.com` before an encrypted queue, `cloudwatch.amazonaws.com` before an
   * encrypted topic) use the key, for resources of this account.
   */
  allowService(sid: string, service: string): void {
    this.policy.putStatement([
      ...(this.policy.statementInput as DataAwsIamPolicyDocumentStatement[]),
      {
        sid,
        principals: [{ type: "Service", identifiers: [service] }],
        actions: SERVICE_ACTIONS,
        resources: ["*"],
        condition: [{ test: "StringEquals", variable: "aws:SourceAccount", values: [this.account] }],
      },
    ]);
  }

  private keyPolicy(readers: KeyReaders | undefined): DataAwsIamPolicyDocument {
    const account = new DataAwsCallerIdentity(this, "account").accountId;
    this.account = account;
    const partition = new DataAwsPartition(this, "partition").partition;
    const region = new DataAwsRegion(this, "region").name;
    return new DataAwsIamPolicyDocument(this, "policy", {
      statement: [
        {
          // Without the account's root the key can be administered by nobody; AWS's default key policy has this statement.
          sid: "AccountAdministersThroughIam",
          principals: [{ type: "AWS", identifiers: [`arn:${partition}:iam::${account}:root`] }],
          actions: ["kms:*"],
          resources: ["*"],
        },
        {
          // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
          sid: "LogGroupsOfThisAccount",
          principals: [{ type: "Service", identifiers: [`logs.${region}.amazonaws.com`] }],
          actions: LOG_ACTIONS,
          resources: ["*"],
          condition: [
            {
              test: "ArnLike",
              variable: "kms:EncryptionContext:aws:logs:arn",
              values: [`arn:${partition}:logs:${region}:${account}:log-group:*`],
            },
          ],
        },
        ...(readers ? [this.readStatement(readers, region)] : []),
      ],
    });
  }

  private readStatement(readers: KeyReaders, region: string) {
    const { principals, only } = admitted(this, "readers-partition", readers);
    return {
      sid: "RolesOfAnotherAccountRead",
      principals,
      actions: ["kms:Decrypt"],
      resources: ["*"],
      condition: [
        only,
        { test: "StringEquals", variable: "kms:ViaService", values: [`${readers.via}.${region}.amazonaws.com`] },
      ],
    };
  }
}
