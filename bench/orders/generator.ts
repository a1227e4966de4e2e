import { OrderGenerator } from "../../lambda-src/events/order-generator";
import { ORDER_LIMITS, orderKey } from "../../lambda-src/events/orders";
import { interleaved, median, ratio } from "../measure";
import { type Section, times, whole } from "../table";

const ROUNDS = 7;
const ORDERS = 50_000;

/** The seeded generator against faker's full import, the same record. */
export async function benchGenerator(progress: (line: string) => void): Promise<Section> {
  const { faker } = await import("@faker-js/faker");
  progress(`generator, ${ROUNDS} rounds of ${ORDERS} orders`);
  const generator = new OrderGenerator("bench");
  const { userLetters, items, product, quantity } = ORDER_LIMITS;
  const byFaker = () => {
    const order = {
      order_id: faker.string.uuid(),
      ordered_at: new Date().toISOString().slice(0, -1),
      user_id: faker.string.alpha({ length: userLetters, casing: "lower" }),
      items: Array.from({ length: faker.number.int(items) }, () => ({
        product_id: faker.number.int(product),
        quantity: faker.number.int(quantity),
      })),
    };
    return { key: orderKey(order), value: JSON.stringify(order) };
  };
  const rate = (make: () => { readonly value: string }) => () => {
    const before = process.cpuUsage();
    let bytes = 0;
    for (let n = 0; n < ORDERS; n++) bytes += make().value.length;
    const { user, system } = process.cpuUsage(before);
    return bytes === 0 ? 0 : ORDERS / ((user + system) / 1e6);
  };
  for (let n = 0; n < ORDERS; n++) generator.message();
  const runs = await interleaved<number, "faker" | "ours">(ROUNDS, {
    faker: rate(byFaker),
    ours: rate(() => generator.message()),
  });
  const faster = ratio(runs.ours, runs.faker);
  return {
    title: "Order generator",
    text: "Key and value of an order as JSON: the seeded generator of the producer against @faker-js/faker (its full import).",
    head: ["way", "orders a CPU-second", "ratio"],
    rows: [
      ["faker", whole(median(runs.faker)), times(1)],
      ["lambda-src/events/order-generator", whole(median(runs.ours)), times(faster)],
    ],
    goals: [{ says: "at least 5 times faker", got: times(faster), kept: faster >= 5 }],
  };
}
