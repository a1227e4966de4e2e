import type { PartitionRange, Reading, StreamRecord, StreamSchema, Streams, StreamTopic } from "../warehouse/streaming";

/** Asked for at once from one partition and from one broker; a single record batch that is longer comes whole all the same. */
const PARTITION_BYTES = 4_000_000;
const BROKER_BYTES = 16_000_000;
const WAIT_MILLISECONDS = 100;

const EARLIEST = -2n;
const LATEST = -1n;
/** Bits of a record batch's attributes: https://kafka.apache.org/documentation/#recordbatch */
const LOG_APPEND_TIME = 0x08;
const CONTROL = 0x20;
const UNKNOWN_EPOCH = -1;

export interface KafkaStreamsOptions {
  /** Bootstrap servers of a cluster by its ARN; undefined for an unknown one. */
  readonly bootstrapOf?: (clusterArn: string) => string | undefined;
}

/**
 * The warehouse's way to the brokers of the local run: offsets are the warehouse's own, so no consumer group is joined and none is committed to. IAM is not
 * enforced (the local brokers cannot); `AUTHENTICATION iam` is taken and plain is spoken.
 */
export function kafkaStreams(options: KafkaStreamsOptions = {}): Streams {
  const open = new Map<string, Promise<Reader>>();
  return {
    topic: async (schema, name) => {
      const bootstrap = bootstrapFor(schema, options);
      let reader = open.get(bootstrap);
      if (!reader) {
        reader = newReader(bootstrap);
        open.set(bootstrap, reader);
      }
      return new KafkaTopic(await reader, name);
    },
    close: async () => {
      const readers = await Promise.allSettled(open.values());
      open.clear();
      for (const reader of readers) if (reader.status === "fulfilled") await reader.value.close(true);
    },
  };
}

function bootstrapFor(schema: StreamSchema, { bootstrapOf }: KafkaStreamsOptions): string {
  const found = schema.uri ?? bootstrapOf?.(schema.clusterArn ?? "");
  if (!found) throw new Error(`there is no cluster ${schema.clusterArn}`);
  const away = found.split(",").find((address) => !address.trim().startsWith("127.0.0.1:"));
  if (away) throw new Error(`${away.trim()} is no broker of the local run: those are on 127.0.0.1`);
  return found;
}

async function newReader(bootstrap: string) {
  const { Consumer } = await import("@platformatic/kafka");
  return new Consumer<Buffer, Buffer, Buffer, Buffer>({
    clientId: "redstream-warehouse",
    groupId: "redstream-warehouse",
    bootstrapBrokers: bootstrap.split(",").map((address) => address.trim()),
    connectTimeout: 3000,
    timeout: 10_000,
    retries: 1,
    retryDelay: 250,
    metadataMaxAge: 2000,
  });
}
type Reader = Awaited<ReturnType<typeof newReader>>;

class KafkaTopic implements StreamTopic {
  constructor(
    private readonly reader: Reader,
    private readonly name: string,
  ) {}

  async ranges(): Promise<readonly PartitionRange[]> {
    return this.asking(async () => {
      await this.metadata();
      const topics = [this.name];
      const [first, end] = await Promise.all([
        this.reader.listOffsets({ topics, timestamp: EARLIEST }),
        this.reader.listOffsets({ topics, timestamp: LATEST }),
      ]);
      const ends = end.get(this.name) ?? [];
      return (first.get(this.name) ?? []).map((offset, partition) => ({
        partition,
        first: offset,
        end: ends[partition]!,
      }));
    });
  }

  async read(from: ReadonlyMap<number, bigint>): Promise<Reading> {
    return this.asking(async () => {
      const { id, partitions } = await this.metadata();
      const byLeader = new Map<number, { partition: number; offset: bigint }[]>();
      for (const [partition, offset] of from) {
        const leader = partitions[partition]?.leader;
        if (leader === undefined || leader < 0) throw new Error(`partition ${partition} has no leader`);
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), { partition, offset }]);
      }
      const records: StreamRecord[] = [];
      const next = new Map(from);
      const answers = await Promise.all(
        [...byLeader].map(([node, wanted]) =>
          this.reader.fetch({
            node,
            maxWaitTime: WAIT_MILLISECONDS,
            minBytes: 1,
            maxBytes: BROKER_BYTES,
            topics: [
              {
                topicId: id,
                partitions: wanted.map(({ partition, offset }) => ({
                  partition,
                  currentLeaderEpoch: UNKNOWN_EPOCH,
                  fetchOffset: offset,
                  lastFetchedEpoch: UNKNOWN_EPOCH,
                  partitionMaxBytes: PARTITION_BYTES,
                })),
              },
            ],
          }),
        ),
      );
      for (const { partitionIndex, records: batches } of answers
        .flatMap(({ responses }) => responses)
        .flatMap((of) => of.partitions)) {
        const start = from.get(partitionIndex) ?? 0n;
        for (const batch of batches ?? []) {
          next.set(partitionIndex, batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n);
          if (batch.attributes & CONTROL) continue;
          const logAppend = (batch.attributes & LOG_APPEND_TIME) !== 0;
          for (const record of batch.records) {
            const offset = batch.firstOffset + BigInt(record.offsetDelta);
            // A batch comes whole, from its first record on.
            if (offset < start) continue;
            records.push({
              partition: partitionIndex,
              offset,
              timestamp: Number(logAppend ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta),
              timestampType: logAppend ? "L" : "C",
              key: record.key,
              value: record.value,
              headers: record.headers.map(([name, value]) => [
                name?.toString("utf8") ?? "",
                value?.toString("utf8") ?? null,
              ]),
            });
          }
        }
      }
      return { records, next };
    });
  }

  private async metadata() {
    const { topics } = await this.reader.metadata({ topics: [this.name], autocreateTopics: false });
    const found = topics.get(this.name);
    if (!found) throw new Error(`the brokers have no topic ${this.name}`);
    return found;
  }

  /** After a failure the leaders are asked for anew. */
  private async asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.reader.clearMetadata();
      throw new Error(reasonOf(error));
    }
  }
}

/** The innermost reason, on one line. */
function reasonOf(error: unknown): string {
  const { errors, cause, message } = error as { errors?: unknown[]; cause?: unknown; message?: string };
  const inner = errors?.at(-1) ?? cause;
  return inner ? reasonOf(inner) : (message ?? String(error)).split("\n")[0]!;
}
