import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { readTopics } from "../../cli/topics";
import { applyTopic } from "../../lambda-src/apply-topic/apply";
import type { ApplyTopicEvent } from "../../lambda-src/apply-topic/event";
import { KafkaTopics } from "../../lambda-src/apply-topic/kafka-topics";
import { clientOptions } from "../../lambda-src/kafka/client";
import { KafkaCluster } from "../../local/kafka";
import { ensureKafka } from "../../local/setup/kafka";

/** Tests of this file go on from one another: one topic on one real broker, from nothing to what a person has changed by hand. */
let folder: string;
let cluster: KafkaCluster;
let topics: KafkaTopics;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "topic-"));
  cluster = await KafkaCluster.start({
    setup: await ensureKafka(() => undefined),
    folder: path.join(folder, "kafka"),
    runFolder: folder,
    nodes: 1,
  });
  topics = await KafkaTopics.open(clientOptions("test", cluster.bootstrap, undefined));
}, 120_000);

afterAll(async () => {
  await topics?.close();
  await cluster?.kill();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const HOUR = 3_600_000;
const wanted: ApplyTopicEvent = { topic: "orders", partitions: 2, replicationFactor: 1, retentionHours: 24 };
const apply = async (more: Partial<ApplyTopicEvent> = {}) => (await applyTopic(topics, { ...wanted, ...more })).action;

/** As a person would, with Kafka's own calls. */
async function setByHand(name: string, value: string): Promise<void> {
  const { Admin } = await import("@platformatic/kafka");
  const admin = new Admin(clientOptions("hand", cluster.bootstrap, undefined));
  await admin.incrementalAlterConfigs({
    resources: [{ resourceType: 2, resourceName: "orders", configs: [{ name, configOperation: 0, value }] }],
  });
  await admin.close();
}

const refusal = (problem: string) => `topic orders differs from its settings and is left as it is: ${problem}`;

describe("a topic on a real broker", () => {
  it("is created as wanted, and found so", async () => {
    expect(await topics.find("orders")).toBeUndefined();
    expect(await apply()).toBe("created");
    expect(await topics.find("orders")).toEqual({
      partitions: 2,
      replicationFactor: 1,
      retentionMilliseconds: 24 * HOUR,
      minInsyncReplicas: 1,
      cleanupPolicy: "delete",
      retentionBytes: -1,
    });
  });

  it("is left alone when it is applied again", async () => {
    expect(await apply()).toBe("unchanged");
    // As after an answer that was lost.
    const again = { partitions: 2, replicationFactor: 1, retentionMilliseconds: 24 * HOUR, retentionBytes: -1 };
    await topics.create("orders", again);
  });

  it("gets more partitions and a longer retention", async () => {
    expect(await apply({ partitions: 3, retentionHours: 672 })).toBe("raised");
    expect(await topics.find("orders")).toMatchObject({ partitions: 3, retentionMilliseconds: 672 * HOUR });
  });

  it("is shown with its messages, and with what consumer groups have yet to read", async () => {
    const { Admin, Producer } = await import("@platformatic/kafka");
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(clientOptions("test", cluster.bootstrap, undefined));
    const messages = ["a", "b", "c"].map((text) => ({ topic: "orders", partition: 1, value: Buffer.from(text) }));
    await producer.send({ acks: -1, messages });
    await producer.close();
    const admin = new Admin(clientOptions("test", cluster.bootstrap, undefined));
    await admin.alterConsumerGroupOffsets({
      groupId: "audit",
      topics: [{ name: "orders", partitionOffsets: [{ partition: 1, offset: 1n }] }],
    });
    await admin.close();
    const [shown, ...more] = await readTopics(cluster.bootstrap, 2);
    expect(more).toEqual([]);
    expect(shown).toMatchObject({
      name: "orders",
      partitions: [
        { partition: 0, end: 0n, groups: [], last: [] },
        { partition: 1, first: 0n, end: 3n, groups: [{ name: "audit", behind: 2n }] },
        { partition: 2, end: 0n, groups: [], last: [] },
      ],
    });
    expect(shown!.partitions[1]!.last.map((line) => line.split("  ").at(-1))).toEqual(["b", "c"]);
  });

  it("is never lowered, and says all that differs", async () => {
    await expect(apply({ partitions: 2, replicationFactor: 3, retentionHours: 24 })).rejects.toThrow(
      refusal(
        "it has 3 partitions, 2 are set: partitions are never taken away; it keeps messages for 672 hours, 24 are set: retention is never lowered, that would delete messages; it has 1 replicas, 3 are set: reassign its partitions by hand",
      ),
    );
    expect(await topics.find("orders")).toMatchObject({ partitions: 3, retentionMilliseconds: 672 * HOUR });
  });

  it("is refused when a person has had it compacted and limited", async () => {
    await setByHand("cleanup.policy", "compact");
    await setByHand("retention.bytes", "1000");
    await expect(apply({ partitions: 4, retentionHours: 672 })).rejects.toThrow(
      refusal(
        "its cleanup.policy is compact, delete is needed: compaction leaves the last message of a key alone; its retention.bytes is 1000, -1 is needed: messages would go before 672 hours",
      ),
    );
    expect((await topics.find("orders"))!.partitions).toBe(3);
  });
});
