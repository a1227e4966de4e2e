import { ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import type { Gateway } from "../../local/gateway";
import type { LoaderOutputs } from "../loads";
import type { Version } from "./files/ledger";
import { settleFiles } from "./files/settle";

/** Outputs of a stack whose tables are loaded from the bucket at which Firehose stops. */
export type TableLoadOutputs = Pick<
  LoaderOutputs,
  "loader_bucket" | "loader_ledger" | "loader_queue_url" | "loader_dead_letter_url" | "loader_tables"
>;

/** Whether Firehose stops at a bucket and a loader goes on from there. */
export const hasLoads = (outputs: object): outputs is TableLoadOutputs => "loader_ledger" in outputs;

/** Waits until every file that Firehose wrote for a table has come to its end in the loader. Call it when nothing is on its way to the bucket. */
export async function settleLoads(
  gateway: Pick<Gateway, "aws" | "failure">,
  outputs: TableLoadOutputs,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const s3 = new S3Client(gateway.aws.internal);
  const files: Version[] = [];
  for (const table of outputs.loader_tables.split(",")) {
    const Prefix = `${table.split(".").at(-1)}/`;
    let at: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
    while (at) {
      const page: Awaited<ReturnType<typeof list>> = await list(s3, outputs.loader_bucket, Prefix, at);
      files.push(...(page.Versions ?? []).map(({ Key, VersionId }) => ({ key: Key!, version: VersionId! })));
      at = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : undefined;
    }
  }
  s3.destroy();
  progress(`${files.length} files of Firehose to load`);
  await settleFiles(gateway, outputs, files, progress, signal);
}

const list = (s3: S3Client, Bucket: string, Prefix: string, at: object) =>
  s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...at }));
