/** A message as it goes to a topic. */
export interface Message {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The port to a topic. */
export interface Topic {
  readonly partitions: number;
  /** Of a key, as Kafka's own clients choose it. */
  partitionOf(key: Buffer): number;
  /**
   * Appends the messages in their order; resolves when all in-sync replicas have them. The same messages after a failure are not appended twice:
   * at most one call a partition at a time.
   *
   * @throws Refused when trying again would not help; anything else may be tried again
   */
  send(partition: number, messages: readonly Message[]): Promise<void>;
}

/** The brokers said no, and will again. */
export class Refused extends Error {}
