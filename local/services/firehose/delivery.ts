import type { Clock } from "../../clock";
import type { Meter } from "../../meter";
import { Backup } from "./backup";
import { Capacity } from "./capacity";
import { type Encoder, Joined } from "./encode";
import { ErrorLog } from "./error-log";
import { Gather, type Limit } from "./gather";
import { Lane } from "./lane";
import { conversionLine, partitionLine } from "./misfit";
import { ObjectWriter } from "./object-writer";
import { Parquet } from "./parquet";
import { keysOf } from "./partition-query";
import { ACTIVE_PARTITIONS, type Keys, Partitions } from "./partitions";
import type { Ports, RolePorts } from "./ports";
import type { ErrorType } from "./prefix";
import { failureLine, PAYLOAD_BYTES, Processor } from "./processor";
import type { Incoming, Piece } from "./records";
import { RedshiftLoader } from "./redshift-loader";
import type { DeliverySettings } from "./settings";

/** Around the records of an event. */
const EVENT_BYTES = 1024;
const INVOCATIONS_AT_ONCE = 4;
const WRITES_AT_ONCE = 2;
/** Objects of partitions are many and small. */
const PARTITION_WRITES_AT_ONCE = 8;

/** How the meter calls what lies under the error prefix. */
const EVENTS: Readonly<Record<ErrorType, string>> = {
  "processing-failed": "processing_failed",
  "format-conversion-failed": "conversion_failed",
  activePartitionExceeded: "partition_failed",
};

