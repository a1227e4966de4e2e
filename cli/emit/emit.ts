import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, Provider } from "@smithy/types";
import { type Answer, Connections, NoAnswer, NotConnected, type Post } from "./connections";
import { telemetryRecords } from "./generator";
import { Pacer, realTimer, type Timer } from "./pacer";
import { backOffMs } from "./retry";

/** How requests are authorized: signed for execute-api with these credentials, or not at all. */
export type EmitAuth =
  | {
      readonly kind: "iam";
      readonly region: string;
      readonly credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity>;
    }
  | { readonly kind: "none" };

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
  /** Answered with 2xx. */
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

/** Sends generated telemetry to `POST /records`, one record a request, and says what became of each. */
export async function emit(options: EmitOptions): Promise<EmitResult> {
  const checked = check(options);
  const sender = new Sender(checked);
  try {
    return await sender.run();
  } finally {
    sender.close();
  }
}

type Checked = Required<Omit<EmitOptions, "endpoint" | "onProgress" | "signal">> &
  Pick<EmitOptions, "onProgress" | "signal"> & { readonly target: URL; readonly connectTo: URL };

function check(options: EmitOptions): Checked {
  const { records, rate = 0, seed = 1, concurrency = 16, attempts = 10, timer = realTimer } = options;
  checkWhole("records", records, 1, 1_000_000_000);
  if (!(rate >= 0 && rate <= 100_000)) throw new RangeError(`rate must be between 0 and 100000, got ${rate}`);
  checkWhole("seed", seed, 0, 0xffff_ffff);
  checkWhole("concurrency", concurrency, 1, 1000);
  checkWhole("attempts", attempts, 1, 100);
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
  private readonly sign: (request: Post) => Promise<Post>;
  private readonly counts = { sent: 0, accepted: 0, refused: 0, lost: 0, retried: 0, unknown: 0 };
  private readonly refusedByStatus: Record<string, number> = {};
  private firstFailure: string | undefined;
  private readonly started: number;
  private reported: number;

  constructor(private readonly options: Checked) {
    this.connections = new Connections(options.connectTo, options.concurrency);
    this.pacer = new Pacer(options.rate, options.timer);
    this.sign = createSigner(options.auth, options.target);
    this.started = options.timer.now();
    this.reported = this.started;
  }

  async run(): Promise<EmitResult> {
    const { concurrency, records, seed } = this.options;
    const source = telemetryRecords(seed);
    await Promise.all(Array.from({ length: Math.min(concurrency, records) }, () => this.work(source)));
    this.options.onProgress?.(this.progress());
    return { ...this.progress(), refusedByStatus: this.refusedByStatus, firstFailure: this.firstFailure };
  }

  close(): void {
    this.connections.close();
  }

  private async work(source: Generator<unknown>): Promise<void> {
    const { records, signal } = this.options;
    while (this.counts.sent < records && !signal?.aborted) {
      this.counts.sent++;
      // Taken with the turn, in order, so that a run at a given rate sends the records of the seed in their order.
      const body = JSON.stringify(source.next().value);
      await this.pacer.turn(signal);
      if (signal?.aborted) {
        // Not begun after all.
        this.counts.sent--;
        return;
      }
      await this.deliver(body);
      this.report();
    }
  }

  /** Tries one record until it is accepted, refused or given up. */
  private async deliver(body: string): Promise<void> {
    const { attempts, signal, timer } = this.options;
    for (let tries = 1; ; tries++) {
      const outcome = await this.try(body);
      if (outcome.kind === "accepted") {
        this.counts.accepted++;
        return;
      }
      if (outcome.kind === "refused") {
        this.counts.refused++;
        this.refusedByStatus[outcome.status] = (this.refusedByStatus[outcome.status] ?? 0) + 1;
        this.firstFailure ??= `refused with ${outcome.status}: ${outcome.text}`;
        return;
      }
      if (outcome.mayBeTaken) this.counts.unknown++;
      if (tries >= attempts || signal?.aborted) {
        this.counts.lost++;
        this.firstFailure ??= `lost after ${tries} ${tries === 1 ? "try" : "tries"}: ${outcome.reason}`;
        return;
      }
      this.counts.retried++;
      await timer.sleep(backOffMs(tries, outcome.retryAfter, Math.random(), new Date()), signal);
    }
  }

  private async try(body: string): Promise<Outcome> {
    const { target } = this.options;
    try {
      const request = await this.sign({
        method: "POST",
        path: `${target.pathname.replace(/\/$/, "")}/records`,
        headers: {
          host: target.host,
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(body)),
        },
        body,
      });
      return read(await this.connections.send(request));
    } catch (error) {
      if (error instanceof NotConnected) return again(false, error.message);
      if (error instanceof NoAnswer) return again(true, error.message);
      throw error;
    }
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

type Outcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: number; readonly text: string }
  | { readonly kind: "again"; readonly mayBeTaken: boolean; readonly reason: string; readonly retryAfter?: string };

const again = (mayBeTaken: boolean, reason: string, retryAfter?: string): Outcome => ({
  kind: "again",
  mayBeTaken,
  reason,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

function read({ status, retryAfter, text }: Answer): Outcome {
  if (status >= 200 && status < 300) return { kind: "accepted" };
  if (status === 429) return again(false, "throttled (429)", retryAfter);
  if (status >= 500) return again(true, `answered with ${status}: ${text}`, retryAfter);
  return { kind: "refused", status, text };
}

/** Signs for the API's own host, whatever the connection goes to. */
function createSigner(auth: EmitAuth, target: URL): (request: Post) => Promise<Post> {
  if (auth.kind === "none") return async (request) => request;
  const signer = new SignatureV4({ ...auth, service: "execute-api", sha256: Sha256 });
  return async (request) => {
    const { headers } = await signer.sign({
      ...request,
      headers: { ...request.headers },
      protocol: target.protocol,
      hostname: target.hostname,
      query: {},
    });
    return { ...request, headers };
  };
}
