import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Misfit, Piece } from "./records";

const compress = promisify(gzip);

/** What the records of one object became. */
export interface Encoded {
  /** Undefined when no record was left. */
  readonly body: Buffer | undefined;
  /** Records in the body. */
  readonly records: number;
  readonly misfits: readonly Misfit[];
}

/** Makes an object of records. Throws only when `signal` aborts. */
export interface Encoder {
  /** What it adds to the name of an object. */
  readonly extension: string;
  encode(pieces: readonly Piece[], signal: AbortSignal): Promise<Encoded>;
}

/** The records one behind the other, as they are. */
export class Joined implements Encoder {
  readonly extension: string;

  constructor(private readonly compression: "UNCOMPRESSED" | "GZIP") {
    this.extension = compression === "GZIP" ? ".gz" : "";
  }

  async encode(pieces: readonly Piece[]): Promise<Encoded> {
    const joined = Buffer.concat(pieces.map((piece) => piece.data));
    const body = this.compression === "GZIP" ? await compress(joined, { level: 1 }) : joined;
    return { body, records: pieces.length, misfits: [] };
  }
}
