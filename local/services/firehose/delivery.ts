import type { Clock } from "../../clock";
import type { Meter } from "../../meter";
import { Capacity } from "./capacity";
import { ErrorLog } from "./error-log";
import { Gather } from "./gather";
import { Lane } from "./lane";
import { ObjectWriter } from "./object-writer";
import type { Ports, RolePorts } from "./ports";
import { failureLine, PAYLOAD_BYTES, Processor } from "./processor";
import type { Incoming, Piece } from "./records";
import { RedshiftLoader } from "./redshift-loader";
import type { DeliverySettings } from "./settings";

/** Around the records of an event. */
const EVENT_BYTES = 1024;
const INVOCATIONS_AT_ONCE = 2;
const WRITES_AT_ONCE = 2;

export interface DeliveryOf {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly version: number;
  readonly sourceArn: string | undefined;
}

/**
 * One delivery stream under one configuration: gathers for the processor, transforms, gathers for the destination, writes, loads. A
 * changed destination is another `Delivery`; the old one ends when it has delivered what it took.
 */
export class Delivery {
  readonly log: ErrorLog;

  private readonly place: string;
  private readonly stop = new AbortController();
  private readonly roles = new Map<string, RolePorts>();
  private readonly transforms = new Lane(INVOCATIONS_AT_ONCE);
  private readonly writes = new Lane(WRITES_AT_ONCE);
  private readonly writer: ObjectWriter;
  private readonly processor: Processor | undefined;
  private readonly loader: RedshiftLoader | undefined;
  private readonly toProcess: Gather<Incoming> | undefined;
  private readonly toDeliver: Gather<Piece>;
  private readonly toErrors: Gather<Piece>;
  private records = 0;

  constructor(
    private readonly of: DeliveryOf,
    private readonly settings: DeliverySettings,
    private readonly ports: Ports,
    private readonly capacity: Capacity,
    private readonly clock: Clock,
    private readonly meter: Meter,
  ) {
    this.place = `firehose:${of.name}`;
    const named = { ...of, place: this.place };
    this.log = new ErrorLog(named, clock, meter, () => this.role(settings.roleArn).logs, settings.log);
    const retried = () => meter.add(this.place, "retried");
    const { s3, redshift, processor, bufferBytes, bufferSeconds } = settings;
    this.writer = new ObjectWriter(s3, of, this.role(s3.roleArn).objects, clock, this.log, retried);
    if (redshift) {
      this.loader = new RedshiftLoader(
        redshift,
        named,
        this.writer,
        this.role(redshift.secretRoleArn).secrets,
        (to) => ports.connect(to),
        clock,
        meter,
        this.log,
        (records) => this.rest(records),
        this.stop.signal,
      );
    }
    const pieces = [{ max: bufferBytes, of: (piece: Piece) => piece.data.length }];
    this.toDeliver = new Gather(clock, bufferSeconds, pieces, (batch) => this.deliver(batch));
    this.toErrors = new Gather(clock, bufferSeconds, pieces, (batch) => this.deliverErrors(batch));
    if (processor) {
      const stream = { arn: of.arn, region: of.region, ...(of.sourceArn ? { sourceArn: of.sourceArn } : {}) };
      this.processor = new Processor(processor, stream, this.role(settings.roleArn).functions, clock, retried);
      this.toProcess = new Gather<Incoming>(
        clock,
        processor.bufferSeconds,
        [
          { max: processor.bufferBytes, of: (record) => record.data.length },
          { max: PAYLOAD_BYTES - EVENT_BYTES, of: Processor.payloadOf },
        ],
        (batch) => this.process(batch),
      );
    }
  }

  /** Records taken and not yet at rest. */
  get pending(): number {
    return this.records;
  }

  /** Takes records; their room in `capacity` is given back when they are at rest. */
  accept(records: readonly Incoming[]): void {
    this.records += records.length;
    for (const record of records) {
      this.capacity.take(Capacity.costOf(record.data.length));
      if (this.toProcess) this.toProcess.add(record);
      else this.toDeliver.add(record);
    }
  }

  /** Delivers what is gathered without waiting for size or time; resolves when all is at rest. */
  async flush(): Promise<void> {
    this.toProcess?.flush();
    await this.transforms.settled();
    this.toDeliver.flush();
    this.toErrors.flush();
    await this.writes.settled();
    await this.loader?.settled();
  }

  /** Stops at once. Answers how many records were not at rest: they are lost. */
  close(): number {
    this.stop.abort();
    this.toProcess?.drop();
    this.toDeliver.drop();
    this.toErrors.drop();
    this.transforms.clear();
    this.writes.clear();
    for (const role of this.roles.values()) role.close();
    return this.records;
  }

  private role(arn: string): RolePorts {
    let ports = this.roles.get(arn);
    if (!ports) {
      ports = this.ports.as(arn, this.of.arn);
      this.roles.set(arn, ports);
    }
    return ports;
  }

  private process(batch: readonly Incoming[]): void {
    this.transforms.add(() =>
      this.unlessStopped(async () => {
        const { ok, dropped, failed, attempts } = await this.processor!.run(batch, this.stop.signal);
        const ended = this.clock.now().getTime();
        const arn = this.settings.processor!.lambdaArn;
        const lines = failed.map((failure) => failureLine(failure, attempts, ended, arn));
        // What came out is held from now on, what went in no longer.
        for (const piece of [...ok, ...lines]) this.capacity.take(Capacity.costOf(piece.data.length));
        this.capacity.give(batch.reduce((sum, record) => sum + Capacity.costOf(record.data.length), 0));
        this.meter.add(this.place, "transformed", ok.length);
        if (dropped > 0) {
          this.meter.add(this.place, "dropped", dropped);
          this.rest(dropped);
        }
        for (const piece of ok) this.toDeliver.add(piece);
        for (const line of lines) this.toErrors.add(line);
        const whole = failed.length === batch.length ? failed[0] : undefined;
        if (whole && whole.errorCode !== "Lambda.ProcessingFailedStatus") {
          await this.log.write({ errorCode: whole.errorCode, message: whole.errorMessage, destination: arn });
        }
      }),
    );
  }

  private deliver(pieces: readonly Piece[]): void {
    this.writes.add(() =>
      this.unlessStopped(async () => {
        const written = await this.writer.writeData(pieces, this.stop.signal);
        this.meter.add(this.place, "objects");
        this.meter.add(this.place, "delivered", pieces.length);
        this.giveBack(pieces);
        if (this.loader) this.loader.add(written);
        else this.rest(pieces.length);
      }),
    );
  }

  private deliverErrors(lines: readonly Piece[]): void {
    this.writes.add(() =>
      this.unlessStopped(async () => {
        await this.writer.writeErrors(lines, "processing-failed", this.stop.signal);
        this.meter.add(this.place, "processing_failed", lines.length);
        this.giveBack(lines);
        this.rest(lines.length);
      }),
    );
  }

  /** Nothing in a delivery fails but by being stopped; what does is a fault of ours and is said loudly. */
  private async unlessStopped(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!this.stop.signal.aborted) console.error(error);
    }
  }

  private giveBack(pieces: readonly Piece[]): void {
    this.capacity.give(pieces.reduce((sum, piece) => sum + Capacity.costOf(piece.data.length), 0));
  }

  private rest(records: number): void {
    this.records -= records;
  }
}
