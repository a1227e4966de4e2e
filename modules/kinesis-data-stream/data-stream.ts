import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KinesisStream } from "@cdktf/provider-aws/lib/kinesis-stream";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

const PUT_ACTIONS = ["kinesis:PutRecord", "kinesis:PutRecords"];
const READ_ACTIONS = [
  "kinesis:DescribeStream",
  "kinesis:DescribeStreamSummary",
  "kinesis:GetRecords",
  "kinesis:GetShardIterator",
  "kinesis:ListShards",
];
const MODES = ["ON_DEMAND", "PROVISIONED"] as const;

export interface DataStreamProps {
  /** 1 to 128 characters of letters, digits, `_`, `.` and `-`. */
  readonly name: string;

  /** Key that encrypts the records at rest. */
  readonly key: EncryptionKey;

  /**
   * Whether AWS sizes the stream (`ON_DEMAND`) or `shardCount` does (`PROVISIONED`).
   *
   * @default "ON_DEMAND"
   */
  readonly mode?: (typeof MODES)[number];

  /**
   * Shards of a `PROVISIONED` stream, at least 1. A shard takes 1 MiB or 1,000 records a second.
   *
   * @default - required with `PROVISIONED`, refused with `ON_DEMAND`
   */
  readonly shardCount?: number;

  /**
   * Hours a record can be read again, 24 to 8760.
   *
   * @default 24
   */
  readonly retentionHours?: number;
}

/**
 * A Kinesis data stream, encrypted with the stack's key.
 *
 * A record can be read by any number of consumers until its retention ends, so a consumer that was away catches up.
 *
 * @example
 * const telemetry = new DataStream(this, "stream", { name: "telemetry", key });
 * telemetry.grantPut(api.role);
 */
export class DataStream extends Construct {
  /** The stream itself, for anything these props do not cover. */
  readonly stream: KinesisStream;

  private readonly key: EncryptionKey;

  constructor(scope: Construct, id: string, props: DataStreamProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_.-]{1,128}$/, "1 to 128 letters, digits, _, . and -");
    const mode = checkOneOf(this, "mode", props.mode ?? "ON_DEMAND", MODES);
    const retention = checkInteger(this, "retentionHours", props.retentionHours ?? 24, 24, 8760);
    if (mode === "PROVISIONED") {
      if (props.shardCount === undefined) throw new ConfigError(this, "shardCount is needed with mode PROVISIONED");
      checkInteger(this, "shardCount", props.shardCount, 1, 100_000);
    } else if (props.shardCount !== undefined) {
      throw new ConfigError(
        this,
        `shardCount ${props.shardCount} contradicts mode ON_DEMAND, where AWS sets the shards`,
      );
    }

    this.key = props.key;
    this.stream = new KinesisStream(this, "stream", {
      name: props.name,
      streamModeDetails: { streamMode: mode },
      shardCount: props.shardCount,
      retentionPeriod: retention,
      encryptionType: "KMS",
      kmsKeyId: props.key.arn,
      // A stream that still has registered consumers would otherwise stay behind a destroy.
      enforceConsumerDeletion: true,
    });
  }

  get arn(): string {
    return this.stream.arn;
  }

  get name(): string {
    return this.stream.name;
  }

  /** Lets `grantee` put records on this stream, and nothing else. */
  grantPut(grantee: IamRole): void {
    allow(
      this,
      `put-${idOf(grantee)}`,
      grantee,
      { actions: PUT_ACTIONS, on: [this.arn] },
      { actions: ["kms:GenerateDataKey"], on: [this.key.arn] },
    );
  }

  /** Lets `grantee` read this stream by polling, and nothing else. */
  grantRead(grantee: IamRole): void {
    allow(
      this,
      `read-${idOf(grantee)}`,
      grantee,
      { actions: READ_ACTIONS, on: [this.arn] },
      { actions: ["kms:Decrypt"], on: [this.key.arn] },
    );
  }
}
