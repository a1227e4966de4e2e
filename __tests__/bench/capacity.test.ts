import { LedgerMeter, sizeOf } from "../../bench/loader/capacity";
import { Spoiler } from "../../faults/spoiler";

const OBJECT = "bucket/kpis/2026/03/01/00/a.csv";
const QUERY = { ConsistentRead: true, ExpressionAttributeValues: { ":object": { S: OBJECT } } };
const item = (version: string, more: object = {}) => ({
  object: { S: OBJECT },
  version: { S: version },
  state: { S: "loading" },
  ...more,
});

function meter() {
  const meter = new LedgerMeter();
  const spoiler = new Spoiler();
  spoiler.arm([meter.rule]);
  const seen = (action: string, request: object, headers: Record<string, string>) =>
    spoiler.after({
      service: "dynamodb",
      action,
      headers,
      body: Buffer.from(JSON.stringify(request)),
      accessKeyId: "",
    });
  return {
    meter,
    worker: (action: string, request: object) => seen(action, request, { "user-agent": "aws-sdk-js app/w1" }),
    other: (action: string, request: object) => seen(action, request, { "user-agent": "aws-sdk-js" }),
  };
}

describe("size of an item as AWS counts it", () => {
  test("text: bytes of name and value in UTF-8", () => {
    expect(sizeOf({ name: { S: "käse" } })).toBe(4 + 5);
  });

  test("a number: half a byte a digit, and one", () => {
    expect(sizeOf({ n: { N: "1234567890123" } })).toBe(1 + 7 + 1);
    expect(sizeOf({ n: { N: "-12.5" } })).toBe(1 + 2 + 1);
  });

  test("a map: three bytes, one for each entry, and what is in it", () => {
    expect(sizeOf({ m: { M: { a: { S: "b" }, c: { N: "1" } } } })).toBe(1 + 3 + 2 + (1 + 1) + (1 + 2));
  });
});

describe("what the ledger is asked about a file", () => {
  test("a new file: a read of nothing is a unit, each write of a small item is one", async () => {
    const { meter: taken, worker } = meter();
    await worker("Query", QUERY);
    await worker("PutItem", { Item: item("v1") });
    await worker("PutItem", { Item: item("v1", { state: { S: "loaded" } }) });
    expect(taken.taken().costs).toEqual([{ reads: 1, readUnits: 1, writes: 2, writeUnits: 2 }]);
  });

  test("a read counts all versions of the object, a write the larger of before and after", async () => {
    const { meter: taken, worker } = meter();
    await worker("PutItem", { Item: item("v1", { owner: { S: "x".repeat(1500) } }) });
    await worker("PutItem", { Item: item("v1") });
    for (let n = 2; n <= 6; n++) await worker("PutItem", { Item: item(`v${n}`, { owner: { S: "x".repeat(900) } }) });
    taken.taken();
    await worker("Query", QUERY);
    await worker("PutItem", { Item: item("v2") });
    expect(taken.taken().costs).toEqual([{ reads: 1, readUnits: 2, writes: 1, writeUnits: 1 }]);
  });

  test("a reject is written to the index too, and again when it is one no more", async () => {
    const { meter: taken, worker } = meter();
    await worker("PutItem", { Item: item("v1", { rejectedAt: { S: "2026-03-01T00:00:00Z" } }) });
    expect(taken.taken().costs).toEqual([{ reads: 0, readUnits: 0, writes: 1, writeUnits: 2 }]);
    await worker("PutItem", { Item: item("v1") });
    expect(taken.taken().costs).toEqual([{ reads: 0, readUnits: 0, writes: 1, writeUnits: 2 }]);
  });

  test("requests that are not the loader's do not count", async () => {
    const { meter: taken, other } = meter();
    await other("PutItem", { Item: item("v1") });
    expect(taken.taken()).toEqual({ costs: [], largestItem: 0 });
  });

  test("a request whose cost is not known is said, not left out", async () => {
    const { meter: taken, worker } = meter();
    await worker("Scan", { TableName: "ledger" });
    expect(() => taken.taken()).toThrow("what Scan costs in the ledger is not known here");
  });
});
