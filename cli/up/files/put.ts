import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { LocalAws } from "../../../local/gateway/types";
import { enqueue } from "../../loads/queue";
import { filesOf, type MadeFile } from "./made";

/** A file as it was put. */
export interface PutFile extends Omit<MadeFile, "body"> {
  readonly version: string;
  readonly bytes: number;
}

export interface Put {
  readonly files: readonly PutFile[];
  /** Messages beside S3's own events: what tells of a file twice. */
  readonly told: number;
}

/** Files whose message is sent once more. */
const TOLD_TWICE = 5;

/** Puts the files of a seed, and tells of some of them a second time, as a queue may. */
export async function putFiles(
  aws: LocalAws,
  {
    loader_bucket: Bucket,
    loader_queue_url: queue,
  }: { readonly loader_bucket: string; readonly loader_queue_url: string },
  { records, seed, signal }: { readonly records: number; readonly seed: number; readonly signal: AbortSignal },
): Promise<Put> {
  const s3 = new S3Client(aws.internal);
  const files: PutFile[] = [];
  // One after the other: the version that is put over another must come after it.
  for await (const { body, ...file } of filesOf(records, seed)) {
    if (signal.aborted) break;
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: file.key, Body: body }));
    files.push({ ...file, version: VersionId ?? "", bytes: body.length });
  }
  const again = files.filter(({ bad }) => !bad).slice(0, TOLD_TWICE);
  await enqueue(
    aws.internal,
    queue,
    again.map(({ key, version, bytes }) => ({ redstream: "object", bucket: Bucket, key, version, bytes })),
  );
  return { files, told: again.length };
}
