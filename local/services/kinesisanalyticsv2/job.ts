import { FirehoseClient } from "@aws-sdk/client-firehose";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { LocalAws } from "../../gateway/types";
import { parts, putOnce } from "./deliver";
import { JobError } from "./errors";
import { type Row, readRow } from "./json";
import { lineOf } from "./line";
import { type Plan, planOf } from "./plan";
import type { Properties } from "./script";
import { Select } from "./select";
import { type Batch, type Positions, Shards } from "./shards";

const PRINCIPAL = "kinesisanalytics.amazonaws.com";
/** The Kinesis connector's own pause between reads of a shard, `scan.shard.getrecords.intervalmillis`. */
const POLL_MILLISECONDS = 200;
const FIRST_RETRY_MILLISECONDS = 200;
const LONGEST_RETRY_MILLISECONDS = 5000;

/** What of an applied application a job needs. */
export interface JobSpec {
  readonly name: string;
  readonly arn: string;
  readonly role: string;
  /** Property group `SqlRunner`, as applied. */
  readonly properties: Properties;
  readonly code: { readonly bucket: string; readonly key: string; readonly version?: string };
  /** Of the snapshot it goes on from; empty for a start at the script's own position. */
  readonly positions: Positions;
}

/**
 * One run of an application: reads the stream, evaluates the SELECT, puts lines on the delivery stream.
 *
 * A position is kept only when the lines of all records before it were taken by the delivery stream, so a stop or failure at any
 * point delivers some records again and loses none.
 */
export class Job {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private inFlight = 0;
  private said = "";

  private constructor(
    private readonly aws: LocalAws,
    private readonly spec: JobSpec,
    private readonly plan: Plan,
    private readonly select: Select,
    private readonly shards: Shards,
    private readonly kinesis: KinesisClient,
    private readonly firehose: FirehoseClient,
    /** Where the next start goes on. */
    private positions: Positions,
  ) {}

  /** Resolves when the job reads: an iterator of every shard exists. */
  static async start(aws: LocalAws, spec: JobSpec): Promise<Job> {
    await checkCode(aws, spec);
    const plan = planOf(spec.properties, aws.region);
    const select = await Select.open(plan.select, plan.source);
    // The Kinesis client would speak HTTP/2, which needs TLS.
    const caller = aws.as(spec.role, PRINCIPAL, spec.arn);
    const kinesis = new KinesisClient({ ...caller, requestHandler: new NodeHttpHandler() });
    try {
      checkColumns(plan, select);
      // By ARN, not by name: GetRecords names no stream otherwise, and the emulator could not tell whether it is the granted one.
      const streamArn = `arn:aws:kinesis:${aws.region}:${aws.accountId}:stream/${plan.stream}`;
      const shards = await Shards.open(kinesis, caller, streamArn, plan.initialPosition, spec.positions).catch(
        (error) => {
          throw new JobError(`the stream ${plan.stream} cannot be read: ${(error as Error).message}`);
        },
      );
      const firehose = new FirehoseClient(aws.as(spec.role, PRINCIPAL, spec.arn));
      const job = new Job(aws, spec, plan, select, shards, kinesis, firehose, spec.positions);
      job.running = job.run();
      return job;
    } catch (error) {
      select.close();
      kinesis.destroy();
      throw error;
    }
  }

  /** Records in flight, or 1 while the stream holds some that were not read. */
  pending(): number {
    return this.inFlight || (this.shards.caughtUp ? 0 : 1);
  }

