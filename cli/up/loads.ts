import { ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import type { Gateway } from "../../local/gateway";
import type { LocalAws } from "../../local/gateway/types";
import type { LoaderOutputs } from "../loads";
import { messagesIn, statesOf, type Version } from "./files/ledger";
import { settleFiles } from "./files/settle";
import type { Check, Hop } from "./summary";

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
  const files = await filesOf(gateway.aws, outputs);
  progress(`${files.length} files of Firehose to load`);
  await settleFiles(gateway, outputs, files, progress, signal);
}

/** What became of the files, as the ledger and the dead-letter queue say. */
export async function sumUpLoads(
  { internal }: LocalAws,
  outputs: TableLoadOutputs,
): Promise<{ hop: Hop; check: Check }> {
  const files = await filesOf({ internal }, outputs);
  const place = { ledger: outputs.loader_ledger, bucket: outputs.loader_bucket };
  const counts = { files: files.length, loaded: 0, rejected: 0, superseded: 0, loading: 0 };
  for (const { state } of await statesOf(internal, place, files)) counts[state] += 1;
  const dead = await messagesIn(internal, outputs.loader_dead_letter_url);
  const ended = counts.loaded + counts.superseded;
  return {
    hop: { name: "loader", counts: { ...counts, dead_letters: dead } },
    check: {
      says: `every file that Firehose wrote was loaded (${ended} of ${files.length}), and no message was given up (${dead})`,
      holds: ended === files.length && dead === 0,
    },
  };
}

/** Every version of every file that Firehose wrote for a table. */
async function filesOf({ internal }: Pick<LocalAws, "internal">, outputs: TableLoadOutputs): Promise<Version[]> {
  const s3 = new S3Client(internal);
  const files: Version[] = [];
  try {
    for (const table of outputs.loader_tables.split(",")) {
      const Prefix = `${table.split(".").at(-1)}/`;
      let at: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
      while (at) {
        const page: Awaited<ReturnType<typeof list>> = await list(s3, outputs.loader_bucket, Prefix, at);
        files.push(...(page.Versions ?? []).map(({ Key, VersionId }) => ({ key: Key!, version: VersionId! })));
        at = page.IsTruncated
          ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
          : undefined;
      }
    }
  } finally {
    s3.destroy();
  }
  return files;
}

const list = (s3: S3Client, Bucket: string, Prefix: string, at: object) =>
  s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...at }));
