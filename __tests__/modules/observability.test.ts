import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import type { TerraformStack } from "cdktf";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import { DataFirehose } from "../../modules/kinesis-data-firehose";
import { Alarms } from "../../modules/observability";
import { emptyStack, resources, synthesized } from "../support/synth";

let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});
const minimal = () =>
  new Alarms(stack, "alarms", { name: "alarms-a1", key: new EncryptionKey(stack, "key", { description: "test" }) });

/** The statements of the policy document that a resource names. */
const documentOf = (policy: string) =>
  synthesized(stack).data.aws_iam_policy_document[/policy_document\.([^.]+)\.json/.exec(policy)![1]!].statement;
const ACCOUNT = {
  test: "StringEquals",
  variable: "aws:SourceAccount",
  values: [expect.stringMatching(/^\$\{data\.aws_caller_identity\..*\.account_id\}$/)],
};

describe("Alarms", () => {
  it("publish to an encrypted topic that nobody is subscribed to", () => {
    minimal();
    expect(resources(stack, SnsTopic)).toMatchObject([
      { name: "alarms-a1", kms_master_key_id: expect.stringMatching(/^\$\{aws_kms_key\..*\.key_id\}$/) },
    ]);
    expect(resources(stack, SnsTopicSubscription)).toEqual([]);
  });

  it("are the only ones that may publish and use the key for it: CloudWatch, for this account", () => {
    minimal();
    const principals = [{ type: "Service", identifiers: ["cloudwatch.amazonaws.com"] }];
    expect(documentOf(resources(stack, SnsTopicPolicy)[0].policy)).toEqual([
      {
        sid: "AlarmsOfThisAccount",
        principals,
        actions: ["sns:Publish"],
        resources: [expect.stringMatching(/^\$\{aws_sns_topic\..*\.arn\}$/)],
        condition: [ACCOUNT],
      },
    ]);
    expect(documentOf(resources(stack, KmsKey)[0].policy).at(-1)).toEqual({
      sid: "AlarmsOfThisAccount",
      principals,
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources: ["*"],
      condition: [ACCOUNT],
    });
  });

  it("say what to do, ring at once, and are quiet without data", () => {
    minimal().onDeadLetters("dead", "load-dead");
    expect(resources(stack, CloudwatchMetricAlarm)).toMatchObject([
      {
        alarm_name: "alarms-a1-dead",
        alarm_description:
          "Messages lie in load-dead: what they tell of is not loaded. Find the reason, then redrive them.",
        dimensions: { QueueName: "load-dead" },
        threshold: 0,
        evaluation_periods: 1,
        treat_missing_data: "notBreaching",
      },
    ]);
  });

  it("ring below what a delivery stream should reach, and only for what it does", () => {
    const key = new EncryptionKey(stack, "files-key", { description: "files" });
    const bucket = new Bucket(stack, "bucket", { name: "files", key });
    const files = new DataFirehose(stack, "files", { name: "files-a1", bucket, key });
    minimal().onDelivery("files", files.deliveryStream);
    const dimensions = {
      DeliveryStreamName: `\${aws_kinesis_firehose_delivery_stream.${files.deliveryStream.friendlyUniqueId}.name}`,
    };
    const common = { namespace: "AWS/Firehose", dimensions, period: 300, treat_missing_data: "notBreaching" };
    expect(resources(stack, CloudwatchMetricAlarm)).toMatchObject([
      {
        ...common,
        alarm_name: "alarms-a1-files-files",
        metric_name: "DeliveryToS3.Success",
        statistic: "Average",
        comparison_operator: "LessThanThreshold",
        threshold: 1,
      },
      {
        ...common,
        alarm_name: "alarms-a1-files-late",
        metric_name: "DeliveryToS3.DataFreshness",
        statistic: "Maximum",
        comparison_operator: "GreaterThanThreshold",
        threshold: 1800,
      },
    ]);
  });

  it("refuse an age that no message can have", () => {
    expect(() => minimal().onOldMessage("old", "load", 59)).toThrow(
      new Error("t/alarms: seconds must be between 60 and 1209600, got 59"),
    );
  });
});
