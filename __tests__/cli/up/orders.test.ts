import { itemsMade } from "../../../cli/up/orders";
import { OrderGenerator } from "../../../lambda-src/events/order-generator";

it("knows the items that a producer sent by its seeds alone", () => {
  // What the function does with a seed: message by message, at another time.
  const sent = (seed: string, orders: number) => {
    const generator = new OrderGenerator(seed, () => 0);
    return Array.from({ length: orders }, () => JSON.parse(generator.message().value).items.length as number);
  };
  const all = [...sent("1-0-0", 300), ...sent("1-1-0", 200)];
  expect(
    itemsMade([
      { seed: "1-0-0", orders: 300 },
      { seed: "1-1-0", orders: 200 },
    ]),
  ).toBe(all.reduce((sum, items) => sum + items, 0));
  expect(itemsMade([])).toBe(0);
});
