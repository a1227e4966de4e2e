import { kafkaStreams } from "../local/kafka";
import type { StreamRecord } from "../local/warehouse";
import { printable } from "./printable";

export interface PartitionState {
  readonly partition: number;
  readonly leader: number;
  readonly first: bigint;
  readonly end: bigint;
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
            return { partition, leader, first, end, last: last === 0 ? [] : lines.slice(-last) };
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

/** Messages that each view has yet to read of a partition, `view: n`; rows are stream, partition, view, latest position. */
export function lagOf(
  rows: readonly (readonly (string | number | boolean | null)[])[],
  topic: string,
  partition: number,
  end: bigint,
): string {
  const own = rows.filter(([stream, of]) => stream === topic && Number(of) === partition);
  if (own.length === 0) return "no view has read it";
  // The brokers are asked before the warehouse, which may have read on meanwhile.
  return own.map(([, , view, position]) => `${view}: ${Math.max(0, Number(end) - 1 - Number(position))}`).join(", ");
}
