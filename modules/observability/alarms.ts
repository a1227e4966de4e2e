import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import type { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { checkInteger, checkMatch } from "../support/check";

/**
 * Age at which a record of a delivery stream is not only buffered any more: AWS advises an alarm beyond the buffering interval, which is 900 s at most
 * (https://docs.aws.amazon.com/firehose/latest/dev/firehose-cloudwatch-metrics-best-practices.html). Partitions may take half as long again
 * (https://docs.aws.amazon.com/firehose/latest/dev/buffering.html), and a processor and its retries some minutes.
 */
const LATE_RECORD_SECONDS = 1800;

/** Seconds of one look at a delivery stream: as often as AWS advises to look at its other limits (same page). */
const DELIVERY_PERIOD_SECONDS = 300;

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
  readonly statistic: "Sum" | "Maximum" | "Average";
  /** It rings above the one or below the other. */
  readonly limit: { readonly above: number } | { readonly below: number };
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

  /** Rings when something lies in a dead-letter queue. `says`: what that means and what to do. */
  onDeadLetters(
    id: string,
    queueName: string,
    says = `Messages lie in ${queueName}: what they tell of is not loaded. Find the reason, then redrive them.`,
  ): void {
    this.watch(id, {
      ...queueMetric("ApproximateNumberOfMessagesVisible", queueName),
      limit: { above: 0 },
      says,
    });
  }

  /**
   * Rings when Firehose could not write a file, load one into Redshift or convert a record, and when a record waits for longer than it buffers, in it or
   * in the data stream that it reads, which forgets its records one day.
   */
  onDelivery(id: string, stream: KinesisFirehoseDeliveryStream): void {
    const { name } = stream;
    const metric = (metric: string) => ({
      namespace: "AWS/Firehose",
      metric,
      dimensions: { DeliveryStreamName: name },
      periodSeconds: DELIVERY_PERIOD_SECONDS,
    });
    // Of these two each PUT or COPY counts as 1 or 0.
    const failed = { statistic: "Average", limit: { below: 1 } } as const;
    this.watch(`${id}-files`, {
      ...metric("DeliveryToS3.Success"),
      ...failed,
      says: `${name} could not write to its bucket; its log says why. It goes on trying.`,
    });
    this.watch(`${id}-late`, {
      ...metric("DeliveryToS3.DataFreshness"),
      statistic: "Maximum",
      limit: { above: LATE_RECORD_SECONDS },
      says: `A record has waited in ${name} for more than ${LATE_RECORD_SECONDS} s; its log says why.`,
    });
    if (stream.kinesisSourceConfigurationInput) {
      this.watch(`${id}-behind`, {
        ...metric("KinesisMillisBehindLatest"),
        statistic: "Maximum",
        limit: { above: LATE_RECORD_SECONDS * 1000 },
        says: `${name} is more than ${LATE_RECORD_SECONDS} s behind its data stream; its log says why. What it has not read when the stream's retention is over is lost.`,
      });
    }
    if (stream.destinationInput === "redshift") {
      this.watch(`${id}-loads`, {
        ...metric("DeliveryToRedshift.Success"),
        ...failed,
        says: `A COPY of ${name} failed; its log says why. What it gave up after its retries is named by a manifest under errors/ in its bucket.`,
      });
    }
    if (stream.extendedS3ConfigurationInput?.dataFormatConversionConfiguration) {
      this.watch(`${id}-conversions`, {
        ...metric("FailedConversion.Records"),
        statistic: "Sum",
        limit: { above: 0 },
        says: `${name} could not convert some records; they are under its error prefix in the bucket, with the reason.`,
      });
    }
  }

  /** Rings when a message has waited for `seconds`, 60 to 1,209,600. */
  onOldMessage(id: string, queueName: string, seconds: number): void {
    this.watch(id, {
      ...queueMetric("ApproximateAgeOfOldestMessage", queueName),
      limit: { above: checkInteger(this, "seconds", seconds, 60, 1_209_600) },
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
      limit: { above: 0 },
      says: `${functionName} ended with an error; its log says which.`,
    });
  }

  /**
   * Rings when a Flink application is down: it fails and tries again, and selects nothing meanwhile. One that was stopped publishes nothing, and is quiet
   * (https://docs.aws.amazon.com/managed-flink/latest/java/monitoring-metrics-alarms.html).
   */
  onDowntime(id: string, applicationName: string): void {
    this.watch(id, {
      namespace: "AWS/KinesisAnalytics",
      metric: "downtime",
      dimensions: { Application: applicationName },
      statistic: "Average",
      limit: { above: 0 },
      says: `${applicationName} fails and begins again; its log says why. Nothing is selected until it runs, and records wait in the data stream for as long as that keeps them.`,
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
        limit: { above: 0 },
        says: `A run of the ${called} did not end well (${metric}); its execution history says where.`,
      });
    }
  }

  /** Rings when more than nothing was counted under a metric of our own. */
  onCount(id: string, props: { readonly namespace: string; readonly metric: string; readonly says: string }): void {
    this.watch(id, { ...props, dimensions: {}, statistic: "Sum", limit: { above: 0 } });
  }

  private watch(id: string, { namespace, metric, dimensions, statistic, limit, periodSeconds, says }: Watched): void {
    const [comparison, threshold] =
      "above" in limit
        ? (["GreaterThanThreshold", limit.above] as const)
        : (["LessThanThreshold", limit.below] as const);
    new CloudwatchMetricAlarm(this, id, {
      alarmName: `${this.props.name}-${id}`,
      alarmDescription: says,
      namespace,
      metricName: metric,
      dimensions: { ...dimensions },
      statistic,
      comparisonOperator: comparison,
      threshold,
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
