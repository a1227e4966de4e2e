import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import type { EmitProgress, EmitResult } from "../emit";
import { Pacer, realTimer, type Timer } from "../pacer";
import { backOffMs } from "../retry";

/** What PutRecords takes: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
const REQUEST_RECORDS = 500;
const REQUEST_BYTES = 5 * 1024 * 1024;
/** Records looked through for a request: so many of one key in a row still leave others to be sent beside the first. */
const WINDOW = 5000;
const PROGRESS_MS = 100;

/** What is put: a document and the key that decides its shard. */
export interface StreamRecord {
  readonly data: Buffer;
  readonly key: string;
}

export interface PutOptions {
  readonly client: KinesisClient;
  readonly stream: string;
  /** In the order to be kept for each key. */
  readonly records: Iterable<StreamRecord>;
  /** How many there are. */
  readonly count: number;
  /** Records a second, up to 100,000. @default 0, as fast as the stream takes them */
  readonly rate?: number;
  /** Times one record is tried. @default 10 */
  readonly attempts?: number;
  readonly onProgress?: (progress: EmitProgress) => void;
  /** Aborting it ends the run: what is under way is waited for, nothing new is begun. */
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly timer?: Timer;
}

/**
 * Puts records on a data stream. Those that a request did not take are sent again, and only those.
 *
 * PutRecords keeps no order by itself: when it takes a record's successor and not the record, the two change places. So no request holds two
 * records of one key, one request is under way at a time, and a record that failed goes before everything of its key.
 */
export async function putAll(options: PutOptions): Promise<EmitResult> {
  return new Putter(options).run();
}

interface Waiting extends StreamRecord {
  tries: number;
}

type Put = { readonly failed: readonly number[]; readonly reason: string; readonly mayBeTaken: boolean };

class Putter {
  private readonly timer: Timer;
  private readonly pacer: Pacer;
  private readonly source: Iterator<StreamRecord>;
  private readonly began: number;
  private readonly counts = { sent: 0, accepted: 0, refused: 0, lost: 0, retried: 0, unknown: 0 };
  private waiting: Waiting[] = [];
  private firstFailure: string | undefined;
  private said = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: PutOptions) {
    this.timer = options.timer ?? realTimer;
    this.pacer = new Pacer(options.rate ?? 0, this.timer);
    this.source = options.records[Symbol.iterator]();
    this.began = this.timer.now();
  }

  async run(): Promise<EmitResult> {
    const { signal } = this.options;
    let failures = 0;
    while (!signal?.aborted) {
      const batch = this.next();
      if (batch.length === 0) break;
      const fresh = batch.filter(({ tries }) => tries === 0).length;
      if (fresh > 0) await this.pacer.turn(signal, fresh);
      failures = (await this.put(batch)) ? 0 : failures + 1;
      this.progress(false);
      if (failures > 0) {
        await this.timer.sleep(backOffMs(failures, undefined, Math.random(), new Date()), signal);
      }
    }
    this.progress(true);
    return { ...this.now(), refusedByStatus: {}, firstFailure: this.firstFailure };
  }

  /** The first records of as many keys as a request takes; the others keep their places. */
  private next(): Waiting[] {
    this.fill();
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const keys = new Set<string>();
    const most = this.options.rate
      ? Math.max(1, Math.min(REQUEST_RECORDS, Math.ceil(this.options.rate / 10)))
      : REQUEST_RECORDS;
    let bytes = 0;
    for (const record of this.waiting) {
      const size = record.data.length + Buffer.byteLength(record.key);
      const fits = batch.length < most && bytes + size <= REQUEST_BYTES && !keys.has(record.key);
      // Also of a record that does not fit: what follows of its key must not go before it.
      keys.add(record.key);
      if (!fits) left.push(record);
      else {
        batch.push(record);
        bytes += size;
      }
    }
    this.waiting = left;
    return batch;
  }

  private fill(): void {
    while (this.waiting.length < WINDOW) {
      const next = this.source.next();
      if (next.done) return;
      this.waiting.push({ ...next.value, tries: 0 });
    }
  }

  /** Answers whether all of the batch was taken. */
  private async put(batch: readonly Waiting[]): Promise<boolean> {
    for (const record of batch) {
      if (record.tries++ === 0) this.counts.sent++;
      else this.counts.retried++;
    }
    const { failed, reason, mayBeTaken } = await this.send(batch);
    this.counts.accepted += batch.length - failed.length;
    if (mayBeTaken) this.counts.unknown += failed.length;
    const again: Waiting[] = [];
    for (const place of failed) {
      const record = batch[place]!;
      if (record.tries < (this.options.attempts ?? 10)) again.push(record);
      else {
        this.counts.lost++;
        this.firstFailure ??= reason;
      }
    }
    // In front: before everything that was read after them.
    this.waiting.unshift(...again);
    return failed.length === 0;
  }

  private async send(batch: readonly Waiting[]): Promise<Put> {
    const { client, stream } = this.options;
    try {
      const answer = await client.send(
        new PutRecordsCommand({
          StreamName: stream,
          Records: batch.map(({ data, key }) => ({ Data: data, PartitionKey: key })),
        }),
      );
      const results = answer.Records ?? [];
      const failed = batch.flatMap((_, place) => (results[place]?.SequenceNumber === undefined ? [place] : []));
      const first = results[failed[0] ?? 0];
      return { failed, reason: `${first?.ErrorCode}: ${first?.ErrorMessage}`, mayBeTaken: false };
    } catch (error) {
      const { name, message, $metadata } = error as Error & {
        readonly $metadata?: { readonly httpStatusCode?: number };
      };
      const status = $metadata?.httpStatusCode;
      // Said of the stream or of the caller: the next try would hear the same.
      if (status !== undefined && status < 500 && !/Throttl|Exceeded|Limit/.test(name)) throw error;
      return {
        failed: batch.map((_, place) => place),
        reason: `${name}: ${message}`,
        // A throttle has taken nothing; a 5xx or a cut connection may have.
        mayBeTaken: status === undefined || status >= 500,
      };
    }
  }

  private progress(last: boolean): void {
    const { onProgress } = this.options;
    if (!onProgress || (!last && this.timer.now() - this.said < PROGRESS_MS)) return;
    this.said = this.timer.now();
    onProgress(this.now());
  }

  private now(): EmitProgress {
    return { ...this.counts, records: this.options.count, elapsedMs: this.timer.now() - this.began };
  }
}
