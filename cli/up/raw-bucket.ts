import type { S3Client } from "@aws-sdk/client-s3";
import { Checksum } from "./checksum";
import { Identities } from "./identities";
import { isRejected, linesOf, objectsOf } from "./objects";

/** What lies in the raw bucket, read back object by object. */
export interface RawBucket {
  readonly objects: number;
  /** Lines, or rows, of objects that are no error documents. */
  readonly records: number;
  /** Records whose EXTRA2 is fuel_consumption * lap_time. */
  readonly withExtra2: number;
  /** Sum of the records' identities: the same for the same records, in whatever order. */
  readonly checksum: bigint;
  /** The identity of each, in ascending order. */
  readonly identities: Float64Array;
  /** Records under the error prefix, by the reason Firehose gives. */
  readonly rejected: ReadonlyMap<string, number>;
}

/** `nameOf` may say what a rejected record is, by its bytes; that then stands before the reason. */
export async function readRawBucket(
  s3: S3Client,
  bucket: string,
  nameOf: (rawData: Buffer) => string | undefined = () => undefined,
): Promise<RawBucket> {
  let objects = 0;
  let records = 0;
  let withExtra2 = 0;
  const checksum = new Checksum();
  const identities = new Identities();
  const rejected = new Map<string, number>();
  for await (const { key, text } of objectsOf(s3, bucket)) {
    objects += 1;
    if (isRejected(key)) {
      for (const line of linesOf(text)) {
        const reason = reasonOf(line, nameOf);
        rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
      }
      continue;
    }
    for (const line of linesOf(text)) {
      records += 1;
      const record = parsed(line);
      if (hasExtra2(record)) withExtra2 += 1;
      identities.add(checksum.add(record).last);
    }
  }
  return { objects, records, withExtra2, checksum: checksum.value, identities: identities.sorted(), rejected };
}

function hasExtra2(record: unknown): boolean {
  const { fuel_consumption, lap_time, EXTRA2: asMade, extra2 } = (record ?? {}) as Record<string, unknown>;
  // A Parquet file has its columns' names, and Glue's are lower case.
  const EXTRA2 = asMade ?? extra2;
  return typeof EXTRA2 === "number" && EXTRA2 === (fuel_consumption as number) * (lap_time as number);
}

/** The documents of a failed conversion name their error otherwise. */
interface ErrorDocument {
  readonly errorCode?: unknown;
  readonly errorMessage?: unknown;
  readonly lastErrorCode?: unknown;
  readonly lastErrorMessage?: unknown;
  readonly rawData?: unknown;
}

function reasonOf(line: string, nameOf: (rawData: Buffer) => string | undefined): string {
  const document = (parsed(line) ?? {}) as ErrorDocument;
  const { errorCode = document.lastErrorCode, errorMessage = document.lastErrorMessage, rawData } = document;
  const name = typeof rawData === "string" ? nameOf(Buffer.from(rawData, "base64")) : undefined;
  const reason = `${errorCode ?? "unknown"}: ${errorMessage ?? line.slice(0, 80)}`;
  return name === undefined ? reason : `${name} (${reason})`;
}

/** Undefined for what is no JSON object. */
function parsed(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
