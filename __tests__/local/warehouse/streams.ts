import type { StreamRecord, StreamSchema, Streams, StreamTopic } from "../../../local/warehouse";

/** Topics in memory, by name. */
export class FakeStreams implements Streams {
  readonly topics = new Map<string, StreamRecord[][]>();
  /** What the warehouse asked with. */
  readonly schemas: StreamSchema[] = [];
  /** Records that one read gives of a partition at most. */
  atOnce = 1000;
  /** First offset that a partition still has. */
  first = 0n;
  /** Called before each read. */
  beforeRead: () => void = () => undefined;

  add(topic: string, partition: number, value: string | Buffer | null, more: Partial<StreamRecord> = {}): void {
    const partitions = this.topics.get(topic) ?? [[], [], []];
    this.topics.set(topic, partitions);
    const records = partitions[partition]!;
    records.push({
      partition,
      offset: BigInt(records.length),
      timestamp: Date.UTC(2026, 10, 21, 12) + records.length,
      timestampType: "C",
      key: Buffer.from("k"),
      value: value === null ? null : Buffer.from(value),
      headers: [],
      ...more,
    });
  }

  async topic(schema: StreamSchema, name: string): Promise<StreamTopic> {
    this.schemas.push(schema);
    const partitions = () => {
      const found = this.topics.get(name);
      if (!found) throw new Error(`Unknown topic ${name}.`);
      return found;
    };
    return {
      ranges: async () =>
        partitions().map((records, partition) => ({ partition, first: this.first, end: BigInt(records.length) })),
      read: async (from) => {
        this.beforeRead();
        const next = new Map<number, bigint>();
        const records = [...from].flatMap(([partition, offset]) => {
          const taken = partitions()[partition]!.slice(Number(offset), Number(offset) + this.atOnce);
          next.set(partition, offset + BigInt(taken.length));
          return taken;
        });
        return { records, next };
      },
    };
  }

  async close(): Promise<void> {}
}
