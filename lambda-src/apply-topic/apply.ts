import { type ApplyTopicEvent, type ApplyTopicResult, TopicError } from "./event";
import type { TopicState, Topics } from "./topics";

const HOUR = 3_600_000;
/**
 * No limit of bytes: time alone says what goes. Given at creation, since brokers have a limit of their own: 250 GiB a partition with MSK Serverless.
 * https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html
 */
const NO_LIMIT = -1;

/**
 * Makes the topic, or raises its partitions and its retention to what is asked. Never lowers and never deletes: fewer partitions is not possible, a shorter
 * retention would delete messages, and another replication is a move of data that a person plans.
 *
 * @throws TopicError that says everything that differs
 */
export async function applyTopic(topics: Topics, wanted: ApplyTopicEvent): Promise<ApplyTopicResult> {
  const { topic, partitions, replicationFactor, retentionHours, minInsyncReplicas } = wanted;
  const result = { topic, partitions, replicationFactor, retentionHours };
  const retentionMilliseconds = retentionHours * HOUR;
  const before = await topics.find(topic);
  if (!before) {
    await topics.create(topic, {
      partitions,
      replicationFactor,
      retentionMilliseconds,
      retentionBytes: NO_LIMIT,
      ...(minInsyncReplicas === undefined ? {} : { minInsyncReplicas }),
    });
    return { ...result, action: "created" };
  }
  refuse(topic, drift(before, wanted, retentionMilliseconds));
  if (before.partitions === partitions && before.retentionMilliseconds === retentionMilliseconds) {
    return { ...result, action: "unchanged" };
  }
  if (before.partitions < partitions) await topics.raisePartitions(topic, partitions);
  if (before.retentionMilliseconds !== retentionMilliseconds) await topics.setRetention(topic, retentionMilliseconds);
  return { ...result, action: "raised" };
}

function drift(has: TopicState, wanted: ApplyTopicEvent, retentionMilliseconds: number): string[] {
  const found: string[] = [];
  if (has.partitions > wanted.partitions) {
    found.push(`it has ${has.partitions} partitions, ${wanted.partitions} are set: partitions are never taken away`);
  }
  // -1 is without end.
  if (has.retentionMilliseconds < 0 || has.retentionMilliseconds > retentionMilliseconds) {
    const has_ =
      has.retentionMilliseconds < 0 ? "messages for ever" : `messages for ${has.retentionMilliseconds / HOUR} hours`;
    found.push(
      `it keeps ${has_}, ${wanted.retentionHours} are set: retention is never lowered, that would delete messages`,
    );
  }
  if (has.replicationFactor !== wanted.replicationFactor) {
    found.push(
      `it has ${has.replicationFactor} replicas, ${wanted.replicationFactor} are set: reassign its partitions by hand`,
    );
  }
  if (wanted.minInsyncReplicas !== undefined && has.minInsyncReplicas !== wanted.minInsyncReplicas) {
    found.push(
      `its min.insync.replicas is ${has.minInsyncReplicas}, ${wanted.minInsyncReplicas} is set: change it by hand`,
    );
  }
  if (has.cleanupPolicy !== "delete") {
    found.push(
      `its cleanup.policy is ${has.cleanupPolicy}, delete is needed: compaction leaves the last message of a key alone`,
    );
  }
  if (has.retentionBytes !== NO_LIMIT) {
    found.push(
      `its retention.bytes is ${has.retentionBytes}, ${NO_LIMIT} is needed: messages would go before ${wanted.retentionHours} hours`,
    );
  }
  return found;
}

function refuse(topic: string, differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new TopicError(`topic ${topic} differs from its settings and is left as it is: ${differences.join("; ")}`);
}
