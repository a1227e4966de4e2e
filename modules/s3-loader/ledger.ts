import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { checkMatch } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

/** Index of what was set aside, by table and time. */
export const REJECTS_INDEX = "rejects";

export interface LedgerProps {
  /** Name of the DynamoDB table, 3 to 255 letters, digits, `_`, `.` and `-`. */
  readonly name: string;

  /** Key that encrypts it. */
  readonly key: EncryptionKey;

  /** Whether it may be destroyed with what it remembers: then every object of the last days is loaded once more. */
  readonly disposable: boolean;
}

/**
 * What has become of every object version: one item each, written under conditions only.
 *
 * On demand: an hour with a hundred times the files costs a hundred times the writes and is not throttled for long, while provisioned capacity would
 * have to be foreseen. Finished items go by their time to live, `expiresAt`.
 */
export class Ledger extends Construct {
  /** The table itself, for anything these props do not cover. */
  readonly table: DynamodbTable;

  private readonly key: EncryptionKey;

  constructor(scope: Construct, id: string, props: LedgerProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_.-]{3,255}$/, "3 to 255 letters, digits, _, . and -");
    this.key = props.key;
    this.table = new DynamodbTable(this, "table", {
      name: props.name,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "object",
      rangeKey: "version",
      attribute: [
        { name: "object", type: "S" },
        { name: "version", type: "S" },
        { name: "table", type: "S" },
        { name: "rejectedAt", type: "S" },
      ],
      globalSecondaryIndex: [
        // Sparse: only what was rejected has `rejectedAt`, so the index is as small as the trouble.
        { name: REJECTS_INDEX, hashKey: "table", rangeKey: "rejectedAt", projectionType: "ALL" },
      ],
      ttl: { attributeName: "expiresAt", enabled: true },
      pointInTimeRecovery: { enabled: true },
      serverSideEncryption: { enabled: true, kmsKeyArn: props.key.arn },
      deletionProtectionEnabled: !props.disposable,
    });
  }

  get name(): string {
    return this.table.name;
  }

  /** Lets `grantee` look up the items of a key and write single ones, under conditions; never scan, delete or see the index. */
  grantClaim(grantee: IamRole): void {
    allow(
      this,
      `claim-${idOf(grantee)}`,
      grantee,
      { actions: ["dynamodb:Query", "dynamodb:PutItem"], on: [this.table.arn] },
      this.key.use,
    );
  }

  /** Lets `grantee` look up items, many at once, and change none. */
  grantCompare(grantee: IamRole): void {
    allow(
      this,
      `compare-${idOf(grantee)}`,
      grantee,
      { actions: ["dynamodb:BatchGetItem"], on: [this.table.arn] },
      { actions: ["kms:Decrypt"], on: [this.key.arn] },
    );
  }
}
