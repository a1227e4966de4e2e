import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import type { Entry, Reason, State } from "./entry";
import type { Ledger } from "./ports";

/** `Ledger` by DynamoDB: one item an object version, every write under a condition. */
export function dynamodbLedger(client: DynamoDBClient, TableName: string): Ledger {
  return {
    async versionsOf(object) {
      const entries: Entry[] = [];
      let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName,
            ConsistentRead: true,
            KeyConditionExpression: "#object = :object",
            ExpressionAttributeNames: { "#object": "object" },
            ExpressionAttributeValues: { ":object": { S: object } },
            ExclusiveStartKey,
          }),
        );
        for (const item of page.Items ?? []) entries.push(readItem(item));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return entries;
    },

    async swap(seen, next) {
      try {
        await client.send(
          new PutItemCommand({
            TableName,
            Item: writeItem(next),
            ...conditionOf(seen),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // The SDK sends a write again whose answer it did not get, and then meets its own.
        return error.Item !== undefined && same(readItem(error.Item), next);
      }
    },
  };
}

/** Many entries at once, as they are now; those that are not there are left out. At most 100 a call. */
export async function readEntries(
  client: DynamoDBClient,
  TableName: string,
  keys: readonly Pick<Entry, "object" | "version">[],
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (let from = 0; from < keys.length; from += 100) {
    let Keys: Record<string, AttributeValue>[] | undefined = keys
      .slice(from, from + 100)
      .map(({ object, version }) => ({ object: { S: object }, version: { S: version } }));
    while (Keys && Keys.length > 0) {
      const page: { Responses?: Record<string, Record<string, AttributeValue>[]>; UnprocessedKeys?: unknown } =
        await client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }));
      for (const item of page.Responses?.[TableName] ?? []) entries.push(readItem(item));
      const left = page.UnprocessedKeys as Record<string, { Keys?: Record<string, AttributeValue>[] }> | undefined;
      Keys = left?.[TableName]?.Keys;
    }
  }
  return entries;
}

type Condition = Pick<
  ConstructorParameters<typeof PutItemCommand>[0],
  "ConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
>;

/** What must stand there: nothing, or an entry with this state, load and lease. */
function conditionOf(seen: Entry | undefined): Condition {
  if (!seen) {
    return { ConditionExpression: "attribute_not_exists(#object)", ExpressionAttributeNames: { "#object": "object" } };
  }
  const { state, loadId, leaseUntil } = seen;
  return {
    ConditionExpression: [
      "#state = :state",
      loadId === undefined ? "attribute_not_exists(loadId)" : "loadId = :loadId",
      leaseUntil === undefined ? "attribute_not_exists(leaseUntil)" : "leaseUntil = :leaseUntil",
    ].join(" AND "),
    ExpressionAttributeNames: { "#state": "state" },
    ExpressionAttributeValues: {
      ":state": { S: state },
      ...(loadId === undefined ? {} : { ":loadId": { S: loadId } }),
      ...(leaseUntil === undefined ? {} : { ":leaseUntil": { N: String(leaseUntil) } }),
    },
  };
}

/** Whether the entry that is there is the one that was to be put there. */
function same(there: Entry, next: Entry): boolean {
  return (
    there.state === next.state &&
    there.loadId === next.loadId &&
    there.leaseUntil === next.leaseUntil &&
    there.owner === next.owner &&
    there.rejectedAt === next.rejectedAt &&
    there.expiresAt === next.expiresAt
  );
}

const TEXTS = ["object", "version", "state", "table", "sequencer", "hour", "loadId", "owner", "rejectedAt"] as const;
const NUMBERS = ["bytes", "leaseUntil", "expiresAt"] as const;

function writeItem(entry: Entry): Record<string, AttributeValue> {
  const item: Record<string, AttributeValue> = {};
  for (const name of TEXTS) if (entry[name]) item[name] = { S: entry[name] };
  for (const name of NUMBERS) if (entry[name] !== undefined) item[name] = { N: String(entry[name]) };
  if (entry.reason) {
    const { text, line, column } = entry.reason;
    item.reason = {
      M: {
        text: { S: text },
        ...(line === undefined ? {} : { line: { N: String(line) } }),
        ...(column ? { column: { S: column } } : {}),
      },
    };
  }
  return item;
}

function readItem(item: Record<string, AttributeValue>): Entry {
  const text = (name: string) => item[name]?.S;
  const number = (name: string) => (item[name]?.N === undefined ? undefined : Number(item[name].N));
  const entry: Record<string, unknown> = {};
  for (const name of TEXTS) if (text(name) !== undefined) entry[name] = text(name);
  for (const name of NUMBERS) if (number(name) !== undefined) entry[name] = number(name);
  if (item.reason?.M) entry.reason = readReason(item.reason.M);
  return { bytes: 0, table: "", state: "loading" as State, ...entry } as Entry;
}

function readReason({ text, line, column }: Record<string, AttributeValue>): Reason {
  return {
    text: text?.S ?? "",
    ...(line?.N === undefined ? {} : { line: Number(line.N) }),
    ...(column?.S === undefined ? {} : { column: column.S }),
  };
}
