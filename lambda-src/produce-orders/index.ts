import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "aws-lambda";
import { OrderGenerator } from "../events/order-generator";
import { clientOptions } from "../kafka/client";
import { readEnv, type Settings } from "./config";
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
  const { settings, topic } = await begin(event);
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
      throw plain(
        new Error(
          `${outcome.acknowledged} orders acknowledged, ${outcome.unacknowledged} not: ${outcome.problem ?? outcome.stopped}`,
        ),
      );
    }
    return result;
  } finally {
    await topic.close();
  }
}

/** @throws Error that says what of the event or the environment is wrong, or why the brokers cannot be reached */
async function begin(event: unknown): Promise<{ readonly settings: Settings; readonly topic: KafkaTopic }> {
  try {
    const settings = withEvent(readEnv(process.env), event);
    const client = clientOptions("produce-orders", settings.bootstrapServers, process.env.AWS_REGION);
    return { settings, topic: await KafkaTopic.open(client, settings.topic) };
  } catch (error) {
    throw plain(error as Error);
  }
}

/** For who reads the log: a stack trace would only hide what is to be done. */
function plain(error: Error): Error {
  error.stack = error.message;
  return error;
}
