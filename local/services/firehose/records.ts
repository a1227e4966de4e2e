import { randomBytes } from "node:crypto";

/** Where a record of a Kinesis source came from. */
export interface KinesisOrigin {
  readonly shardId: string;
  readonly partitionKey: string;
  readonly sequenceNumber: string;
}

/** One record as it was taken. */
export interface Incoming {
  readonly id: string;
  readonly data: Buffer;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
  readonly kinesis?: KinesisOrigin;
}

/** Bytes of one record for an object: what came of it, or the line that says why nothing did. */
export interface Piece {
  readonly data: Buffer;
  readonly arrivedAt: number;
}

/** A record that could not be made into what was to be delivered; it goes under the error prefix. */
export interface Misfit {
  readonly piece: Piece;
  readonly errorCode: string;
  readonly errorMessage: string;
}

const RUN = randomBytes(16).toString("hex");
let made = 0;

/** Unique in a run, opaque like AWS's. */
export function newRecordId(): string {
  return `${RUN}${String(made++).padStart(24, "0")}`;
}
