import type { Rule, WorkerRequest } from "../../faults/spoiler";

/** A value as DynamoDB's protocol has it; the kinds that stand in the ledger. */
type Value = { readonly S: string } | { readonly N: string } | { readonly M: Item };
export type Item = Readonly<Record<string, Value>>;

/** What the ledger was asked about one object. */
export interface FileCost {
  reads: number;
  writes: number;
  readUnits: number;
  writeUnits: number;
}

export const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;

/**
 * Counts the requests to the ledger of each object, and the capacity units that AWS would count for them: a strong read 1 for each 4 KB of
 * the items read, a write 1 for each KB of the item before or after it, whichever is larger, and the same again for an index that the item
 * is in. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export class LedgerMeter {
  private readonly items = new Map<string, Map<string, { readonly bytes: number; readonly indexed: boolean }>>();
  private costs = new Map<string, FileCost>();
  private largest = 0;
  private unknown: string | undefined;

  /** To be armed while the loader works. */
  readonly rule: Rule = {
    when: "after",
    times: Number.POSITIVE_INFINITY,
    matches: ({ service }) => service === "dynamodb",
    act: (request) => {
      this.count(request);
      return undefined;
    },
  };

  /** What was counted since the last call. @throws Error when there was a request that cannot be counted */
  taken(): { readonly costs: readonly FileCost[]; readonly largestItem: number } {
    if (this.unknown !== undefined) throw new Error(`what ${this.unknown} costs in the ledger is not known here`);
    const costs = [...this.costs.values()];
    this.costs = new Map();
    return { costs, largestItem: this.largest };
  }

  private count({ action, body }: WorkerRequest): void {
    const request = JSON.parse(body.toString());
    if (action === "Query" && request.ConsistentRead && request.ExpressionAttributeValues?.[":object"]) {
      const object = request.ExpressionAttributeValues[":object"].S;
      const bytes = [...(this.items.get(object)?.values() ?? [])].reduce((sum, item) => sum + item.bytes, 0);
      const cost = this.of(object);
      cost.reads += 1;
      cost.readUnits += units(bytes, READ_UNIT_BYTES);
    } else if (action === "PutItem") {
      this.put(request.Item);
    } else {
      this.unknown = action;
    }
  }

  private put(item: Item): void {
    const object = text(item.object);
    const version = text(item.version);
    const versions = this.items.get(object) ?? new Map();
    this.items.set(object, versions);
    const before = versions.get(version);
    // As the index `rejects` is made: rejects alone are in it, whole.
    const after = { bytes: sizeOf(item), indexed: item.rejectedAt !== undefined };
    versions.set(version, after);
    const written = units(Math.max(before?.bytes ?? 0, after.bytes), WRITE_UNIT_BYTES);
    const cost = this.of(object);
    cost.writes += 1;
    cost.writeUnits += before?.indexed || after.indexed ? 2 * written : written;
    this.largest = Math.max(this.largest, after.bytes);
  }

  private of(object: string): FileCost {
    let cost = this.costs.get(object);
    if (!cost) {
      cost = { reads: 0, writes: 0, readUnits: 0, writeUnits: 0 };
      this.costs.set(object, cost);
    }
    return cost;
  }
}

/** Reading nothing counts as reading something small. */
const units = (bytes: number, unit: number) => Math.max(1, Math.ceil(bytes / unit));

const text = (value: Value | undefined) => (value && "S" in value ? value.S : "");

/** Bytes of an item: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export const sizeOf = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOfValue(value), 0);

function sizeOfValue(value: Value): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return Math.ceil(value.N.replace(/^-|\./g, "").length / 2) + 1;
  return 3 + sizeOf(value.M) + Object.keys(value.M).length;
}