  /** Ends the job and answers where the next one goes on. */
  async stop(): Promise<Positions> {
    this.stopping.abort();
    await this.running;
    this.select.close();
    this.kinesis.destroy();
    this.firehose.destroy();
    return this.positions;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const batch = await this.untilDone(() => this.shards.read());
      if (!batch || batch.records.length === 0) {
        await pause(POLL_MILLISECONDS, this.stopping.signal);
        continue;
      }
      this.inFlight = batch.records.length;
      if (await this.carry(batch)) this.positions = batch.positions;
      this.inFlight = 0;
    }
  }

  /** Whether all lines of the batch were taken. */
  private async carry(batch: Batch): Promise<boolean> {
    const lines = await this.untilDone(() => this.evaluate(batch));
    for (const part of parts(lines ?? [])) {
      let left = part;
      while (left.length > 0) {
        const before = left;
        const refused = await this.untilDone(() => putOnce(this.firehose, this.plan.deliveryStream, before));
        if (!refused) return false;
        this.count("delivered", before.length - refused.length);
        this.count("retried", refused.length);
        left = refused;
        if (left.length > 0 && !(await pause(FIRST_RETRY_MILLISECONDS, this.stopping.signal))) return false;
      }
    }
    return lines !== undefined;
  }

  private async evaluate({ records }: Batch): Promise<string[]> {
    const rows: Row[] = [];
    for (const { data } of records) {
      const row = readRow(data, this.plan.source.columns);
      if (row) rows.push(row);
    }
    const { selected, failed } = await this.selected(rows);
    this.count("read", records.length);
    this.count("unreadable", records.length - rows.length + failed);
    this.count("filtered", rows.length - failed - selected.length);
    this.count("selected", selected.length);
    return selected.map((row) => lineOf(this.plan.line, row, this.select.types));
  }

  /**
   * Rows that the SELECT takes, and how many it cannot be evaluated for: DuckDB refuses an overflow, where Java goes round. Such a row
   * is found by halving and left out, so that it does not stop the others.
   */
  private async selected(rows: readonly Row[]): Promise<{ selected: Row[]; failed: number }> {
    try {
      return { selected: await this.select.rows(rows), failed: 0 };
    } catch (error) {
      const { message } = error as Error;
      if (!/^(Out of Range|Conversion) Error/.test(message)) throw error;
      if (rows.length === 1) {
        console.error(`analytics ${this.spec.name}: a record is left out, the SELECT cannot be evaluated: ${message}`);
        return { selected: [], failed: 1 };
      }
      const middle = rows.length >> 1;
      const first = await this.selected(rows.slice(0, middle));
      const second = await this.selected(rows.slice(middle));
      return { selected: [...first.selected, ...second.selected], failed: first.failed + second.failed };
    }
  }

  /** Repeats `action` until it succeeds, as Flink restarts a job that fails; undefined when the job is stopped meanwhile. */
  private async untilDone<T>(action: () => Promise<T>): Promise<T | undefined> {
    for (let wait = FIRST_RETRY_MILLISECONDS; ; wait = Math.min(wait * 2, LONGEST_RETRY_MILLISECONDS)) {
      try {
        return await action();
      } catch (error) {
        this.say((error as Error).message);
        if (!(await pause(wait, this.stopping.signal))) return undefined;
      }
    }
  }

  /** Each failure once, not once a retry. */
  private say(message: string): void {
    if (message === this.said) return;
    this.said = message;
    console.error(
      `analytics ${this.spec.name}: ${message}; it is tried again until it succeeds or the application is stopped`,
    );
  }

  private count(event: string, n: number): void {
    if (n > 0) this.aws.meter.add(`analytics:${this.spec.name}`, event, n);
  }
}

/** The program itself is not run here, but without it, or without the right to read it, AWS could not start either. */
async function checkCode(aws: LocalAws, { arn, role, code }: JobSpec): Promise<void> {
  const s3 = new S3Client(aws.as(role, PRINCIPAL, arn));
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: code.bucket, Key: code.key, VersionId: code.version, Range: "bytes=0-0" }),
    );
    await Body?.transformToByteArray();
  } catch (error) {
    throw new JobError(`the code s3://${code.bucket}/${code.key} cannot be read: ${(error as Error).message}`);
  } finally {
    s3.destroy();
  }
}

function checkColumns(plan: Plan, select: Select): void {
  for (const piece of plan.line) {
    if ("column" in piece && !Object.hasOwn(select.types, piece.column)) {
      const known = Object.keys(select.types).join(", ");
      throw new JobError(`the line names column ${piece.column}, the SELECT gives ${known}`);
    }
  }
}

/** Resolves after real time, false when the signal came: these pauses are the connector's, not a buffer's, and are not shortened. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
