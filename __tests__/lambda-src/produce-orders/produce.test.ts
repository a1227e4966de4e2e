import { OrderGenerator } from "../../../lambda-src/events/order-generator";
import { readEnv } from "../../../lambda-src/produce-orders/config";
import { withEvent } from "../../../lambda-src/produce-orders/event";
import { type Plan, produce } from "../../../lambda-src/produce-orders/produce";
import { type Message, Refused, type Topic } from "../../../lambda-src/produce-orders/topic";

/** A topic in memory. It appends first and may then fail, as a broker whose answer is lost; the same messages again are known. */
class FakeTopic implements Topic {
  readonly partitions = 3;
  readonly log: Message[][] = [[], [], []];
  readonly sizes: number[] = [];
  readonly under: number[] = [0, 0, 0];
  most = 0;
  private readonly seen = new Set<Message>();
  /** Called before an append; may throw. */
  before: (partition: number) => void = () => undefined;
  /** Called after an append; may throw. */
  after: (partition: number) => void = () => undefined;
  constructor(private readonly world: FakeWorld) {}

  partitionOf(key: Buffer): number {
    return key[13]! % 3;
  }

  async send(partition: number, messages: readonly Message[]): Promise<void> {
    this.under[partition]!++;
    this.most = Math.max(this.most, this.under[partition]!);
    try {
      await Promise.resolve();
      this.before(partition);
      this.sizes.push(messages.length);
      for (const message of messages) if (!this.seen.has(message)) this.log[partition]!.push(message);
      for (const message of messages) this.seen.add(message);
      this.world.time += 1;
      this.after(partition);
    } finally {
      this.under[partition]!--;
    }
  }

  get all(): Message[] {
    return this.log.flat();
  }
}

/** Time that passes only when something waits. */
class FakeWorld {
  time = 0;
  readonly limit: number;
  constructor(seconds: number) {
    this.limit = seconds * 1000;
  }
  now = () => this.time;
  sleep = async (milliseconds: number) => {
    this.time += milliseconds;
  };
  remaining = () => this.limit - this.time;
}

async function run(
  plan: Partial<Plan> = {},
  prepare: (topic: FakeTopic, world: FakeWorld) => void = () => undefined,
  seconds = 90,
) {
  const world = new FakeWorld(seconds);
  const topic = new FakeTopic(world);
  prepare(topic, world);
  const generator = new OrderGenerator("test", () => 0);
  const outcome = await produce(
    topic,
    () => generator.message(),
    { ordersPerSecond: 100, durationSeconds: 60, ...plan },
    world,
  );
  return { outcome, topic, world };
}

describe("producing", () => {
  it("sends a hundred orders a second for a minute", async () => {
    const { outcome, topic } = await run();
    expect(outcome).toMatchObject({ acknowledged: 6000, unacknowledged: 0, stopped: "planned", retriedRequests: 0 });
    expect(outcome.seconds).toBeCloseTo(60, 0);
    expect(topic.all).toHaveLength(6000);
    expect(outcome.byPartition).toEqual(topic.log.map((messages) => messages.length));
  });

  it("sends as many as asked for as fast as they are taken, in batches of at most 1,000, one a partition at a time", async () => {
    const { outcome, topic } = await run({ ordersPerSecond: 0, orders: 50_001 });
    expect(outcome).toMatchObject({ acknowledged: 50_001, stopped: "planned" });
    expect(Math.max(...topic.sizes)).toBeLessThanOrEqual(1000);
    expect(topic.most).toBe(1);
  });

  it("sends the very same messages again after a failure, so that none is lost and none doubled", async () => {
    let calls = 0;
    const { outcome, topic } = await run({ ordersPerSecond: 0, orders: 5000 }, (topic) => {
      topic.before = () => {
        if (++calls % 3 === 0) throw new Error("no leader");
      };
      topic.after = () => {
        if (++calls % 4 === 0) throw new Error("answer lost");
      };
    });
    expect(outcome).toMatchObject({ acknowledged: 5000, unacknowledged: 0 });
    expect(outcome.retriedRequests).toBeGreaterThan(0);
    expect(new Set(topic.all.map(({ key }) => key.toString())).size).toBe(5000);
    expect(topic.all).toHaveLength(5000);
  });

  it("stops before the function's time is over, with all acknowledged", async () => {
    const { outcome } = await run({ durationSeconds: 60 }, undefined, 30);
    expect(outcome).toMatchObject({ unacknowledged: 0, stopped: "time-out" });
    expect(outcome.seconds).toBeLessThan(26);
    expect(outcome.acknowledged).toBeGreaterThan(2400);
  });

  it("gives up at the end when no broker answers, and says how many were not acknowledged", async () => {
    const { outcome } = await run({ ordersPerSecond: 0, orders: 100 }, (topic) => {
      topic.before = () => {
        throw new Error("no broker answers");
      };
    });
    expect(outcome).toMatchObject({
      acknowledged: 0,
      unacknowledged: 100,
      stopped: "time-out",
      problem: "no broker answers",
    });
  });

  it("stops at once when the brokers refuse", async () => {
    const { outcome, world } = await run({}, (topic) => {
      topic.before = () => {
        throw new Refused("TOPIC_AUTHORIZATION_FAILED: not allowed");
      };
    });
    expect(outcome).toMatchObject({
      acknowledged: 0,
      stopped: "refused",
      problem: "TOPIC_AUTHORIZATION_FAILED: not allowed",
    });
    expect(world.time).toBeLessThan(1000);
  });
});

