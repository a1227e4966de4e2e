import { randomUUID } from "node:crypto";
import type { Clock } from "../../clock";
import type { ErrorLog } from "./error-log";
import { codeOf, messageOf, type ObjectStore } from "./ports";
import { dataPrefix, type ErrorType, errorPrefix, objectName } from "./prefix";
import type { Piece } from "./records";
import { wallTime } from "./time-zone";

export interface S3Config {
  readonly bucket: string;
  readonly prefix: string;
  readonly errorPrefix: string | undefined;
  /** In place of what the encoding adds; empty for none. */
  readonly fileExtension: string;
  /** Of the dates in keys. */
  readonly timeZone: string;
  /** Only when the destination names a key of its own; else the bucket's default encryption applies. */
  readonly kmsKeyArn: string | undefined;
}

export interface DataObject {
  readonly body: Buffer;
  readonly records: number;
  readonly at: Date;
  /** What the encoding adds to the name. */
  readonly extension: string;
  /** With dynamic partitioning. */
  readonly keys?: ReadonlyMap<string, string>;
}

export interface WrittenObject {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly records: number;
  /** Arrival of the oldest record. */
  readonly at: Date;
}

/** Writes batches as S3 objects: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html */
export class ObjectWriter {
  constructor(
    private readonly config: S3Config,
    private readonly stream: { readonly name: string; readonly version: number },
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly log: ErrorLog,
    private readonly onRetry: () => void,
  ) {}

  /** The arrival of the oldest of these records, which dates their object. */
  static dateOf(pieces: readonly Piece[]): Date {
    let at = Number.POSITIVE_INFINITY;
    for (const piece of pieces) at = Math.min(at, piece.arrivedAt);
    return new Date(at);
  }

  /** An object of delivered records. Repeats a failed write, to the same key, until it succeeds or `signal` aborts (then it throws). */
  async writeData(data: DataObject, signal: AbortSignal): Promise<WrittenObject> {
    const { body, records, at, keys } = data;
    const shown = wallTime(at, this.config.timeZone);
    const name = this.name(shown, this.config.fileExtension || data.extension);
    return this.write(dataPrefix(this.config.prefix, shown, keys) + name, body, records, at, signal);
  }

  /** An object of the lines that say why records failed; never compressed. */
  async writeErrors(lines: readonly Piece[], type: ErrorType, signal: AbortSignal): Promise<WrittenObject> {
    const at = ObjectWriter.dateOf(lines);
    const shown = wallTime(at, this.config.timeZone);
    const prefix = errorPrefix(this.config.prefix, this.config.errorPrefix, type, shown);
    const body = Buffer.concat(lines.map((line) => line.data));
    return this.write(prefix + this.name(shown, ""), body, lines.length, at, signal);
  }

  /** Writes one object of ours as it is (a manifest). */
  async write(key: string, body: Buffer, records: number, at: Date, signal: AbortSignal): Promise<WrittenObject> {
    const { bucket, kmsKeyArn } = this.config;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        await this.store.put({ bucket, key, body, ...(kmsKeyArn ? { kmsKeyArn } : {}) });
        return { bucket, key, bytes: body.length, records, at };
      } catch (error) {
        if (attempt === 1) {
          await this.log.write({
            errorCode: `S3.${codeOf(error)}`,
            message: messageOf(error),
            destination: `arn:aws:s3:::${bucket}`,
          });
        }
        this.onRetry();
        await this.clock.sleep(Math.min(2 ** (attempt - 1), 60), signal);
      }
    }
  }

  private name(at: Date, extension: string): string {
    return objectName(this.stream.name, this.stream.version, at, randomUUID(), extension);
  }
}
