import { GetShardIteratorCommand, type KinesisClient, ListShardsCommand, type Shard } from "@aws-sdk/client-kinesis";
import { AwsError } from "../../gateway/types";
import type { JsonCaller } from "../../json-call";
import { type KinesisRecord, readPage } from "../../kinesis-page";

/** Sequence number of the last record of each shard that was read and delivered. */
export type Positions = Readonly<Record<string, string>>;

interface Cursor {
  readonly shardId: string;
  /** Undefined once the shard is closed and read to its end. */
  iterator: string | undefined;
  /** Last record handed out; where a new iterator goes on. */
  after: string | undefined;
  caughtUp: boolean;
}

export interface Batch {
  readonly records: readonly KinesisRecord[];
  /** Positions once these records are delivered. */
  readonly positions: Positions;
}

/** All shards of one stream, read by polling. */
export class Shards {
  private readonly cursors: Cursor[] = [];

  private constructor(
    private readonly client: KinesisClient,
    private readonly caller: JsonCaller,
    private readonly streamArn: string,
    private readonly initial: "TRIM_HORIZON" | "LATEST",
  ) {}

  /** Has an iterator for every shard when it resolves: what is put from then on is read also from LATEST. */
  static async open(
    client: KinesisClient,
    caller: JsonCaller,
    streamArn: string,
    initial: "TRIM_HORIZON" | "LATEST",
    positions: Positions,
  ): Promise<Shards> {
    const shards = new Shards(client, caller, streamArn, initial);
    for (const shard of await shards.list())
      await shards.add(shard.ShardId ?? "", positions[shard.ShardId ?? ""], initial);
    return shards;
  }

  /** Whether the last read of every shard found nothing more. */
  get caughtUp(): boolean {
    return this.cursors.every((cursor) => cursor.iterator === undefined || cursor.caughtUp);
  }

  /**
   * Records that came since the last call, of all shards. A shard that cannot be read keeps its place and does not hold up the
   * others; when there is nothing of the others either, its failure is thrown.
   */
  async read(): Promise<Batch> {
    const open = this.cursors.filter((cursor) => cursor.iterator !== undefined);
    const results = await Promise.allSettled(open.map((cursor) => this.readShard(cursor)));
    const records = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    const failed = results.find((result) => result.status === "rejected");
    if (failed && records.length === 0) throw failed.reason;
    const positions: Record<string, string> = {};
    for (const { shardId, after } of this.cursors) if (after) positions[shardId] = after;
    return { records, positions };
  }

  private async readShard(cursor: Cursor): Promise<readonly KinesisRecord[]> {
    const { iterator } = cursor;
    cursor.caughtUp = false;
    try {
      const { records, next, millisBehind } = await readPage(this.caller, this.streamArn, iterator!);
      if (next === undefined) await this.addChildren();
      cursor.iterator = next;
      cursor.after = records.at(-1)?.sequenceNumber ?? cursor.after;
      cursor.caughtUp = records.length === 0 && millisBehind === 0;
      return records;
    } catch (error) {
      // An iterator lives five minutes; a batch that had to wait for Firehose longer than that loses it.
      if (!(error instanceof AwsError && error.code === "ExpiredIteratorException")) throw error;
      cursor.iterator = await this.iterator(cursor.shardId, cursor.after, this.initial);
      return [];
    }
  }

  /** A closed shard goes on in others, which are read from their beginning. */
  private async addChildren(): Promise<void> {
    for (const { ShardId = "" } of await this.list()) {
      if (!this.cursors.some((cursor) => cursor.shardId === ShardId))
        await this.add(ShardId, undefined, "TRIM_HORIZON");
    }
  }

  private async add(shardId: string, after: string | undefined, initial: "TRIM_HORIZON" | "LATEST"): Promise<void> {
    const known = () => this.cursors.some((cursor) => cursor.shardId === shardId);
    if (known()) return;
    const iterator = await this.iterator(shardId, after, initial);
    // Two parents that end at the same time have one child.
    if (!known()) this.cursors.push({ shardId, iterator, after, caughtUp: false });
  }

  private async list(): Promise<Shard[]> {
    const shards: Shard[] = [];
    let next: string | undefined;
    do {
      // AWS refuses the stream beside a token.
      const page = await this.client.send(
        new ListShardsCommand(next ? { NextToken: next } : { StreamARN: this.streamArn }),
      );
      shards.push(...(page.Shards ?? []));
      next = page.NextToken;
    } while (next);
    return shards;
  }

  private async iterator(
    shardId: string,
    after: string | undefined,
    initial: "TRIM_HORIZON" | "LATEST",
  ): Promise<string | undefined> {
    const { ShardIterator } = await this.client.send(
      new GetShardIteratorCommand({
        StreamARN: this.streamArn,
        ShardId: shardId,
        ...(after
          ? { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: after }
          : { ShardIteratorType: initial }),
      }),
    );
    return ShardIterator;
  }
}
