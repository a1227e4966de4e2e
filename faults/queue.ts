import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

/** A message to put into the queue. */
export interface Delivery {
  readonly body: string;
  /** Seconds, 0 to 900. @default 0 */
  readonly delaySeconds?: number;
}

/** Seconds for which a taken message is unseen: longer than any call of a run. */
const TAKEN_SECONDS = 120;
const MOST_AT_ONCE = 10;

/** The loader's queue, and what Lambda does between a queue and a function. */
export class ObjectQueue {
  /** @param takenSeconds for which a taken message is unseen: longer than what is done with it */
  constructor(
    private readonly sqs: SQSClient,
    private readonly url: string,
    private readonly takenSeconds = TAKEN_SECONDS,
  ) {}

  /** At most `most` messages, those that are there now. */
  async take(most: number): Promise<Message[]> {
    const taken: Message[] = [];
    while (taken.length < most) {
      const { Messages } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.url,
          MaxNumberOfMessages: Math.min(MOST_AT_ONCE, most - taken.length),
          VisibilityTimeout: this.takenSeconds,
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (!Messages || Messages.length === 0) break;
      taken.push(...Messages);
    }
    return taken;
  }

  async send({ body, delaySeconds = 0 }: Delivery): Promise<void> {
    await this.sqs.send(new SendMessageCommand({ QueueUrl: this.url, MessageBody: body, DelaySeconds: delaySeconds }));
  }

  async remove(messages: readonly Message[]): Promise<void> {
    for (const { ReceiptHandle } of messages)
      await this.sqs.send(new DeleteMessageCommand({ QueueUrl: this.url, ReceiptHandle }));
  }

  /** Lets them come again in so many seconds. */
  async giveBack(messages: readonly Message[], seconds: number): Promise<void> {
    for (const { ReceiptHandle } of messages)
      await this.sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: this.url, ReceiptHandle, VisibilityTimeout: seconds }),
      );
  }

  /** Messages in it: waiting, delayed, taken. */
  async size(): Promise<number> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.url,
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesDelayed",
          "ApproximateNumberOfMessagesNotVisible",
        ],
      }),
    );
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  }
}

/** What a function behind an event source mapping is called with: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function eventOf(messages: readonly Message[]): unknown {
  return {
    Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes, MD5OfBody }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: Attributes ?? {},
      messageAttributes: {},
      md5OfBody: MD5OfBody,
      eventSource: "aws:sqs",
    })),
  };
}

/** Ids of the messages that a partial answer gives back; all of them when the answer is none. */
export function failedOf(result: unknown, messages: readonly Message[]): ReadonlySet<string> {
  const failures = (result as { batchItemFailures?: { itemIdentifier: string }[] } | null)?.batchItemFailures;
  if (!failures) return new Set();
  // An identifier that is none of ours fails the whole batch, as on AWS.
  const own = new Set(messages.map(({ MessageId }) => MessageId!));
  const named = failures.map(({ itemIdentifier }) => itemIdentifier);
  return named.every((id) => own.has(id)) ? new Set(named) : own;
}
