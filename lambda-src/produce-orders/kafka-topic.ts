import type { ClientOptions } from "../kafka/client";
import { brokerErrors, explain } from "../kafka/errors";
import { type Message, Refused, type Topic } from "./topic";

/** Answers after which the producer's sequence is worth nothing: a new producer begins a new one, and what was under way may stand in the topic twice. */
const LOST_SEQUENCE = [
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
];

/** Answers that will not change. */
const FINAL = [
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "INVALID_TOPIC_EXCEPTION",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "POLICY_VIOLATION",
];

/** The client is an ES module, and this is none: it is imported when it is needed, and its types come from there. */
async function producers(options: ClientOptions) {
  const { Producer, defaultPartitioner } = await import("@platformatic/kafka");
  return {
    make: () => new Producer<Buffer, Buffer, Buffer, Buffer>({ ...options, idempotent: true }),
    hash: defaultPartitioner,
  };
}
type Producer = ReturnType<Awaited<ReturnType<typeof producers>>["make"]>;

/** A topic through an idempotent producer, acknowledged by all in-sync replicas. */
export class KafkaTopic implements Topic {
  /** Producers begun anew because the brokers had lost the sequence: orders under way then may stand in the topic twice. */
  renewed = 0;

  private constructor(
    readonly name: string,
    readonly partitions: number,
    private readonly make: () => Producer,
    private producer: Producer,
    private readonly murmur2: (key: Buffer) => number,
  ) {}

  /** @throws Error with one line when the brokers cannot be reached or have no such topic */
  static async open(options: ClientOptions, name: string): Promise<KafkaTopic> {
    const { make, hash } = await producers(options);
    const producer = make();
    try {
      const { topics } = await producer.metadata({ topics: [name], autocreateTopics: false });
      const partitions = topics.get(name)?.partitionsCount;
      if (!partitions) throw new Error(`the brokers have no topic ${name}`);
      const none = { topic: name, key: Buffer.alloc(0), value: Buffer.alloc(0) };
      return new KafkaTopic(name, partitions, make, producer, (key) => hash(none, key));
    } catch (error) {
      await quit(producer);
      throw new Error(`topic ${name} at ${options.bootstrapBrokers.join(",")} cannot be reached: ${explain(error)}`);
    }
  }

  partitionOf(key: Buffer): number {
    // As Kafka's Java client: murmur2 without its sign.
    return (this.murmur2(key) & 0x7fffffff) % this.partitions;
  }

  async send(partition: number, messages: readonly Message[]): Promise<void> {
    const { name: topic, producer } = this;
    try {
      await producer.send({ messages: messages.map(({ key, value }) => ({ topic, partition, key, value })) });
    } catch (error) {
      const answers = brokerErrors(error);
      if (answers.some((answer) => FINAL.includes(answer))) throw new Refused(explain(error));
      if (answers.some((answer) => LOST_SEQUENCE.includes(answer)) && this.producer === producer) {
        this.producer = this.make();
        this.renewed++;
        await quit(producer);
      }
      // The leader may be another by now.
      this.producer.clearMetadata();
      throw new Error(explain(error));
    }
  }

  async close(): Promise<void> {
    await quit(this.producer);
  }
}

/** What cannot be closed is gone already. */
async function quit(producer: Producer): Promise<void> {
  try {
    await producer.close(true);
  } catch {}
}
