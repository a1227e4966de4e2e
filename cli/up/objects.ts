import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { isParquet, parquetLines } from "./parquet";

/** Firehose's copies of the records as they came lie here in a bucket that holds its data too. */
const BACKUP = "source/";

/** Why a record was put aside, as a folder of its key: `!{firehose:error-output-type}`, which every error prefix holds. */
const ERROR_TYPE = /(^|\/)(processing-failed|format-conversion-failed|activePartitionExceeded)\//;

/** Whether an object holds what a delivery stream put aside. */
export const isRejected = (key: string) => ERROR_TYPE.test(key);

/**
 * Text of every object that Firehose made of records, or put aside, one at a time: what ends in .gz is unpacked, Parquet becomes JSON lines with
 * its columns' names. Copies of records as they came are passed over.
 */
export async function* objectsOf(s3: S3Client, bucket: string): AsyncGenerator<{ key: string; text: string }> {
  let next: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: next }));
    for (const { Key: key = "" } of page.Contents ?? []) {
      if (key.startsWith(BACKUP)) continue;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      const text = isParquet(bytes)
        ? await parquetLines(bytes)
        : (key.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
      yield { key, text };
    }
    next = page.NextContinuationToken;
  } while (next);
}

/** The lines of a text; the newline that ends the last one makes no empty line. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
