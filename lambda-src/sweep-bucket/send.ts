import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { QueuedObject } from "../load/message";

/** Messages that one call takes; ten keys of 1024 bytes are far from its 256 KiB. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const BATCH = 10;
const TRIES = 5;

/** Puts every message on the queue; those that SQS refuses in an answer that is a success are sent again. Rejects when some stay refused. */
export async function sendAll(client: SQSClient, QueueUrl: string, messages: readonly QueuedObject[]): Promise<void> {
  for (let from = 0; from < messages.length; from += BATCH) {
    let Entries = messages
      .slice(from, from + BATCH)
      .map((message, index) => ({ Id: String(index), MessageBody: JSON.stringify(message) }));
    for (let attempt = 1; Entries.length > 0; attempt += 1) {
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      if (Failed.length > 0 && attempt === TRIES) {
        throw new Error(`the queue refused ${Failed.length} messages: ${Failed[0]?.Code} ${Failed[0]?.Message ?? ""}`);
      }
      const refused = new Set(Failed.map(({ Id }) => Id));
      Entries = Entries.filter(({ Id }) => refused.has(Id));
    }
  }
}
