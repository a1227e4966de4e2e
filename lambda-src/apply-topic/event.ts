/** The topic as it shall be. `modules/msk` writes it. */
export interface ApplyTopicEvent {
  /** Letters, digits, `.`, `_` and `-`, at most 249. */
  readonly topic: string;
  /** 1 to 10000. */
  readonly partitions: number;
  /** 1 to 10; never changed. */
  readonly replicationFactor: number;
  /** 1 to 87600. */
  readonly retentionHours: number;
  /** In-sync replicas that an acknowledged message needs, at most `replicationFactor`. Left out, the cluster's own; never changed. */
  readonly minInsyncReplicas?: number;
}

/** Kept in the Terraform state. */
export interface ApplyTopicResult {
  readonly topic: string;
  readonly action: "created" | "raised" | "unchanged";
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly retentionHours: number;
}

/** What a person must change; shown without a stack trace. */
export class TopicError extends Error {}

/** @throws TopicError that names the part that is wrong */
export function readEvent(event: unknown): ApplyTopicEvent {
  if (typeof event !== "object" || event === null) {
    throw new TopicError(`apply-topic: the event must be a JSON object, got ${JSON.stringify(event)}`);
  }
  const { topic, partitions, replicationFactor, retentionHours, minInsyncReplicas } = event as Record<string, unknown>;
  if (typeof topic !== "string" || !/^[A-Za-z0-9._-]{1,249}$/.test(topic) || topic === "." || topic === "..") {
    throw new TopicError(
      `apply-topic: topic must be 1 to 249 letters, digits, ".", "_" and "-", got ${JSON.stringify(topic)}`,
    );
  }
  const replicas = whole("replicationFactor", replicationFactor, 10);
  return {
    topic,
    partitions: whole("partitions", partitions, 10_000),
    replicationFactor: replicas,
    retentionHours: whole("retentionHours", retentionHours, 87_600),
    ...(minInsyncReplicas === undefined
      ? {}
      : { minInsyncReplicas: whole("minInsyncReplicas", minInsyncReplicas, replicas) }),
  };
}

function whole(name: string, value: unknown, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new TopicError(`apply-topic: ${name} must be a whole number from 1 to ${max}, got ${JSON.stringify(value)}`);
}
