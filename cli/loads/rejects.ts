import { DynamoDBClient, QueryCommand, type QueryCommandOutput } from "@aws-sdk/client-dynamodb";
import { type Entry, NO_TABLE } from "../../lambda-src/load/entry";
import { printable } from "../printable";
import { CommandError } from "../problem";
import { type ClientSettings, type LoaderOutputs, tablesOf } from "./outputs";

/** What was set aside, and why. */
export type Reject = Pick<Entry, "object" | "version" | "table" | "bytes" | "sequencer" | "reason"> & {
  readonly rejectedAt: string;
};

export interface RejectFilter {
  /** Table by its name in keys, or `?` for objects whose key names none on the list. @default every one */
  readonly table?: string | undefined;
  /** Only keys that start so. @default every one */
  readonly prefix?: string | undefined;
  /** Only those set aside since. @default every one */
  readonly since?: Date;
}

/**
 * A table that was asked for and of which nothing was found must be on the list: else the name is wrong.
 *
 * @throws CommandError
 */
export function mustBeListed(loader: Pick<LoaderOutputs, "loader_tables">, table: string | undefined): void {
  const names = [...tablesOf(loader).keys()];
  if (table === undefined || table === NO_TABLE || names.includes(table)) return;
  throw new CommandError(
    `nothing of table ${JSON.stringify(table)} was set aside, and it is not on the list, which has ${names.join(", ")}`,
  );
}

/** Index of the ledger that holds rejects alone. */
const INDEX = "rejects";

/** Rejects in the order in which they were set aside, table by table. */
export async function* rejectsOf(
  client: ClientSettings,
  loader: Pick<LoaderOutputs, "loader_ledger" | "loader_tables" | "loader_bucket">,
  { table, prefix = "", since }: RejectFilter = {},
): AsyncGenerator<Reject> {
  const ledger = new DynamoDBClient(client);
  const tables = table === undefined ? [...tablesOf(loader).keys(), NO_TABLE] : [table];
  for (const one of tables) {
    let ExclusiveStartKey: QueryCommandOutput["LastEvaluatedKey"];
    do {
      const page: QueryCommandOutput = await ledger.send(
        new QueryCommand({
          TableName: loader.loader_ledger,
          IndexName: INDEX,
          KeyConditionExpression: since ? "#table = :table AND rejectedAt >= :since" : "#table = :table",
          ExpressionAttributeNames: { "#table": "table" },
          ExpressionAttributeValues: {
            ":table": { S: one },
            ...(since ? { ":since": { S: since.toISOString() } } : {}),
          },
          ExclusiveStartKey,
        }),
      );
      for (const item of page.Items ?? []) {
        const reject = readReject(item);
        if (keyOf(reject).startsWith(prefix)) yield reject;
      }
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }
}

/** Key of a reject's object: its partition key is `bucket/key`, and a bucket's name has no slash. */
export const keyOf = ({ object }: Pick<Reject, "object">): string => object.slice(object.indexOf("/") + 1);
export const bucketOf = ({ object }: Pick<Reject, "object">): string => object.slice(0, object.indexOf("/"));

type Item = NonNullable<QueryCommandOutput["Items"]>[number];

function readReject(item: Item): Reject {
  const reason = item.reason?.M;
  return {
    object: item.object?.S ?? "",
    version: item.version?.S ?? "",
    table: item.table?.S ?? NO_TABLE,
    bytes: Number(item.bytes?.N ?? 0),
    rejectedAt: item.rejectedAt?.S ?? "",
    ...(item.sequencer?.S ? { sequencer: item.sequencer.S } : {}),
    ...(reason
      ? {
          reason: {
            text: reason.text?.S ?? "no reason given",
            ...(reason.line?.N ? { line: Number(reason.line.N) } : {}),
            ...(reason.column?.S ? { column: reason.column.S } : {}),
          },
        }
      : {}),
  };
}

/** A reject for a person: the file, and below it where and why. A key may hold anything, so it is shown as JSON text is. */
export function linesOfReject(reject: Reject): string[] {
  const { table, rejectedAt, reason, version } = reject;
  const where = [
    ...(reason?.line === undefined ? [] : [`line ${reason.line}`]),
    ...(reason?.column === undefined ? [] : [`column ${reason.column}`]),
  ];
  return [
    `${rejectedAt}  ${table}  ${JSON.stringify(keyOf(reject))}  version ${version}`,
    `    ${printable([...where, reason?.text ?? "no reason given"].join(", "))}`,
  ];
}
