import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueuePolicy } from "@cdktf/provider-aws/lib/sqs-queue-policy";
import { SqsQueueRedriveAllowPolicy } from "@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { Bucket } from "../bucket";
import type { EncryptionKey } from "../encryption-key";
import { checkMatch } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

/** Longest that SQS keeps a message, in seconds: what nothing could be done about in that time is found by the sweep. */
const RETENTION_SECONDS = 14 * 86_400;

export interface ObjectQueueProps {
  /** Name of the queue, 1 to 75 letters, digits, `-` and `_`; the dead-letter queue is `<name>-dead`. */
  readonly name: string;

  /** Bucket whose new objects are told of. Its events go to EventBridge from now on. */
  readonly bucket: Bucket;

  /** Start of the keys that nobody is told of: what the loader itself writes. */
  readonly except: string;

  readonly key: EncryptionKey;

  /** Seconds a message that was taken stays unseen, 0 to 43,200. */
  readonly visibilityTimeoutSeconds: number;

  /** How often a message is taken before it goes to the dead-letter queue, 1 to 1000. */
  readonly maxReceives: number;
}

/**
 * New objects of a bucket as messages: S3 tells EventBridge, a rule puts them on a queue, and what is taken too often without success goes to a
 * dead-letter queue, from which it can be redriven.
 */
export class ObjectQueue extends Construct {
  readonly queue: SqsQueue;
  readonly deadLetters: SqsQueue;

  private readonly key: EncryptionKey;

  constructor(scope: Construct, id: string, props: ObjectQueueProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_-]{1,75}$/, "1 to 75 letters, digits, - and _");
    this.key = props.key;
    // EventBridge sends under its own name, and so uses the key under it.
    props.key.allowService("EventsOfThisAccount", "events.amazonaws.com");

    const common = { messageRetentionSeconds: RETENTION_SECONDS, kmsMasterKeyId: props.key.key.keyId };
    this.deadLetters = new SqsQueue(this, "dead-letters", { ...common, name: `${props.name}-dead` });
    this.queue = new SqsQueue(this, "queue", {
      ...common,
      name: props.name,
      visibilityTimeoutSeconds: props.visibilityTimeoutSeconds,
      redrivePolicy: Fn.jsonencode({ deadLetterTargetArn: this.deadLetters.arn, maxReceiveCount: props.maxReceives }),
    });
    new SqsQueueRedriveAllowPolicy(this, "redrive", {
      queueUrl: this.deadLetters.url,
      redriveAllowPolicy: Fn.jsonencode({ redrivePermission: "byQueue", sourceQueueArns: [this.queue.arn] }),
    });
    this.listen(props);
  }

  /** Lets `grantee`, the function behind an event source mapping, take messages and say that they are done. */
  grantConsume(grantee: IamRole): void {
    allow(
      this,
      `consume-${idOf(grantee)}`,
      grantee,
      {
        actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"],
        on: [this.queue.arn],
      },
      { actions: ["kms:Decrypt"], on: [this.key.arn] },
    );
  }

  /** Lets `grantee` put messages, and take none. */
  grantSend(grantee: IamRole): void {
    allow(this, `send-${idOf(grantee)}`, grantee, { actions: ["sqs:SendMessage"], on: [this.queue.arn] }, this.key.use);
  }

  private listen({ name, bucket, except }: ObjectQueueProps): void {
    new S3BucketNotification(this, "notification", { bucket: bucket.bucket.id, eventbridge: true });
    const rule = new CloudwatchEventRule(this, "rule", {
      name,
      description: `New objects of ${bucket.name}, but for ${except}`,
      eventPattern: JSON.stringify({
        source: ["aws.s3"],
        "detail-type": ["Object Created"],
        detail: {
          bucket: { name: [bucket.name] },
          object: { key: [{ "anything-but": { prefix: except } }] },
        },
      }),
    });
    const admitted = [
      ["queue", this.queue],
      ["dead-letters", this.deadLetters],
    ] as const;
    const policies = admitted.map(([id, queue]) => {
      const policy = new DataAwsIamPolicyDocument(this, `${id}-policy-document`, {
        statement: [
          {
            sid: "NewObjects",
            principals: [{ type: "Service", identifiers: ["events.amazonaws.com"] }],
            actions: ["sqs:SendMessage"],
            resources: [queue.arn],
            condition: [{ test: "ArnEquals", variable: "aws:SourceArn", values: [rule.arn] }],
          },
        ],
      });
      return new SqsQueuePolicy(this, `${id}-policy`, { queueUrl: queue.url, policy: policy.json });
    });
    new CloudwatchEventTarget(this, "to-queue", {
      rule: rule.name,
      arn: this.queue.arn,
      // What EventBridge cannot put in a day is kept too.
      deadLetterConfig: { arn: this.deadLetters.arn },
      dependsOn: policies,
    });
  }
}
