import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { checkInteger, checkMatch } from "../support/check";

export interface AlarmsProps {
  /** Name of the topic, 1 to 256 letters, digits, `-` and `_`; every alarm's name starts with it. */
  readonly name: string;

  /** Key that encrypts the topic. */
  readonly key: EncryptionKey;
}

/** What an alarm looks at. */
interface Watched {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: "Sum" | "Maximum";
  /** It rings above this. */
  readonly above: number;
  /** Seconds of one look. @default 60 */
  readonly periodSeconds?: number;
  readonly says: string;
}

/**
 * A topic and the alarms that publish to it. Nobody is subscribed: an address belongs to people, so it is added where they are known.
 *
 * An alarm without data is quiet: a queue that nothing waits in and a function that nobody calls publish none.
 *
 * @example
 * const alarms = new Alarms(this, "alarms", { name: `alarms-${suffix}`, key });
 * alarms.onDeadLetters("dead-letters", queue.name);
 */
export class Alarms extends Construct {
  /** The topic itself, for subscriptions. */
  readonly topic: SnsTopic;

  private readonly props: AlarmsProps;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_-]{1,256}$/, "1 to 256 letters, digits, - and _");
    this.props = props;
    // CloudWatch publishes under its own name, and so uses the key under it.
    props.key.allowService("AlarmsOfThisAccount", "cloudwatch.amazonaws.com");
    this.topic = new SnsTopic(this, "topic", { name: props.name, kmsMasterKeyId: props.key.key.keyId });
    this.admitAlarms();
  }

  /** Rings when something lies in a dead-letter queue. */
  onDeadLetters(id: string, queueName: string): void {
    this.watch(id, {
      ...queueMetric("ApproximateNumberOfMessagesVisible", queueName),
      above: 0,
      says: `Messages lie in ${queueName}: what they tell of is not loaded. Find the reason, then redrive them.`,
    });
  }

  /** Rings when a message has waited for `seconds`, 60 to 1,209,600. */
  onOldMessage(id: string, queueName: string, seconds: number): void {
    this.watch(id, {
      ...queueMetric("ApproximateAgeOfOldestMessage", queueName),
      above: checkInteger(this, "seconds", seconds, 60, 1_209_600),
      says: `A message of ${queueName} has waited for more than ${seconds} s.`,
    });
  }

  /** Rings when a function ended with an error. */
  onErrors(id: string, functionName: string): void {
    this.watch(id, {
      namespace: "AWS/Lambda",
      metric: "Errors",
      dimensions: { FunctionName: functionName },
      statistic: "Sum",
      above: 0,
      says: `${functionName} ended with an error; its log says which.`,
    });
  }

  /** Rings when a run of a state machine failed, timed out or was cut. */
  onFailedRuns(id: string, stateMachineArn: string, called: string): void {
    for (const metric of ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"]) {
      this.watch(`${id}-${metric.slice("Executions".length).toLowerCase()}`, {
        namespace: "AWS/States",
        metric,
        dimensions: { StateMachineArn: stateMachineArn },
        statistic: "Sum",
        above: 0,
        says: `A run of the ${called} did not end well (${metric}); its execution history says where.`,
      });
    }
  }

  /** Rings when more than nothing was counted under a metric of our own. */
  onCount(id: string, props: { readonly namespace: string; readonly metric: string; readonly says: string }): void {
    this.watch(id, { ...props, dimensions: {}, statistic: "Sum", above: 0 });
  }

  private watch(id: string, { namespace, metric, dimensions, statistic, above, periodSeconds, says }: Watched): void {
    new CloudwatchMetricAlarm(this, id, {
      alarmName: `${this.props.name}-${id}`,
      alarmDescription: says,
      namespace,
      metricName: metric,
      dimensions: { ...dimensions },
      statistic,
      comparisonOperator: "GreaterThanThreshold",
      threshold: above,
      period: periodSeconds ?? 60,
      evaluationPeriods: 1,
      treatMissingData: "notBreaching",
      alarmActions: [this.topic.arn],
      okActions: [this.topic.arn],
    });
  }

  private admitAlarms(): void {
    const account = new DataAwsCallerIdentity(this, "account").accountId;
    const policy = new DataAwsIamPolicyDocument(this, "policy", {
      statement: [
        {
          sid: "AlarmsOfThisAccount",
          principals: [{ type: "Service", identifiers: ["cloudwatch.amazonaws.com"] }],
          actions: ["sns:Publish"],
          resources: [this.topic.arn],
          condition: [{ test: "StringEquals", variable: "aws:SourceAccount", values: [account] }],
        },
      ],
    });
    new SnsTopicPolicy(this, "topic-policy", { arn: this.topic.arn, policy: policy.json });
  }
}

const queueMetric = (metric: string, QueueName: string) =>
  ({ namespace: "AWS/SQS", metric, dimensions: { QueueName }, statistic: "Maximum" }) as const;
