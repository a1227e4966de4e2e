import { attempt } from "./attempt";
import { createAuthorizer, type EmitAuth } from "./auth";
import { Connections, jsonPost, type Post } from "./connections";
import { TelemetryWriter } from "./generator";
import type { Outcome } from "./outcome";
import { Pacer, realTimer, type Timer } from "./pacer";
import { backOffMs } from "./retry";

export interface EmitOptions {
  /** The stage's URL, the output `api_url`: `https://ID.execute-api.REGION.amazonaws.com/STAGE`. */
  readonly url: string;
  readonly auth: EmitAuth;

  /**
   * Where connections go instead, such as `http://127.0.0.1:4566`; Host header and signature stay those of `url`.
   *
   * @default - the host of `url`
   */
  readonly endpoint?: string;

  /** Records to send, 1 to 1,000,000,000. */
  readonly records: number;

  /**
   * Records in one request, 1 to 500: they go to `POST /records/batch`, and of those that were taken in part the rest is sent again.
   *
   * @default - one record a request, to `POST /records`
   */
  readonly batch?: number;

  /**
   * Records a second, up to 100,000; 0 sends as fast as the API takes them.
   *
   * @default 0
   */
  readonly rate?: number;

  /**
   * Seed of the generator, a whole number from 0 to 4294967295: the same seed sends the same records.
   *
   * @default 1
   */
  readonly seed?: number;

  /**
   * Requests under way at once, 1 to 1000.
   *
   * @default 16
   */
  readonly concurrency?: number;

  /**
   * Times one record is tried, 1 to 100.
   *
   * @default 10
   */
  readonly attempts?: number;

  /** Called at most ten times a second, and once at the end. */
  readonly onProgress?: (progress: EmitProgress) => void;

  /** Aborting it ends the run: what is under way is waited for, nothing new is begun, retries are given up. */
  readonly signal?: AbortSignal;

  /** For tests. */
  readonly timer?: Timer;
}

/** Every record begun ends in exactly one of accepted, refused and lost. */
export interface EmitCounts {
  /** Records begun. */
  readonly sent: number;
  /** Answered with 200, or taken by a 207. */
  readonly accepted: number;
  /** Answered with 4xx other than 429: the API will not have this record, and it was not tried again. */
  readonly refused: number;
  /** Tried to the end without an answer that it was taken or refused. */
  readonly lost: number;
  /** Repeated tries, over all records. */
  readonly retried: number;
  /**
   * Tries whose answer was cut, did not come, or was a 5xx after which the record was tried again or given up: each may have been
   * taken, so this is the most duplicates there can be.
   */
  readonly unknown: number;
}

export interface EmitProgress extends EmitCounts {
  /** Records asked for. */
  readonly records: number;
  readonly elapsedMs: number;
}

export interface EmitResult extends EmitProgress {
  /** Refusals by status, such as `{ 403: 12 }`. */
  readonly refusedByStatus: Readonly<Record<string, number>>;
  /** Why the first record was refused or lost, in words. */
  readonly firstFailure: string | undefined;
}

const PROGRESS_MS = 100;

/** Sends generated telemetry to the API, one record or one batch a request, and says what became of each record. */
export async function emit(options: EmitOptions): Promise<EmitResult> {
  const checked = check(options);
  const sender = new Sender(checked);
  try {
    return await sender.run();
  } finally {
    sender.close();
  }
}

type Checked = Required<Omit<EmitOptions, "endpoint" | "batch" | "onProgress" | "signal">> &
  Pick<EmitOptions, "batch" | "onProgress" | "signal"> & { readonly target: URL; readonly connectTo: URL };

function check(options: EmitOptions): Checked {
  const { records, rate = 0, seed = 1, concurrency = 16, attempts = 10, timer = realTimer } = options;
  checkWhole("records", records, 1, 1_000_000_000);
  if (!(rate >= 0 && rate <= 100_000)) throw new RangeError(`rate must be between 0 and 100000, got ${rate}`);
  checkWhole("seed", seed, 0, 0xffff_ffff);
  checkWhole("concurrency", concurrency, 1, 1000);
  checkWhole("attempts", attempts, 1, 100);
  if (options.batch !== undefined) checkWhole("batch", options.batch, 1, 500);
  const target = httpUrl("url", options.url);
  const connectTo = options.endpoint === undefined ? target : httpUrl("endpoint", options.endpoint);
  return { ...options, records, rate, seed, concurrency, attempts, timer, target, connectTo };
}

function checkWhole(name: string, value: number, min: number, max: number): void {
  if (!(Number.isInteger(value) && value >= min && value <= max)) {
    throw new RangeError(`${name} must be a whole number between ${min} and ${max}, got ${value}`);
  }
}

