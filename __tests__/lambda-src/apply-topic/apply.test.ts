import { applyTopic } from "../../../lambda-src/apply-topic/apply";
import { type ApplyTopicEvent, readEvent } from "../../../lambda-src/apply-topic/event";
import type { NewTopic, TopicState, Topics } from "../../../lambda-src/apply-topic/topics";

const HOUR = 3_600_000;

/** Brokers in memory, which keep a list of what was done to them. */
class FakeTopics implements Topics {
  readonly done: string[] = [];
  /** @param defaults what the brokers give a topic that does not say */
  constructor(
    private state?: TopicState,
    private readonly defaults: Partial<TopicState> = {},
  ) {}

  async find() {
    return this.state;
  }
  async create(topic: string, state: NewTopic) {
    this.done.push(`create ${topic} ${JSON.stringify(state)}`);
    this.state = has({ ...this.defaults, ...state });
  }
  async raisePartitions(topic: string, partitions: number) {
    this.done.push(`partitions of ${topic}: ${partitions}`);
  }
  async setRetention(topic: string, milliseconds: number) {
    this.done.push(`retention of ${topic}: ${milliseconds}`);
  }
}

const wanted = (more: Partial<ApplyTopicEvent> = {}): ApplyTopicEvent => ({
  topic: "orders",
  partitions: 3,
  replicationFactor: 3,
  retentionHours: 672,
  ...more,
});
const has = (more: Partial<TopicState> = {}): TopicState => ({
  partitions: 3,
  replicationFactor: 3,
  retentionMilliseconds: 672 * HOUR,
  minInsyncReplicas: 2,
  cleanupPolicy: "delete",
  retentionBytes: -1,
  ...more,
});

describe("a topic that is applied", () => {
  it("is created when there is none, without a limit of bytes, which brokers may have, and with nothing else that was not asked for", async () => {
    const topics = new FakeTopics();
    expect(await applyTopic(topics, wanted())).toEqual({ ...wanted(), action: "created" });
    expect(topics.done).toEqual([
      'create orders {"partitions":3,"replicationFactor":3,"retentionMilliseconds":2419200000,"retentionBytes":-1}',
    ]);
  });

  it("is as it shall be once it is created, whatever limit of bytes the brokers have", async () => {
    const topics = new FakeTopics(undefined, { retentionBytes: 250 * 1024 ** 3 });
    await applyTopic(topics, wanted());
    expect((await applyTopic(topics, wanted())).action).toBe("unchanged");
  });

  it("is left alone when it is as it shall be", async () => {
    const topics = new FakeTopics(has());
    expect((await applyTopic(topics, wanted({ minInsyncReplicas: 2 }))).action).toBe("unchanged");
    expect(topics.done).toEqual([]);
  });

  it("gets more partitions and a longer retention", async () => {
    const topics = new FakeTopics(has({ partitions: 1, retentionMilliseconds: HOUR }));
    expect((await applyTopic(topics, wanted())).action).toBe("raised");
    expect(topics.done).toEqual(["partitions of orders: 3", "retention of orders: 2419200000"]);
  });

  it.each<[string, Partial<TopicState>, string]>([
    ["fewer partitions", { partitions: 6 }, "it has 6 partitions, 3 are set: partitions are never taken away"],
    [
      "a shorter retention",
      { retentionMilliseconds: 1000 * HOUR },
      "it keeps messages for 1000 hours, 672 are set: retention is never lowered, that would delete messages",
    ],
    [
      "an end of what is kept for ever",
      { retentionMilliseconds: -1 },
      "it keeps messages for ever, 672 are set: retention is never lowered, that would delete messages",
    ],
    ["another replication", { replicationFactor: 2 }, "it has 2 replicas, 3 are set: reassign its partitions by hand"],
    [
      "compaction",
      { cleanupPolicy: "compact,delete" },
      "its cleanup.policy is compact,delete, delete is needed: compaction leaves the last message of a key alone",
    ],
    [
      "a limit of bytes",
      { retentionBytes: 1000 },
      "its retention.bytes is 1000, -1 is needed: messages would go before 672 hours",
    ],
    ["other in-sync replicas", { minInsyncReplicas: 1 }, "its min.insync.replicas is 1, 2 is set: change it by hand"],
  ])("refuses %s, says so and changes nothing", async (_, state, problem) => {
    const topics = new FakeTopics(has({ partitions: 2, ...state }));
    await expect(applyTopic(topics, wanted({ minInsyncReplicas: 2 }))).rejects.toThrow(
      `topic orders differs from its settings and is left as it is: ${problem}`,
    );
    expect(topics.done).toEqual([]);
  });

  it("says all that differs at once", async () => {
    await expect(applyTopic(new FakeTopics(has({ partitions: 6, replicationFactor: 1 })), wanted())).rejects.toThrow(
      "it has 6 partitions, 3 are set: partitions are never taken away; it has 1 replicas, 3 are set: reassign its partitions by hand",
    );
  });
});

describe("the event", () => {
  it("is what Terraform writes", () => expect(readEvent(wanted())).toEqual(wanted()));

  it.each<[unknown, string]>([
    ["x", 'apply-topic: the event must be a JSON object, got "x"'],
    [wanted({ topic: "a b" }), 'apply-topic: topic must be 1 to 249 letters, digits, ".", "_" and "-", got "a b"'],
    [wanted({ partitions: 0 }), "apply-topic: partitions must be a whole number from 1 to 10000, got 0"],
    [wanted({ replicationFactor: 11 }), "apply-topic: replicationFactor must be a whole number from 1 to 10, got 11"],
    [wanted({ retentionHours: 0.5 }), "apply-topic: retentionHours must be a whole number from 1 to 87600, got 0.5"],
    [wanted({ minInsyncReplicas: 4 }), "apply-topic: minInsyncReplicas must be a whole number from 1 to 3, got 4"],
  ])("%j is refused", (event, message) => {
    expect(() => readEvent(event)).toThrow(message);
  });
});
