import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "aws-lambda";
import { clientOptions } from "../kafka/client";
import { brokerErrors, explain } from "../kafka/errors";
import { applyTopic } from "./apply";
import { readEnv } from "./config";
import { type ApplyTopicResult, readEvent, TopicError } from "./event";
import { KafkaTopics } from "./kafka-topics";

/** Kept for the answer; a try takes up to twice the client's time-out. */
const RESERVE_MILLISECONDS = 25_000;
const PAUSE_MILLISECONDS = 3000;

/** Answers of brokers that change by waiting: a policy on its way, a broker that starts. No answer at all is another such. */
const PASSING = [
  "CLUSTER_AUTHORIZATION_FAILED",
  "TOPIC_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
  "NOT_CONTROLLER",
  "REQUEST_TIMED_OUT",
  "LEADER_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "BROKER_NOT_AVAILABLE",
];

/**
 * Lambda edge, called once an apply. A role's new policy takes a while to reach the brokers, and a broker may be restarting: such a failure is tried again while
 * there is time.
 */
export async function handler(event: unknown, context: Context): Promise<ApplyTopicResult> {
  const env = readEnv(process.env);
  try {
    const wanted = readEvent(event);
    for (;;) {
      const topics = await KafkaTopics.open(
        clientOptions("apply-topic", env.BOOTSTRAP_SERVERS, process.env.AWS_REGION),
      );
      try {
        const result = await applyTopic(topics, wanted);
        console.info(JSON.stringify(result));
        return result;
      } catch (error) {
        if (error instanceof TopicError) throw error;
        const passing = brokerErrors(error).every((answer) => PASSING.includes(answer));
        if (!passing || context.getRemainingTimeInMillis() < RESERVE_MILLISECONDS) {
          throw new TopicError(
            `topic ${wanted.topic} at ${env.BOOTSTRAP_SERVERS} cannot be applied: ${explain(error)}`,
          );
        }
        console.warn(JSON.stringify({ message: "trying again", reason: explain(error) }));
        await sleep(PAUSE_MILLISECONDS);
      } finally {
        await topics.close().catch(() => undefined);
      }
    }
  } catch (error) {
    // Terraform prints what is thrown here; a stack trace would only hide what is to be done.
    if (error instanceof TopicError) error.stack = error.message;
    throw error;
  }
}
