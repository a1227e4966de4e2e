import { createHash, randomUUID } from "node:crypto";
import { FirehoseClient, PutRecordCommand as PutToFirehose } from "@aws-sdk/client-firehose";
import { KinesisClient, PutRecordCommand as PutToStream } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { AwsCredentialIdentity } from "@smithy/types";
import { attempt } from "./attempt";
import { createAuthorizer, type EmitAuth } from "./auth";
import { BAD_KINDS, type BadKind, ENTRIES, type Entry, type Fate } from "./bad-records";
import { Connections, jsonPost } from "./connections";
import { TelemetryWriter } from "./generator";
import { realTimer } from "./pacer";
import { backOffMs } from "./retry";

export interface SendBadOptions {
  /** The stage's URL. */
  readonly url: string;
  readonly auth: EmitAuth;
  readonly endpoint: string;
  readonly region: string;
  /** Of the other producer, who puts past the API. */
  readonly credentials: AwsCredentialIdentity;
  /** The data stream behind the API; undefined where the API puts on a delivery stream. */
  readonly dataStream: string | undefined;
  readonly deliveryStream: string;
  /** Records to send; at least one of each kind is sent by each entry. */
  readonly records: number;
  /** Seed of the good records that they are made of. */
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** What one record came to at its entry. */
export interface BadAnswer {
  readonly kind: BadKind;
  readonly entry: Entry;
  readonly fate: Fate;
  readonly answer: "taken" | number | "lost";
}

/** Records that were taken, by `keyOf` their bytes in the stream. */
export type Taken = Map<string, { readonly kind: BadKind; readonly entry: Entry; count: number }>;

export interface BadResult {
  /** How often each kind got each answer by each entry. */
  readonly answers: readonly (BadAnswer & { readonly count: number })[];
  /** What must lie under the error prefix. */
  readonly rejected: Taken;
  /** Odd ones that must arrive, as objects. */
  readonly arriving: readonly unknown[];
  /** Taken ones that the analytics application cannot read. */
  readonly unreadable: number;
  /** Repeated tries that may have been taken: the most duplicates there can be. */
  readonly unknown: number;
}

/** Names bytes in a map. */
export const keyOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("base64");

const ATTEMPTS = 10;
const AT_ONCE = 4;

/** Sends bad and odd records in turn by the API and straight to the stream, as another producer would. */
export async function sendBad(options: SendBadOptions): Promise<BadResult> {
  const sender = new BadSender(options);
  try {
    return await sender.run();
  } finally {
    sender.close();
  }
}

interface Put {
  readonly answer: BadAnswer["answer"];
  /** Tries before it that may have been taken. */
  readonly unknown: number;
}

class BadSender {
  private readonly good: TelemetryWriter;
  private readonly connections: Connections;
  private readonly authorize: ReturnType<typeof createAuthorizer>;
  private readonly target: URL;
  private readonly kinesis: KinesisClient;
  private readonly firehose: FirehoseClient;
  private readonly answers = new Map<string, BadAnswer & { count: number }>();
  private readonly rejected: Taken = new Map();
  private readonly arriving: unknown[] = [];
  private unreadable = 0;
  private unknown = 0;

  constructor(private readonly options: SendBadOptions) {
    const { endpoint, region, credentials } = options;
    this.good = new TelemetryWriter(options.seed);
    this.target = new URL(options.url);
    this.connections = new Connections(new URL(endpoint), AT_ONCE);
    this.authorize = createAuthorizer(options.auth, this.target);
    const config = { endpoint, region, credentials, maxAttempts: ATTEMPTS };
    // The Kinesis client would speak HTTP/2, which needs TLS.
    this.kinesis = new KinesisClient({ ...config, requestHandler: new NodeHttpHandler() });
    this.firehose = new FirehoseClient(config);
  }

  async run(): Promise<BadResult> {
    const ways = BAD_KINDS.flatMap((kind) => ENTRIES.map((entry) => ({ kind, entry })));
    const most = Math.max(this.options.records, ways.length);
    let next = 0;
    const work = async () => {
      while (next < most && !this.options.signal.aborted) {
        const { kind, entry } = ways[next++ % ways.length]!;
        await this.send(kind, entry);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const { rejected, arriving, unreadable, unknown } = this;
    return { answers: [...this.answers.values()], rejected, arriving, unreadable, unknown };
  }

  close(): void {
    this.connections.close();
    this.kinesis.destroy();
    this.firehose.destroy();
  }

  private async send(kind: BadKind, entry: Entry): Promise<void> {
    const record = kind.make(this.good.one().toString("latin1"));
    const { answer, unknown } = entry === "API" ? await this.toApi(kind, record) : await this.toStream(record);
    this.unknown += unknown;
    const fate = kind.fate[entry];
    const id = `${kind.name} ${entry} ${answer}`;
    const counted = this.answers.get(id) ?? { kind, entry, fate, answer, count: 0 };
    counted.count++;
    this.answers.set(id, counted);
    if (answer !== "taken") return;
    if (kind.unreadable) this.unreadable++;
    if (fate.kind === "arrives") this.arriving.push(JSON.parse(record.toString("utf8")));
    else this.expect(entry === "API" ? Buffer.concat([record, NEWLINE]) : record, kind, entry);
  }

  private expect(bytes: Buffer, kind: BadKind, entry: Entry): void {
    const key = keyOf(bytes);
    const known = this.rejected.get(key) ?? { kind, entry, count: 0 };
    known.count++;
    this.rejected.set(key, known);
  }

  private async toApi(kind: BadKind, record: Buffer): Promise<Put> {
    const path = kind.path ?? "/records";
    const Record = { Data: record.toString("base64") };
    // The API puts to its own stream, whatever the body names.
    const body = path === "/streams" ? Buffer.from(JSON.stringify({ DeliveryStreamName: "any", Record })) : record;
    const to = this.target.pathname.replace(/\/$/, "") + path;
    const post = jsonPost(path === "/streams" ? "PUT" : "POST", this.target, to, body);
    let unknown = 0;
    for (let tries = 1; ; tries++) {
      const outcome = await attempt(this.connections, this.authorize, post, 1);
      if (outcome.kind === "accepted") return { answer: "taken", unknown };
      if (outcome.kind === "refused") return { answer: outcome.status, unknown };
      if (outcome.kind === "again" && outcome.mayBeTaken) unknown++;
      if (tries >= ATTEMPTS) return { answer: "lost", unknown };
      const retryAfter = outcome.kind === "again" ? outcome.retryAfter : undefined;
      await realTimer.sleep(backOffMs(tries, retryAfter, Math.random(), new Date()), this.options.signal);
    }
  }

  private async toStream(Data: Buffer): Promise<Put> {
    const { dataStream: StreamName, deliveryStream: DeliveryStreamName } = this.options;
    try {
      const { $metadata } =
        StreamName === undefined
          ? await this.firehose.send(new PutToFirehose({ DeliveryStreamName, Record: { Data } }))
          : await this.kinesis.send(new PutToStream({ StreamName, PartitionKey: randomUUID(), Data }));
      return { answer: "taken", unknown: ($metadata.attempts ?? 1) - 1 };
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status === undefined || status >= 500) return { answer: "lost", unknown: 1 };
      return { answer: status, unknown: 0 };
    }
  }
}

const NEWLINE = Buffer.from("\n");
