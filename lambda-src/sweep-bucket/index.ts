import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { readEntries } from "../load/dynamodb-ledger";
import { patient } from "../load/patient";
import { listVersions } from "../load/s3-versions";
import { readEnv } from "./config";
import type { SweepState } from "./event";
import { sendAll } from "./send";
import { sweepPage } from "./sweep";

let clients: { s3: S3Client; dynamodb: DynamoDBClient; sqs: SQSClient } | undefined;

/** One step of the sweep's state machine: a page of the bucket. The answer is the next step's input while it has a continuation. */
export async function handler(state: SweepState): Promise<SweepState> {
  const config = readEnv(process.env);
  clients ??= { s3: new S3Client(patient()), dynamodb: new DynamoDBClient(patient()), sqs: new SQSClient(patient()) };
  const { s3, dynamodb, sqs } = clients;
  const ports = {
    list: (from: SweepState["continuation"]) => listVersions(s3, config.bucket, from),
    entries: (keys: Parameters<typeof readEntries>[2]) => readEntries(dynamodb, config.ledgerTable, keys),
    send: (messages: Parameters<typeof sendAll>[2]) => sendAll(sqs, config.queueUrl, messages),
    now: () => new Date(),
  };
  const answer = await sweepPage(ports, config, state ?? {});
  const { listed, queued } = answer;
  console.info(JSON.stringify({ message: "sweep", listed, queued, done: answer.continuation === undefined }));
  return answer;
}