function httpUrl(name: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw new RangeError(`${name} must be an http or https URL, got ${JSON.stringify(value)}`);
  }
  return url;
}

class Sender {
  private readonly connections: Connections;
  private readonly pacer: Pacer;
  private readonly authorize: (request: Post) => Promise<Post>;
  private readonly path: string;
  private readonly counts = { sent: 0, accepted: 0, refused: 0, lost: 0, retried: 0, unknown: 0 };
  private readonly refusedByStatus: Record<string, number> = {};
  private firstFailure: string | undefined;
  private readonly started: number;
  private reported: number;

  constructor(private readonly options: Checked) {
    const { target, batch } = options;
    this.connections = new Connections(options.connectTo, options.concurrency);
    this.pacer = new Pacer(options.rate, options.timer);
    this.authorize = createAuthorizer(options.auth, target);
    this.path = `${target.pathname.replace(/\/$/, "")}/records${batch === undefined ? "" : "/batch"}`;
    this.started = options.timer.now();
    this.reported = this.started;
  }

  async run(): Promise<EmitResult> {
    const { concurrency, records, seed, batch = 1 } = this.options;
    const source = new TelemetryWriter(seed);
    const workers = Math.min(concurrency, Math.ceil(records / batch));
    await Promise.all(Array.from({ length: workers }, () => this.work(source)));
    this.options.onProgress?.(this.progress());
    return { ...this.progress(), refusedByStatus: this.refusedByStatus, firstFailure: this.firstFailure };
  }

  close(): void {
    this.connections.close();
  }

  private async work(source: TelemetryWriter): Promise<void> {
    const { records, signal, batch } = this.options;
    // The next batch is written over one that is at its end. Should the API answer before it has read all, what it reads then is not looked at.
    const room = batch === undefined ? undefined : Buffer.allocUnsafe(source.roomFor(Math.min(batch, records)));
    while (this.counts.sent < records && !signal?.aborted) {
      const count = Math.min(batch ?? 1, records - this.counts.sent);
      this.counts.sent += count;
      // Taken with the turn, in order, so that a run at a given rate sends the records of the seed in their order.
      const body = batch === undefined ? source.one() : source.list(count, room);
      await this.pacer.turn(signal, count);
      if (signal?.aborted) {
        // Not begun after all.
        this.counts.sent -= count;
        return;
      }
      await this.deliver(body, count);
      this.report();
    }
  }

  /** Tries the records of one request until each is accepted, refused or given up. */
  private async deliver(first: Buffer, count: number): Promise<void> {
    const { attempts, signal, timer } = this.options;
    let body = first;
    let open = count;
    for (let tries = 1; ; tries++) {
      const outcome = await this.try(body, open);
      if (outcome.kind === "accepted") {
        this.counts.accepted += open;
        return;
      }
      if (outcome.kind === "refused") {
        this.counts.refused += open;
        this.refusedByStatus[outcome.status] = (this.refusedByStatus[outcome.status] ?? 0) + open;
        this.firstFailure ??= `refused with ${outcome.status}: ${outcome.text}`;
        return;
      }
      if (outcome.kind === "part") {
        this.counts.accepted += open - outcome.failed.length;
        body = only(body, outcome.failed);
        open = outcome.failed.length;
      } else if (outcome.mayBeTaken) this.counts.unknown += open;
      if (tries >= attempts || signal?.aborted) {
        this.counts.lost += open;
        this.firstFailure ??= `lost after ${tries} ${tries === 1 ? "try" : "tries"}: ${outcome.reason}`;
        return;
      }
      this.counts.retried += open;
      const retryAfter = outcome.kind === "again" ? outcome.retryAfter : undefined;
      await timer.sleep(backOffMs(tries, retryAfter, Math.random(), new Date()), signal);
    }
  }

  private try(body: Buffer, records: number): Promise<Outcome> {
    const post = jsonPost("POST", this.options.target, this.path, body);
    return attempt(this.connections, this.authorize, post, records);
  }

  private report(): void {
    const now = this.options.timer.now();
    if (!this.options.onProgress || now - this.reported < PROGRESS_MS) return;
    this.reported = now;
    this.options.onProgress(this.progress());
  }

  private progress(): EmitProgress {
    return { ...this.counts, records: this.options.records, elapsedMs: this.options.timer.now() - this.started };
  }
}

/** The list with the members at these places alone, in their order. */
function only(list: Buffer, places: readonly number[]): Buffer {
  // The text of each as it was: the generator's numbers are written as JavaScript writes them.
  const members: unknown[] = JSON.parse(list.toString("utf8"));
  return Buffer.from(JSON.stringify(places.map((place) => members[place])));
}
