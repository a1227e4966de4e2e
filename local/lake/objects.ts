import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { QueryError } from "./errors";
import type { Projection } from "./projection";

/** An object of a projected partition. */
export interface Source {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  /** Texts of the partition's values, in the order of the partition keys. */
  readonly partition: readonly string[];
}

/**
 * Every object that lies in a projected partition. What lies beside them (Firehose's error prefix) is no part of the table; nor is what
 * begins with `_` or `.` (https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html) or holds nothing.
 */
export async function sourcesOf(s3: S3Client, { bucket, prefix, valuesOf }: Projection): Promise<Source[]> {
  const found: Source[] = [];
  let next: string | undefined;
  do {
    const page = await answered(
      s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: next })),
      bucket,
    );
    for (const { Key = "", Size = 0 } of page.Contents ?? []) {
      const partition = valuesOf(Key);
      if (partition && Size > 0 && !/^[_.]/.test(Key.split("/").at(-1)!))
        found.push({ bucket, key: Key, bytes: Size, partition });
    }
    next = page.NextContinuationToken;
  } while (next);
  return found;
}

/** An object as it lies. */
export async function bytesOf(s3: S3Client, { bucket, key }: Source): Promise<Buffer> {
  const { Body } = await answered(s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })), `${bucket}/${key}`);
  return Buffer.from(await Body!.transformToByteArray());
}

/** The lines of an object; by its suffix it is taken as compressed, as Athena does it. */
export async function linesOf(s3: S3Client, source: Source): Promise<string[]> {
  const { key } = source;
  const bytes = await bytesOf(s3, source);
  const text = (key.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** An answer of S3, or why the query fails: it reads with the keys of whoever asked. */
async function answered<T>(answer: Promise<T>, what: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const denied = error.$metadata.httpStatusCode === 403;
    throw new QueryError(
      `${denied ? "PERMISSION_DENIED" : "HIVE_FILESYSTEM_ERROR"}: s3://${what}: ${error.name}: ${error.message}`,
    );
  }
}
