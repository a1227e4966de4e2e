import { BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { State } from "../../../lambda-src/load/entry";
import type { ClientSettings } from "../../loads";

/** An object version, as the ledger names it. */
export interface Version {
  readonly key: string;
  readonly version: string;
}

/** What the ledger says of a version. */
export interface Known extends Version {
  readonly state: State;
  readonly reason: string | undefined;
}

const PAGE = 100;

/** What the ledger knows of these versions; those that it does not know are left out. */
export async function statesOf(
  client: ClientSettings,
  { ledger, bucket }: { readonly ledger: string; readonly bucket: string },
  versions: readonly Version[],
): Promise<readonly Known[]> {
  const dynamodb = new DynamoDBClient(client);
  const known: Known[] = [];
  for (let from = 0; from < versions.length; from += PAGE) {
    let keys = versions
      .slice(from, from + PAGE)
      .map(({ key, version }) => ({ object: { S: `${bucket}/${key}` }, version: { S: version } }));
    while (keys.length > 0) {
      const { Responses = {}, UnprocessedKeys = {} } = await dynamodb.send(
        new BatchGetItemCommand({ RequestItems: { [ledger]: { Keys: keys, ConsistentRead: true } } }),
      );
      for (const item of Responses[ledger] ?? []) {
        known.push({
          key: item.object!.S!.slice(bucket.length + 1),
          version: item.version!.S!,
          state: item.state!.S as State,
          reason: item.reason?.M?.text?.S,
        });
      }
      keys = (UnprocessedKeys[ledger]?.Keys ?? []) as typeof keys;
    }
  }
  return known;
}

/** Messages of a queue: those that wait and those that somebody has taken. */
export async function messagesIn(client: ClientSettings, QueueUrl: string): Promise<number> {
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}
