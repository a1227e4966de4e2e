import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { OrderGenerator } from "../../lambda-src/events/order-generator";
import type { StreamRecord, Streams } from "../../local/warehouse";
import { median, ratio } from "../measure";
import { type Section, seconds, times, whole } from "../table";
import { migrate, openWarehouse } from "./warehouse";

/** Orders, and how often each way is run. */
const SIZES: readonly (readonly [orders: number, rounds: number])[] = [
  [10_000, 5],
  [100_000, 1],
];
/** Beside the smaller size: one order of so many items. */
const OUTLIER = 1000;

interface Timed {
  readonly name: string;
  readonly unnest: number;
  readonly recursive: number;
  readonly ratio: number;
}

/** `order_items` by unnesting against the article's recursive form, on the same rows of the local warehouse. */
export async function benchItems(progress: (line: string) => void, more?: number): Promise<Section> {
  const timed: Timed[] = [];
  const sizes = more === undefined ? SIZES : ([...SIZES, [more, 1]] as typeof SIZES);
  for (const [orders, rounds] of sizes) timed.push(await measure(orders, rounds, 0, progress));
  const [first] = SIZES;
  const outlier = await measure(first![0], 1, OUTLIER, progress);
  const [small, large] = timed;
  const flat = outlier.unnest / small!.unnest;
  const growth = large!.unnest / small!.unnest / (SIZES[1]![0] / SIZES[0]![0]);
  const worst = Math.min(...timed.map((one) => one.ratio));
  return {
    title: "Order items",
    text: `The view order_items, each order id once, against the article's recursive CTE (sql/orders/baseline, which looks for no second delivery), counted over orders of 1 to 4 items on the local warehouse; and with one order of ${whole(OUTLIER)} items among them. On Redshift neither was measured.`,
    head: ["orders", "unnest", "recursive", "ratio"],
    rows: [...timed, outlier].map((one) => [one.name, seconds(one.unnest), seconds(one.recursive), times(one.ratio)]),
    goals: [
      { says: "unnesting is at least 5 times faster", got: times(worst), kept: worst >= 5 },
      { says: "it grows no faster than the orders, by a half", got: times(growth), kept: growth <= 1.5 },
      { says: "one long order does not slow it by a half", got: times(flat), kept: flat <= 1.5 },
    ],
  };
}

async function measure(
  orders: number,
  rounds: number,
  outlier: number,
  progress: (line: string) => void,
): Promise<Timed> {
  const name = whole(orders) + (outlier > 0 ? `, one of them of ${whole(outlier)} items` : "");
  progress(`order items: ${name}`);
  const folder = mkdtempSync(path.join(tmpdir(), "bench-items-"));
  const open = await openWarehouse(folder, inMemory(orders, outlier));
  const { warehouses, session } = open;
  try {
    await migrate(open, "127.0.0.1:1", "orders");
    await session.run("REFRESH MATERIALIZED VIEW orders");
    const baseline = readFileSync("sql/orders/baseline/order_items.sql", "utf8")
      .replace(/^--.*$/gm, "")
      .replace(/;\s*$/, "");
    const count = async (from: string) => {
      const began = performance.now();
      const [[items]] = (await session.run(`SELECT COUNT(product_id) FROM ${from}`)).rows as [[number]];
      return { items, took: (performance.now() - began) / 1000 };
    };
    const unnest: number[] = [];
    const recursive: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const [ours, theirs] = [await count("order_items"), await count(`(${baseline}) AS b`)];
      if (ours.items !== theirs.items)
        throw new Error(`${ours.items} items by unnesting, ${theirs.items} by recursion`);
      unnest.push(ours.took);
      recursive.push(theirs.took);
    }
    return { name, unnest: median(unnest), recursive: median(recursive), ratio: ratio(recursive, unnest) };
  } finally {
    await warehouses.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A topic of one partition that makes its records when they are read. */
function inMemory(orders: number, outlier: number): Streams {
  const generator = new OrderGenerator("bench");
  const end = BigInt(orders);
  const long = JSON.stringify({
    order_id: "the-long-one",
    ordered_at: "2026-11-21T12:00:00.000",
    user_id: "ada",
    items: Array.from({ length: outlier }, (_, n) => ({ product_id: 1 + (n % 9999), quantity: 1 })),
  });
  const record = (offset: bigint): StreamRecord => {
    const { key, value } = generator.message();
    const text = outlier > 0 && offset === 0n ? long : value;
    return {
      partition: 0,
      offset,
      timestamp: Date.now(),
      timestampType: "C",
      key: Buffer.from(key),
      value: Buffer.from(text),
      headers: [],
    };
  };
  return {
    topic: async () => ({
      ranges: async () => [{ partition: 0, first: 0n, end }],
      read: async (from) => {
        const start = from.get(0)!;
        const length = Math.min(10_000, Number(end - start));
        return {
          records: Array.from({ length }, (_, n) => record(start + BigInt(n))),
          next: new Map([[0, start + BigInt(length)]]),
        };
      },
    }),
    close: async () => undefined,
  };
}
