import { OrderGenerator } from "../../../lambda-src/events/order-generator";
import { ORDER_SCHEMA, orderKey } from "../../../lambda-src/events/orders";

/** What of JSON Schema the order's uses. */
interface Schema {
  readonly type?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function problems(schema: Schema, value: unknown, at = "$"): string[] {
  switch (schema.type) {
    case "string":
      return typeof value === "string" && new RegExp(schema.pattern!).test(value) ? [] : [`${at}: ${value}`];
    case "integer":
      return Number.isInteger(value) && (value as number) >= schema.minimum! && (value as number) <= schema.maximum!
        ? []
        : [`${at}: ${value}`];
    case "array": {
      const list = value as unknown[];
      const size = list.length >= schema.minItems! && list.length <= schema.maxItems! ? [] : [`${at}: ${list.length}`];
      return [...size, ...list.flatMap((item, n) => problems(schema.items!, item, `${at}[${n}]`))];
    }
    default: {
      const object = value as Record<string, unknown>;
      const names = Object.keys(schema.properties!);
      const keys = names.join() === Object.keys(object).join() ? [] : [`${at}: ${Object.keys(object)}`];
      return [...keys, ...names.flatMap((name) => problems(schema.properties![name]!, object[name], `${at}.${name}`))];
    }
  }
}

const CLOCK = () => Date.UTC(2026, 10, 21, 12);
const take = (generator: OrderGenerator, count: number) => Array.from({ length: count }, () => generator.next());

describe("orders", () => {
  it("keep to their JSON schema", () => {
    expect(take(new OrderGenerator("any"), 2000).flatMap((order) => problems(ORDER_SCHEMA, order))).toEqual([]);
  });

  it("are written as JSON.stringify would write them, with a key that is JSON too", () => {
    const messages = new OrderGenerator("text");
    for (const order of take(new OrderGenerator("text"), 200)) {
      const message = messages.message();
      expect({ ...message, value: message.value.replace(/ordered_at":"[^"]*/, "") }).toEqual({
        key: JSON.stringify({ order_id: order.order_id }),
        value: JSON.stringify(order).replace(/ordered_at":"[^"]*/, ""),
      });
      expect(message.key).toBe(orderKey(order));
    }
  });

  it("are the same for the same seed and clock, and others for another seed", () => {
    const first = take(new OrderGenerator("seed", CLOCK), 50);
    expect(take(new OrderGenerator("seed", CLOCK), 50)).toEqual(first);
    expect(take(new OrderGenerator("seee", CLOCK), 50)).not.toEqual(first);
    expect(first[0]!.ordered_at).toBe("2026-11-21T12:00:00.000");
  });

  it("have no id twice, within a producer and between 100 of them", () => {
    const ids = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      for (const order of take(new OrderGenerator(String(seed)), 1000)) ids.add(order.order_id);
    }
    expect(ids.size).toBe(100_000);
  });

  it("reach both ends of every range", () => {
    const orders = take(new OrderGenerator("ends"), 100_000);
    const items = orders.flatMap((order) => order.items);
    const ends = (values: readonly number[]) =>
      values.reduce(([low, high], n) => [Math.min(low!, n), Math.max(high!, n)], [Infinity, 0]);
    expect(ends(orders.map((order) => order.items.length))).toEqual([1, 4]);
    expect(ends(orders.map((order) => order.user_id.length))).toEqual([5, 12]);
    expect(ends(items.map((item) => item.product_id))).toEqual([1, 9999]);
    expect(ends(items.map((item) => item.quantity))).toEqual([1, 10]);
  });
});
