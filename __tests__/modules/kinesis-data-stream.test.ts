import { KinesisStream } from "@cdktf/provider-aws/lib/kinesis-stream";
import type { TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { DataStream, type DataStreamProps } from "../../modules/kinesis-data-stream";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf } from "../support/synth";

let stack: TerraformStack;
let key: EncryptionKey;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
});

const stream = (over: Partial<DataStreamProps> = {}) =>
  new DataStream(stack, "stream", { name: "telemetry", key, ...over });
const keyArn = () => `\${aws_kms_key.${key.key.friendlyUniqueId}.arn}`;

describe("DataStream", () => {
  it("is sized by AWS, keeps records a day and encrypts them, unless told otherwise", () => {
    stream();
    expect(resources(stack, KinesisStream)).toMatchObject([
      {
        name: "telemetry",
        stream_mode_details: { stream_mode: "ON_DEMAND" },
        retention_period: 24,
        encryption_type: "KMS",
        kms_key_id: keyArn(),
      },
    ]);
  });

  it("takes a shard count with mode PROVISIONED", () => {
    stream({ mode: "PROVISIONED", shardCount: 2 });
    expect(resources(stack, KinesisStream)).toMatchObject([{ shard_count: 2 }]);
  });

  it("refuses PROVISIONED without a shard count", () => {
    expect(() => stream({ mode: "PROVISIONED" })).toThrow("t/stream: shardCount is needed with mode PROVISIONED");
  });

  it("refuses a shard count with ON_DEMAND", () => {
    expect(() => stream({ shardCount: 2 })).toThrow(
      "t/stream: shardCount 2 contradicts mode ON_DEMAND, where AWS sets the shards",
    );
  });

  it.each([23, 8761])("refuses a retention of %d hours", (retentionHours) => {
    expect(() => stream({ retentionHours })).toThrow(
      `t/stream: retentionHours must be between 24 and 8760, got ${retentionHours}`,
    );
  });

  it("grantPut gives the two put actions on this stream, its key, and no more", () => {
    const role = serviceRole(stack, "api", "apigateway.amazonaws.com");
    const data = stream();
    data.grantPut(role);
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      {
        actions: ["kinesis:PutRecord", "kinesis:PutRecords"],
        resources: [`\${aws_kinesis_stream.${data.stream.friendlyUniqueId}.arn}`],
      },
      { actions: ["kms:GenerateDataKey"], resources: [keyArn()] },
    ]);
  });

  it("grantRead gives polling this stream, its key, and no more", () => {
    const role = serviceRole(stack, "reader", "firehose.amazonaws.com");
    const data = stream();
    data.grantRead(role);
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      {
        actions: [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ],
        resources: [`\${aws_kinesis_stream.${data.stream.friendlyUniqueId}.arn}`],
      },
      { actions: ["kms:Decrypt"], resources: [keyArn()] },
    ]);
  });
});
