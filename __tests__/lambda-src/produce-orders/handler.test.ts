import type { Context } from "aws-lambda";
import { handler } from "../../../lambda-src/produce-orders";

const ENVIRONMENT = {
  BOOTSTRAP_SERVERS: "127.0.0.1:1",
  TOPIC: "orders",
  ORDERS_PER_SECOND: "100",
  DURATION_SECONDS: "60",
};
beforeEach(() => {
  Object.assign(process.env, ENVIRONMENT);
});
afterEach(() => {
  for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
});

const context = { getRemainingTimeInMillis: () => 60_000 } as Context;

it.each<[event: unknown, message: string]>([
  [[1], "produce-orders: the event must be a JSON object, got [1]"],
  [5, "produce-orders: the event must be a JSON object, got 5"],
  [
    { orderz: 1 },
    "produce-orders: the event has orderz; it may have orders_per_second, duration_seconds, orders, seed",
  ],
  [{ orders: "many" }, 'produce-orders: orders must be a whole number from 1 to 100000000, got "many"'],
  [{ orders: 0 }, "produce-orders: orders must be a whole number from 1 to 100000000, got 0"],
  [{ orders_per_second: -1 }, "produce-orders: orders_per_second must be a whole number from 0 to 100000, got -1"],
  [{ duration_seconds: 841 }, "produce-orders: duration_seconds must be a whole number from 1 to 840, got 841"],
  [{ seed: 7 }, "produce-orders: seed must be text, got 7"],
])("says of the event %j what is wrong with it, without a stack trace", async (event, message) => {
  const error = await handler(event, context).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ message, stack: message });
});

it("names what its environment lacks, without a stack trace", async () => {
  delete process.env.TOPIC;
  const message = "produce-orders: set TOPIC in the function's environment";
  expect(await handler({}, context).catch((thrown: Error) => thrown)).toMatchObject({ message, stack: message });
});
