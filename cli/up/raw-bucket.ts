import type { S3Client } from "@aws-sdk/client-s3";
import { Checksum } from "./checksum";
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
  /** Records under the error prefix, by the reason Firehose gives. */
  readonly rejected: ReadonlyMap<string, number>;
}

export async function readRawBucket(s3: S3Client, bucket: string): Promise<RawBucket> {
  let objects = 0;
  let records = 0;
  let withExtra2 = 0;
  const checksum = new Checksum();
  const rejected = new Map<string, number>();
  for await (const { key, text } of objectsOf(s3, bucket)) {
    objects += 1;
    if (isRejected(key)) {
      for (const line of linesOf(text)) {
        const reason = reasonOf(line);
        rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
      }
      continue;
    }
    for (const line of linesOf(text)) {
      records += 1;
      const record = parsed(line);
      if (hasExtra2(record)) withExtra2 += 1;
      checksum.add(record);
    }
  }
  return { objects, records, withExtra2, checksum: checksum.value, rejected };
}

function hasExtra2(record: unknown): boolean {
  const { fuel_consumption, lap_time, EXTRA2: asMade, extra2 } = (record ?? {}) as Record<string, unknown>;
  // A Parquet file has its columns' names, and Glue's are lower case.
  const EXTRA2 = asMade ?? extra2;
  return typeof EXTRA2 === "number" && EXTRA2 === (fuel_consumption as number) * (lap_time as number);
}

function reasonOf(line: string): string {
  const { errorCode, errorMessage } = (parsed(line) ?? {}) as { errorCode?: unknown; errorMessage?: unknown };
  return `${errorCode ?? "unknown"}: ${errorMessage ?? line.slice(0, 80)}`;
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
