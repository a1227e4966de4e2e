import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";

/** Text of every object of a bucket, one at a time; what ends in .gz is unpacked. */
export async function* objectsOf(s3: S3Client, bucket: string): AsyncGenerator<{ key: string; text: string }> {
  let next: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: next }));
    for (const { Key: key } of page.Contents ?? []) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      yield { key: key!, text: (key!.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8") };
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