export interface DeliveryOf {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly version: number;
  readonly sourceArn: string | undefined;
  readonly accountId: string;
  /** For files that live as long as an object is made. */
  readonly folder: string;
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
  private readonly writes: Lane;
  private readonly writer: ObjectWriter;
  private readonly encoder: Encoder;
  private readonly processor: Processor | undefined;
  private readonly loader: RedshiftLoader | undefined;
  private readonly backup: Backup | undefined;
  private readonly toProcess: Gather<Incoming> | undefined;
  private readonly toDeliver: Gather<Piece>;
  private readonly toPartitions: Partitions | undefined;
  private readonly toErrors = new Map<ErrorType, Gather<Piece>>();
  private readonly pieces: readonly Limit<Piece>[];
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
    const { s3, redshift, processor, conversion, backup, partitionKeys, bufferBytes, bufferSeconds } = settings;
    this.writes = new Lane(partitionKeys ? PARTITION_WRITES_AT_ONCE : WRITES_AT_ONCE);
    this.writer = new ObjectWriter(s3, of, this.role(s3.roleArn).objects, clock, this.log, this.retried);
    this.encoder = conversion
      ? new Parquet(conversion, this.role(conversion.roleArn).catalog, of.folder, clock, this.log, this.retried)
      : new Joined(settings.compression);
    if (redshift) this.loader = this.newLoader(redshift, named);
    if (backup) {
      const log = new ErrorLog(named, clock, meter, () => this.role(settings.roleArn).logs, backup.log);
      const store = this.role(backup.s3.roleArn).objects;
      const writer = new ObjectWriter(backup.s3, of, store, clock, log, this.retried);
      this.backup = new Backup(backup, writer, this.capacity, clock, meter, this.place, this.stop.signal);
    }
    this.pieces = [{ max: bufferBytes, of: (piece: Piece) => piece.data.length }];
    this.toDeliver = new Gather(clock, bufferSeconds, this.pieces, (batch) => this.deliver(batch));
    if (partitionKeys) {
      this.toPartitions = new Partitions(clock, bufferSeconds, this.pieces, (batch, keys, written) =>
        this.deliver(batch, keys, written),
      );
    }
    if (processor) {
      const stream = { arn: of.arn, region: of.region, ...(of.sourceArn ? { sourceArn: of.sourceArn } : {}) };
      this.processor = new Processor(processor, stream, this.role(settings.roleArn).functions, clock, this.retried);
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

  /** Records taken and not yet at rest, their copies among them. */
  get pending(): number {
    return this.records + (this.backup?.pending ?? 0);
  }

  /** Takes records; their room in `capacity` is given back when they are at rest. */
  accept(records: readonly Incoming[]): void {
    this.records += records.length;
    for (const record of records) {
      this.capacity.take(Capacity.costOf(record.data.length));
      this.backup?.add(record);
      if (this.toProcess) this.toProcess.add(record);
      else this.gather(record);
    }
    // Many partitions that are each far from their size would hold everything up until their time is over.
    if (this.capacity.isFull) this.toPartitions?.flush();
  }

  /** Delivers what is gathered without waiting for size or time; resolves when all is at rest. */
  async flush(): Promise<void> {
    this.toProcess?.flush();
    await this.transforms.settled();
    this.toDeliver.flush();
    this.toPartitions?.flush();
    await this.writes.settled();
    // Writing finds records that do not fit, too.
    for (const gather of this.toErrors.values()) gather.flush();
    await this.writes.settled();
    await Promise.all([this.loader?.settled(), this.backup?.flush()]);
  }

  /** Stops at once. Answers how many records were not at rest: they are lost. */
  close(): number {
    this.stop.abort();
    this.toProcess?.drop();
    this.toDeliver.drop();
    this.toPartitions?.drop();
    for (const gather of this.toErrors.values()) gather.drop();
    this.transforms.clear();
    this.writes.clear();
    const copies = this.backup?.close() ?? 0;
    for (const role of this.roles.values()) role.close();
    return Math.max(this.records, copies);
  }

  private readonly retried = () => this.meter.add(this.place, "retried");

  private newLoader(redshift: NonNullable<DeliverySettings["redshift"]>, named: DeliveryOf & { place: string }) {
    return new RedshiftLoader(
      redshift,
      named,
      this.writer,
      this.role(redshift.secretRoleArn).secrets,
      (to) => this.ports.connect(to),
      this.clock,
      this.meter,
      this.log,
      (records) => this.rest(records),
      this.stop.signal,
    );
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
        for (const piece of ok) this.gather(piece);
        for (const line of lines) this.fail("processing-failed", line);
        const whole = failed.length === batch.length ? failed[0] : undefined;
        if (whole && whole.errorCode !== "Lambda.ProcessingFailedStatus") {
          await this.log.write({ errorCode: whole.errorCode, message: whole.errorMessage, destination: arn });
        }
      }),
    );
  }

  /** Puts a record, its cost already taken, where it waits for its object. */
  private gather(piece: Piece): void {
    const query = this.settings.partitionKeys;
    if (!query || !this.toPartitions) {
      this.toDeliver.add(piece);
      return;
    }
    const keys = keysOf(query, piece.data);
    if (typeof keys === "string") {
      const errorCode = "DynamicPartitioning.MetadataExtractionFailed";
      this.replace("processing-failed", piece, partitionLine({ piece, errorCode, errorMessage: keys }, this.now));
      return;
    }
    if (this.toPartitions.add(keys, piece)) return;
    const errorCode = "DynamicPartitioning.ActivePartitionsExceeded";
    const errorMessage = `The active partition count exceeded the limit of ${ACTIVE_PARTITIONS}`;
    this.replace("activePartitionExceeded", piece, partitionLine({ piece, errorCode, errorMessage }, this.now));
  }

  private get now(): number {
    return this.clock.now().getTime();
  }

  /** The line that keeps a record is held from now on in place of the record. */
  private replace(type: ErrorType, piece: Piece, line: Piece): void {
    this.capacity.take(Capacity.costOf(line.data.length));
    this.giveBack([piece]);
    this.fail(type, line);
  }

  private fail(type: ErrorType, line: Piece): void {
    let gather = this.toErrors.get(type);
    if (!gather) {
      gather = new Gather(this.clock, this.settings.bufferSeconds, this.pieces, (batch) =>
        this.deliverErrors(type, batch),
      );
      this.toErrors.set(type, gather);
    }
    gather.add(line);
  }

  private deliver(pieces: readonly Piece[], keys?: Keys, done?: () => void): void {
    this.writes.add(() =>
      this.unlessStopped(async () => {
        const { signal } = this.stop;
        const { body, records, misfits } = await this.encoder.encode(pieces, signal);
        const { conversion } = this.settings;
        for (const misfit of conversion ? misfits : []) {
          this.replace(
            "format-conversion-failed",
            misfit.piece,
            conversionLine(misfit, this.now, conversion!, this.of),
          );
        }
        const at = ObjectWriter.dateOf(pieces);
        const { extension } = this.encoder;
        const object = body && { body, records, at, extension, ...(keys ? { keys } : {}) };
        const written = object && (await this.writer.writeData(object, signal));
        const failed = new Set(misfits.map(({ piece }) => piece));
        this.giveBack(failed.size === 0 ? pieces : pieces.filter((piece) => !failed.has(piece)));
        done?.();
        if (!written) return;
        this.meter.add(this.place, "objects");
        this.meter.add(this.place, "delivered", records);
        if (this.loader) this.loader.add(written);
        else this.rest(records);
      }),
    );
  }

  private deliverErrors(type: ErrorType, lines: readonly Piece[]): void {
    this.writes.add(() =>
      this.unlessStopped(async () => {
        await this.writer.writeErrors(lines, type, this.stop.signal);
        this.meter.add(this.place, EVENTS[type], lines.length);
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
