import type { Clock } from "../../clock";
import type { KinesisRecord } from "../../kinesis-page";
import type { Capacity } from "./capacity";
import type { ErrorLog } from "./error-log";
import { codeOf, messageOf, type Start, type StreamReader } from "./ports";
import { type Incoming, newRecordId } from "./records";

/** Firehose calls GetRecords once a second a shard: https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html */
const POLL_SECONDS = 1;
/** A shortened second must not become a busy loop. */
const SHORTEST_WAIT_MS = 100;
const LOOK_FOR_SHARDS_SECONDS = 30;

interface ShardState {
  /** Polls in a row that found nothing more. */
  quiet: number;
}

/**
 * Reads every shard of a data stream, each from its own position, which moves on only with the records that were handed over: nothing is
 * lost or doubled in a run, whatever call fails. A closed shard is followed by its children, from their beginning.
 */
export class KinesisSource {
  private readonly shards = new Map<string, ShardState>();
  private readonly ended = new Set<string>();
  private readonly stop = new AbortController();
  private readonly loops = new Set<Promise<void>>();
  private wake = new AbortController();
  private lastError = "";

  constructor(
    private readonly streamArn: string,
    /** Records that arrived before are left to others, as on AWS. */
    private readonly since: Date,
    private readonly reader: StreamReader,
    private readonly capacity: Capacity,
    private readonly clock: Clock,
    private readonly log: ErrorLog,
    private readonly accept: (records: readonly Incoming[]) => void,
  ) {
    this.follow(this.watch());
  }

  /** Shards that may hold records not read yet: a shard is done when two polls in a row found nothing. */
  get unread(): number {
    if (this.shards.size === 0 && this.ended.size === 0) return 1;
    return [...this.shards.values()].filter((shard) => shard.quiet < 2).length;
  }

  async close(): Promise<void> {
    this.stop.abort();
    await Promise.all(this.loops);
  }

  private follow(loop: Promise<void>): void {
    const done = loop.finally(() => this.loops.delete(done));
    this.loops.add(done);
  }

  /** Finds the stream's shards, now and when they change. */
  private async watch(): Promise<void> {
    let first = true;
    while (!this.stop.signal.aborted) {
      this.wake = new AbortController();
      try {
        for (const shardId of await this.reader.shards(this.streamArn)) {
          if (this.shards.has(shardId) || this.ended.has(shardId)) continue;
          this.shards.set(shardId, { quiet: 0 });
          this.follow(this.readShard(shardId, first ? { kind: "time", at: this.since } : { kind: "beginning" }));
        }
        first = false;
      } catch (error) {
        await this.report(error);
        await this.pause(POLL_SECONDS);
        continue;
      }
      const wakened = AbortSignal.any([this.stop.signal, this.wake.signal]);
      await this.clock.sleep(Math.max(LOOK_FOR_SHARDS_SECONDS, this.clock.speed), wakened);
    }
  }

  private async readShard(shardId: string, start: Start): Promise<void> {
    const state = this.shards.get(shardId)!;
    let position = start;
    let iterator: string | undefined;
    while (!this.stop.signal.aborted) {
      try {
        iterator ??= await this.reader.iterator(this.streamArn, shardId, position);
        const page = await this.reader.read(this.streamArn, iterator);
        await this.handOver(page.records, shardId, state);
        const last = page.records.at(-1);
        if (last) position = { kind: "after", sequenceNumber: last.sequenceNumber };
        state.quiet = last || page.millisBehind > 0 ? 0 : state.quiet + 1;
        iterator = page.next;
        if (iterator === undefined) return this.end(shardId);
        if (state.quiet > 0) await this.pause(POLL_SECONDS);
      } catch (error) {
        if (this.stop.signal.aborted) return;
        iterator = undefined;
        // Its stream may have been given other shards: a shard that is gone has nothing more to read.
        if (codeOf(error) === "ResourceNotFoundException" && /shard/i.test(messageOf(error))) return this.end(shardId);
        state.quiet = 0;
        // An iterator lives five minutes; one that waited longer for room is replaced without a word.
        if (codeOf(error) !== "ExpiredIteratorException") await this.report(error);
        await this.pause(POLL_SECONDS);
      }
    }
  }

  private async handOver(records: readonly KinesisRecord[], shardId: string, state: ShardState): Promise<void> {
    if (records.length === 0) return;
    state.quiet = 0;
    await this.capacity.room(this.stop.signal);
    this.stop.signal.throwIfAborted();
    this.accept(
      records.map(({ data, arrivedAt, partitionKey, sequenceNumber }) => ({
        id: newRecordId(),
        data,
        arrivedAt,
        kinesis: { shardId, partitionKey, sequenceNumber },
      })),
    );
  }

  private end(shardId: string): void {
    this.shards.delete(shardId);
    this.ended.add(shardId);
    this.wake.abort();
  }

  private pause(seconds: number): Promise<void> {
    return this.clock.sleep(Math.max(seconds, (SHORTEST_WAIT_MS / 1000) * this.clock.speed), this.stop.signal);
  }

  /** Once a kind of failure: it is tried again every second. */
  private async report(error: unknown): Promise<void> {
    const errorCode = `Kinesis.${codeOf(error)}`;
    if (errorCode === this.lastError) return;
    this.lastError = errorCode;
    await this.log.write({ errorCode, message: messageOf(error), destination: this.streamArn });
  }
}
