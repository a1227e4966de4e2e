import { randomUUID } from "node:crypto";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { deadlineOf } from "../data-api/deadline";
import { loadObjects } from "../load/load";
import { Tally } from "../load/tally";
import { type Clients, createClients, onAws } from "../load/world";
import { readEnv } from "./config";

let clients: Clients | undefined;

/**
 * SQS edge: loads what the messages name, and answers those that must come again; SQS takes the others away. One JSON line a call is logged, with
 * counts and what refused, never with data.
 */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const config = readEnv(process.env);
  clients ??= createClients(config);
  const tally = new Tally();
  const ports = onAws(clients, config, deadlineOf(context));
  const loader = { owner: `${context.awsRequestId}`, config, newId: randomUUID, tally };
  const messages = event.Records.map(({ messageId, body }) => ({ id: messageId, body }));
  const again = await loadObjects(ports, loader, messages).finally(() => ports.close());
  const line = { message: "load", messages: messages.length, ...tally.counts, notes: tally.notes };
  if (again.length > 0) console.warn(JSON.stringify(line));
  else console.info(JSON.stringify(line));
  return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };
}
