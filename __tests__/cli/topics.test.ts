import { lagOf, lineOf } from "../../cli/topics";

describe("what a view has yet to read of a partition", () => {
  const rows = [
    ["orders", "0", "orders", 9],
    ["orders", "1", "orders", 4],
    ["other", "0", "mv", 1],
  ] as const;

  const at = (partition: number, end: bigint) => ({ partition, end, groups: [] });

  it("is counted from its last position to the end, view by view", () => {
    expect(lagOf(rows, "orders", at(0, 12n))).toBe("orders: 2");
    expect(lagOf(rows, "orders", at(1, 5n))).toBe("orders: 0");
    expect(lagOf([...rows, ["orders", "0", "second", 1]], "orders", at(0, 12n))).toBe("orders: 2, second: 10");
  });

  it("is never less than none: the view may have read on since the brokers were asked", () => {
    expect(lagOf(rows, "orders", at(0, 8n))).toBe("orders: 0");
  });

  it("is told of consumer groups too", () => {
    const groups = [{ name: "audit", behind: 3n }];
    expect(lagOf(rows, "orders", { ...at(0, 12n), groups })).toBe("orders: 2, group audit: 3");
    expect(lagOf([], "orders", { ...at(2, 12n), groups })).toBe("group audit: 3");
  });

  it("says so where nobody has read it", () => {
    expect(lagOf(rows, "orders", at(2, 5n))).toBe("nobody has read it");
  });
});

describe("a message", () => {
  const line = (value: Buffer | null, key: Buffer | null = Buffer.from("k")) =>
    lineOf({ offset: 7n, timestamp: Date.UTC(2026, 10, 21), key, value });

  it("is shown with offset, time and value", () => {
    expect(line(Buffer.from('{"order_id":"a"}'))).toBe('7  2026-11-21T00:00:00.000Z  {"order_id":"a"}');
  });

  it("gives a terminal no control characters, and no more than 160 others", () => {
    expect(line(Buffer.from("a\u001b[2J\nb"))).toBe("7  2026-11-21T00:00:00.000Z  a\\u001b[2J\\u000ab");
    expect(line(Buffer.alloc(15_000_000, "x"))).toBe(`7  2026-11-21T00:00:00.000Z  ${"x".repeat(160)}`);
  });

  it("is said to be empty, or the end of a key", () => {
    expect(line(Buffer.alloc(0))).toBe("7  2026-11-21T00:00:00.000Z  (empty)");
    expect(line(null)).toBe("7  2026-11-21T00:00:00.000Z  (tombstone of k)");
    expect(line(null, null)).toBe("7  2026-11-21T00:00:00.000Z  (tombstone of no key)");
  });
});
