import type { ClientOptions } from "../kafka/client";
import { brokerErrors } from "../kafka/errors";
import type { NewTopic, TopicState, Topics } from "./topics";

/** Kafka's number for a topic as the owner of a configuration, and for setting a value of it. */
const TOPIC = 2;
const SET = 0;
/** Settings of a topic that decide what of it is kept. */
const SETTINGS = ["retention.ms", "min.insync.replicas", "cleanup.policy", "retention.bytes"] as const;

async function admins(options: ClientOptions) {
  const { Admin } = await import("@platformatic/kafka");
  return () => new Admin(options);
}
type Admin = ReturnType<Awaited<ReturnType<typeof admins>>>;

/** Topics through Kafka's admin calls. */
export class KafkaTopics implements Topics {
  private constructor(private readonly admin: Admin) {}

  static async open(options: ClientOptions): Promise<KafkaTopics> {
    return new KafkaTopics((await admins(options))());
  }

  async find(topic: string): Promise<TopicState | undefined> {
    if (!(await this.admin.listTopics()).includes(topic)) return undefined;
    const { topics } = await this.admin.metadata({ topics: [topic], forceUpdate: true });
    const found = topics.get(topic);
    if (!found) return undefined;
    const [described] = await this.admin.describeConfigs({
      resources: [{ resourceType: TOPIC, resourceName: topic, configurationKeys: [...SETTINGS] }],
    });
    const value = (name: (typeof SETTINGS)[number]) => described?.configs.find((config) => config.name === name)?.value;
    return {
      partitions: found.partitionsCount,
      replicationFactor: Math.min(...found.partitions.map(({ replicas }) => replicas.length)),
      retentionMilliseconds: Number(value("retention.ms")),
      minInsyncReplicas: Number(value("min.insync.replicas")),
      cleanupPolicy: String(value("cleanup.policy")),
      retentionBytes: Number(value("retention.bytes")),
    };
  }

  async create(topic: string, state: NewTopic): Promise<void> {
    const configs = [
      { name: "retention.ms", value: String(state.retentionMilliseconds) },
      { name: "retention.bytes", value: String(state.retentionBytes) },
    ];
    if (state.minInsyncReplicas !== undefined) {
      configs.push({ name: "min.insync.replicas", value: String(state.minInsyncReplicas) });
    }
    try {
      await this.admin.createTopics({
        topics: [topic],
        partitions: state.partitions,
        replicas: state.replicationFactor,
        configs,
      });
    } catch (error) {
      // Made by a former run whose answer was lost: the next look at it says whether it is as it should be.
      if (!brokerErrors(error).includes("TOPIC_ALREADY_EXISTS")) throw error;
    }
  }

  async raisePartitions(topic: string, partitions: number): Promise<void> {
    await this.admin.createPartitions({ topics: [{ name: topic, count: partitions, assignments: null }] });
  }

  async setRetention(topic: string, milliseconds: number): Promise<void> {
    await this.admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: TOPIC,
          resourceName: topic,
          configs: [{ name: "retention.ms", configOperation: SET, value: String(milliseconds) }],
        },
      ],
    });
  }

  async close(): Promise<void> {
    await this.admin.close();
  }
}