describe("a request", () => {
  it("keeps below the bytes that a broker takes at once", async () => {
    const sizes: number[] = [];
    const topic: Topic = {
      partitions: 1,
      partitionOf: () => 0,
      send: async (_, messages) => {
        sizes.push(messages.reduce((sum, { key, value }) => sum + key.length + value.length, 0));
      },
    };
    const order = { key: "k", value: "v".repeat(10_000) };
    const plan = { ordersPerSecond: 0, durationSeconds: 60, orders: 500 };
    const outcome = await produce(topic, () => order, plan, new FakeWorld(90));
    expect(outcome.acknowledged).toBe(500);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000_000);
    expect(sizes).toHaveLength(6);
  });
});

const ENV = { BOOTSTRAP_SERVERS: "b:9098", TOPIC: "orders", ORDERS_PER_SECOND: "100", DURATION_SECONDS: "60" };

describe("settings", () => {
  it("are the environment's", () => {
    expect(readEnv(ENV)).toEqual({
      bootstrapServers: "b:9098",
      topic: "orders",
      ordersPerSecond: 100,
      durationSeconds: 60,
    });
  });

  it.each<[NodeJS.ProcessEnv, string]>([
    [
      { ...ENV, TOPIC: "", ORDERS_PER_SECOND: undefined },
      "produce-orders: set TOPIC, ORDERS_PER_SECOND in the function's environment",
    ],
    [
      { ...ENV, ORDERS_PER_SECOND: "0" },
      "produce-orders: ORDERS_PER_SECOND must be a whole number from 1 to 100000, got 0",
    ],
    [
      { ...ENV, DURATION_SECONDS: "841" },
      "produce-orders: DURATION_SECONDS must be a whole number from 1 to 840, got 841",
    ],
  ])("%j is refused", (env, message) => {
    expect(() => readEnv(env)).toThrow(message);
  });

  it("are changed by an event sent by hand, and not by EventBridge's", () => {
    const settings = readEnv(ENV);
    expect(withEvent(settings, { "detail-type": "Scheduled Event", orders: "no" })).toEqual(settings);
    expect(withEvent(settings, undefined)).toEqual(settings);
    expect(withEvent(settings, { orders_per_second: 0, duration_seconds: 5, orders: 7, seed: "s" })).toEqual({
      ...settings,
      ordersPerSecond: 0,
      durationSeconds: 5,
      orders: 7,
      seed: "s",
    });
  });

  it.each<[unknown, string]>([
    [[], "produce-orders: the event must be a JSON object, got []"],
    [{ rate: 1 }, "produce-orders: the event has rate; it may have orders_per_second, duration_seconds, orders, seed"],
    [{ orders: 0 }, "produce-orders: orders must be a whole number from 1 to 100000000, got 0"],
    [{ orders_per_second: -1 }, "produce-orders: orders_per_second must be a whole number from 0 to 100000, got -1"],
    [{ seed: 1 }, "produce-orders: seed must be text, got 1"],
  ])("an event %j is refused", (event, message) => {
    expect(() => withEvent(readEnv(ENV), event)).toThrow(message);
  });
});
