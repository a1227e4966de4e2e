import type { OrderMessage } from "../events/order-generator";
import { BATCH, Lane } from "./lane";
import type { Topic } from "./topic";

/** Orders are sent in turns of this length, evenly over the second. */
const TURN_SECONDS = 0.1;
/** A turn without a rate. */
const FREE_TURN = BATCH;

export interface Plan {
  /** 0: as fast as the topic takes them. */
  readonly ordersPerSecond: number;
  readonly durationSeconds: number;
  /** Stops after so many. @default no limit */
  readonly orders?: number;
}

export interface World {
  /** Milliseconds that only go forward. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Milliseconds until everything must be over, what was sent acknowledged or given up. */
  remaining(): number;
}

export interface Outcome {
  /** Orders that the topic has for certain. */
  readonly acknowledged: number;
  /** Orders that were made and not acknowledged: each may be in the topic, or not. */
  readonly unacknowledged: number;
  readonly byPartition: readonly number[];
  readonly retriedRequests: number;
  readonly seconds: number;
  /** `planned`: all that was asked for; `time-out`: the function's time was over before; `refused`: see `problem`. */
  readonly stopped: "planned" | "time-out" | "refused";
  readonly problem?: string;
}

/** Milliseconds before the end after which no more orders are made: what is under way needs an answer. */
const RESERVE_MILLISECONDS = 5000;

/** Makes orders at the planned rate and sends them; never throws. What was made is acknowledged before it returns, unless the time is over. */
export async function produce(topic: Topic, orders: () => OrderMessage, plan: Plan, world: World): Promise<Outcome> {
  const began = world.now();
  let wake: (() => void) | undefined;
  const lanes = Array.from(
    { length: topic.partitions },
    (_, partition) =>
      new Lane(topic, partition, {
        sleep: (milliseconds) => world.sleep(milliseconds),
        late: () => world.remaining() <= 0,
        moved: () => wake?.(),
      }),
  );
  const waiting = () => lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  const failed = () => lanes.find((lane) => lane.failure);
  /** Until no more than `most` wait, or no more can be sent. */
  const settle = async (most: number) => {
    while (waiting() > most && !failed()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };

  const planned = plan.orders ?? Number.POSITIVE_INFINITY;
  const turn = plan.ordersPerSecond === 0 ? FREE_TURN : Math.max(1, Math.round(plan.ordersPerSecond * TURN_SECONDS));
  let made = 0;
  let stopped: Outcome["stopped"] = "planned";
  while (made < planned) {
    const elapsed = world.now() - began;
    if (elapsed >= plan.durationSeconds * 1000) break;
    if (failed() || world.remaining() <= RESERVE_MILLISECONDS) {
      stopped = failed() ? "refused" : "time-out";
      break;
    }
    const due = plan.ordersPerSecond === 0 ? made : (made / plan.ordersPerSecond) * 1000;
    if (plan.ordersPerSecond > 0 && due > elapsed) {
      // Whole milliseconds: a part of one would pass without the clock's noticing.
      await world.sleep(Math.ceil(Math.min(due - elapsed, plan.durationSeconds * 1000 - elapsed)));
      continue;
    }
    for (let left = Math.min(turn, planned - made); left > 0; left--, made++) {
      const order = orders();
      const key = Buffer.from(order.key, "latin1");
      lanes[topic.partitionOf(key)]!.push({ key, value: Buffer.from(order.value, "latin1") });
    }
    for (const lane of lanes) lane.start();
    // So much is under way that no partition stands idle, and memory stays bounded while brokers are away.
    await settle(2 * BATCH * lanes.length);
  }
  await settle(0);
  const problem = failed()?.failure?.message;
  const acknowledged = lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
  return {
    acknowledged,
    unacknowledged: made - acknowledged,
    byPartition: lanes.map((lane) => lane.acknowledged),
    retriedRequests: lanes.reduce((sum, lane) => sum + lane.retried, 0),
    seconds: (world.now() - began) / 1000,
    stopped: problem === undefined ? stopped : world.remaining() <= 0 ? "time-out" : "refused",
    ...(problem === undefined ? {} : { problem }),
  };
}
