import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { linesOf } from "./objects";

/** Where Firehose puts the manifest of a COPY that it gives up. */
const MANIFESTS = "errors/manifests/";

/** Records in the files that the manifests of given-up COPYs name: what a replay would load. */
export async function recordsGivenUp(s3: S3Client, bucket: string): Promise<number> {
  let records = 0;
  let next: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: MANIFESTS, ContinuationToken: next }),
    );
    for (const { Key } of page.Contents ?? []) {
      const manifest = JSON.parse((await read(s3, bucket, Key!)).toString("utf8"));
      const { entries } = manifest as { readonly entries: readonly { readonly url: string }[] };
      for (const { url } of entries) {
        const { hostname, pathname } = new URL(url);
        const key = decodeURIComponent(pathname.slice(1));
        const bytes = await read(s3, hostname, key);
        records += linesOf((key.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")).length;
      }
    }
    next = page.NextContinuationToken;
  } while (next);
  return records;
}

async function read(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}
