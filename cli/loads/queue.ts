import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { QueuedObject } from "../../lambda-src/load/message";
import { CommandError } from "../problem";
import type { ClientSettings } from "./outputs";

/** Messages of one call at most, and their bytes together. */
const BATCH = { messages: 10, bytes: 256 * 1024 } as const;

/** Puts every message on the queue, in calls as large as SQS takes. Throws when one was not taken. */
export async function enqueue(client: ClientSettings, queue: string, messages: readonly QueuedObject[]): Promise<void> {
  // The queue's own URL names a host, which on a local run is not the endpoint that checks signatures.
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  for (const batch of batchesOf(messages.map((message) => JSON.stringify(message)))) {
    const { Failed = [] } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: queue,
        Entries: batch.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
      }),
    );
    if (Failed.length > 0) {
      throw new CommandError(
        `${Failed.length} of ${batch.length} messages were not taken by ${queue}: ${Failed[0]!.Message ?? Failed[0]!.Code}; run it again: what is queued twice is loaded once`,
      );
    }
  }
}

function* batchesOf(bodies: readonly string[]): Generator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(body);
    if (batch.length > 0 && (batch.length === BATCH.messages || bytes + size > BATCH.bytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(body);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
