import { kafkaStreams } from "../local/kafka";
import type { StreamRecord } from "../local/warehouse";
import { printable } from "./printable";

export interface PartitionState {
  readonly partition: number;
  readonly leader: number;
  readonly first: bigint;
  readonly end: bigint;
  /** Consumer groups that have committed an offset, each with the messages it has yet to read. The warehouse is none: it keeps its offsets itself. */
  readonly groups: readonly { readonly name: string; readonly behind: bigint }[];
  /** Last messages as lines, the newest last. */
  readonly last: readonly string[];
}

export interface TopicState {
  readonly name: string;
  readonly partitions: readonly PartitionState[];
}

/** Characters of a message that are shown. */
const SHOWN = 160;

/** Every topic of the brokers that is not Kafka's own, with the last messages of each partition. */
export async function readTopics(bootstrap: string, last: number): Promise<readonly TopicState[]> {
  const { Admin } = await import("@platformatic/kafka");
  const admin = new Admin({ clientId: "redstream-topics", bootstrapBrokers: bootstrap.split(",") });
  const streams = kafkaStreams();
  try {
    const names = (await admin.listTopics()).filter((name) => !name.startsWith("__")).sort();
    if (names.length === 0) return [];
    const { topics } = await admin.metadata({ topics: names });
    const groups = [...(await admin.listGroups()).keys()].sort();
    const committed = groups.length === 0 ? [] : await admin.listConsumerGroupOffsets({ groups });
    return await Promise.all(
      names.map(async (name) => {
        const schema = {
          name: "topics",
          source: "kafka",
          authentication: "none",
          role: null,
          uri: bootstrap,
          clusterArn: null,
        } as const;
        const topic = await streams.topic(schema, name);
        const partitions = await Promise.all(
          (await topic.ranges()).map(async ({ partition, first, end }) => {
            const from = end - BigInt(last) > first ? end - BigInt(last) : first;
            const records = from < end ? (await topic.read(new Map([[partition, from]]))).records : [];
            const lines = records.map(lineOf);
            const leader = topics.get(name)?.partitions[partition]?.leader ?? -1;
            const behind = behindOf(committed, name, partition, end);
            return { partition, leader, first, end, groups: behind, last: last === 0 ? [] : lines.slice(-last) };
          }),
        );
        return { name, partitions };
      }),
    );
  } finally {
    await admin.close();
    await streams.close();
  }
}

/** What Kafka says of a group's offsets. */
interface Committed {
  readonly groupId: string;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly committedOffset: bigint }[];
  }[];
}

function behindOf(
  committed: readonly Committed[],
  topic: string,
  partition: number,
  end: bigint,
): PartitionState["groups"] {
  return committed.flatMap(({ groupId: name, topics }) => {
    const offset = topics
      .find((one) => one.name === topic)
      ?.partitions.find((one) => one.partitionIndex === partition)?.committedOffset;
    // -1 is none. Groups go on reading while they are asked after.
    if (offset === undefined || offset < 0n) return [];
    return [{ name, behind: end > offset ? end - offset : 0n }];
  });
}

/** A message on one line. Its key is shown where it says what the value does not: the value of a tombstone is none. */
export function lineOf({
  offset,
  timestamp,
  key,
  value,
}: Pick<StreamRecord, "offset" | "timestamp" | "key" | "value">): string {
  const text = (bytes: Buffer | null) => printable(bytes?.toString("utf8").slice(0, SHOWN) ?? "");
  const shown = value === null ? `(tombstone of ${key === null ? "no key" : text(key)})` : text(value) || "(empty)";
  return `${offset}  ${new Date(timestamp).toISOString()}  ${shown}`;
}

/** Messages that each view and each consumer group has yet to read of a partition, `view: n, group g: m`; rows are stream, partition, view, latest position. */
export function lagOf(
  rows: readonly (readonly (string | number | boolean | null)[])[],
  topic: string,
  { partition, end, groups }: Pick<PartitionState, "partition" | "end" | "groups">,
): string {
  const own = rows.filter(([stream, of]) => stream === topic && Number(of) === partition);
  // The brokers are asked before the warehouse, which may have read on meanwhile.
  const views = own.map(([, , view, position]) => `${view}: ${Math.max(0, Number(end) - 1 - Number(position))}`);
  const all = [...views, ...groups.map(({ name, behind }) => `group ${name}: ${behind}`)];
  return all.join(", ") || "nobody has read it";
}
