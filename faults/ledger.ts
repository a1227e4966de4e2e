import { type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";

/** What the ledger says of an object version, as lambda-src/load/README.md has it. */
export interface LedgerItem {
  readonly version: string;
  readonly state: string;
  readonly loadId: string | undefined;
  readonly reason: string | undefined;
}

/** Every version of an object that the ledger knows. */
export async function ledgerOf(
  dynamodb: DynamoDBClient,
  table: string,
  object: string,
): Promise<readonly LedgerItem[]> {
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: "#object = :object",
      ExpressionAttributeNames: { "#object": "object" },
      ExpressionAttributeValues: { ":object": { S: object } },
    }),
  );
  return Items.map(({ version, state, loadId, reason }) => ({
    version: version?.S ?? "?",
    state: state?.S ?? "?",
    loadId: loadId?.S,
    reason: reason?.M?.text?.S,
  }));
}
