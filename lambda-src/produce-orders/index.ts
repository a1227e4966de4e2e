import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "aws-lambda";
import { OrderGenerator } from "../events/order-generator";
import { clientOptions } from "../kafka/client";
import { readEnv } from "./config";
import { withEvent } from "./event";
import { KafkaTopic } from "./kafka-topic";
import { type Outcome, produce } from "./produce";

/** Kept for closing the connections and for the answer. */
const RESERVE_MILLISECONDS = 3000;

export interface ProduceOrdersResult extends Outcome {
  readonly topic: string;
  /** Producers begun anew after the brokers had lost their sequence. */
  readonly renewedProducers: number;
}

/**
 * Lambda edge: sends orders for the set time, or until shortly before the function's time is over, and says how many were acknowledged. An order that was not is an
 * error, so that the run counts as failed.
 */
export async function handler(event: unknown, context: Context): Promise<ProduceOrdersResult> {
  const settings = withEvent(readEnv(process.env), event);
  const topic = await KafkaTopic.open(
    clientOptions("produce-orders", settings.bootstrapServers, process.env.AWS_REGION),
    settings.topic,
  );
  try {
    const generator = new OrderGenerator(settings.seed ?? randomUUID());
    const outcome = await produce(topic, () => generator.message(), settings, {
      now: () => performance.now(),
      sleep: (milliseconds) => sleep(milliseconds),
      remaining: () => context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS,
    });
    const result = { topic: settings.topic, ...outcome, renewedProducers: topic.renewed };
    console.info(JSON.stringify(result));
    if (outcome.unacknowledged > 0) {
      const error = new Error(
        `${outcome.acknowledged} orders acknowledged, ${outcome.unacknowledged} not: ${outcome.problem ?? outcome.stopped}`,
      );
      error.stack = error.message;
      throw error;
    }
    return result;
  } finally {
    await topic.close();
  }
}
