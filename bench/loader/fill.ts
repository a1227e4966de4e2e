import { type AttributeValue, BatchWriteItemCommand, ScanCommand, type WriteRequest } from "@aws-sdk/client-dynamodb";
import type { World } from "../../faults/world";
import { whole } from "../table";

const AT_ONCE = 4;
/** Items that one BatchWriteItem takes. */
const BATCH = 25;
const SAY_EVERY = 100_000;

/**
 * Puts items of files that were loaded long ago into the ledger, from the `from`th to the `to`th: each like one that the loader wrote,
 * under a key of its own.
 *
 * @throws Error when the loader has written none yet
 */
export async function fillLedger(
  { dynamodb, outputs }: World,
  from: number,
  to: number,
  progress: (line: string) => void,
): Promise<void> {
  const TableName = outputs.loader_ledger;
  const { Items } = await dynamodb.send(new ScanCommand({ TableName, Limit: 1 }));
  const like = Items?.[0];
  if (!like) throw new Error("the ledger has no item that others could be made after");
  const keyOf = (i: number): Record<string, AttributeValue> => ({
    object: { S: `${outputs.loader_bucket}/long-ago/2025/12/01/00/old-${i}.csv` },
    version: { S: `v${i}` },
  });
  let next = from;
  let put = from;
  const one = async () => {
    while (next < to) {
      const first = next;
      next = Math.min(first + BATCH, to);
      let requests: WriteRequest[] | undefined = Array.from({ length: next - first }, (_, i) => ({
        PutRequest: { Item: { ...like, ...keyOf(first + i) } },
      }));
      put += requests.length;
      const steps = Math.floor(put / SAY_EVERY);
      const say = steps > Math.floor((put - requests.length) / SAY_EVERY);
      while (requests && requests.length > 0) {
        const command: BatchWriteItemCommand = new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } });
        requests = (await dynamodb.send(command)).UnprocessedItems?.[TableName];
      }
      if (say) progress(`${whole(steps * SAY_EVERY)} items are in the ledger`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
