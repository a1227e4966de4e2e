import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueuePolicy } from "@cdktf/provider-aws/lib/sqs-queue-policy";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

/** Longest that SQS keeps a message. */
const RETENTION_SECONDS = 14 * 86_400;

/** Where runs that failed are told of: by the function, when it gave up, and by EventBridge, when it could not even call it. */
export class Failures extends Construct {
  readonly queue: SqsQueue;

  private readonly key: EncryptionKey;

  constructor(scope: Construct, id: string, { name, key }: { readonly name: string; readonly key: EncryptionKey }) {
    super(scope, id);
    this.key = key;
    this.queue = new SqsQueue(this, "queue", {
      name,
      messageRetentionSeconds: RETENTION_SECONDS,
      kmsMasterKeyId: key.key.keyId,
    });
  }

  /** Lets a function's role send, as Lambda does for it. */
  grantSend(grantee: IamRole) {
    return allow(
      this,
      `send-${idOf(grantee)}`,
      grantee,
      { actions: ["sqs:SendMessage"], on: [this.queue.arn] },
      this.key.use,
    );
  }

  /** Lets EventBridge send for one rule. */
  admitRule(ruleArn: string): SqsQueuePolicy {
    // EventBridge sends under its own name, and so uses the key under it.
    this.key.allowService("EventsOfThisAccount", "events.amazonaws.com");
    const policy = new DataAwsIamPolicyDocument(this, "policy-document", {
      statement: [
        {
          sid: "EventsThatCouldNotBeDelivered",
          principals: [{ type: "Service", identifiers: ["events.amazonaws.com"] }],
          actions: ["sqs:SendMessage"],
          resources: [this.queue.arn],
          condition: [{ test: "ArnEquals", variable: "aws:SourceArn", values: [ruleArn] }],
        },
      ],
    });
    return new SqsQueuePolicy(this, "policy", { queueUrl: this.queue.url, policy: policy.json });
  }
}
