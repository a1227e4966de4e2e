import { RestoreObjectCommand } from "@aws-sdk/client-s3";
import type { LoadConfig } from "../load/config";
import { readEntries } from "../load/dynamodb-ledger";
import { type Continuation, type Listed, listVersions } from "../load/s3-versions";
import type { Clients } from "../load/world";
import type { Archive } from "./archive";

/** `Archive` by S3 and the ledger's table. */
export function s3Archive({ s3, dynamodb }: Clients, { bucket, ledgerTable }: LoadConfig): Archive {
  return {
    async list(prefix) {
      const found: Listed[] = [];
      const older = new Map<string, string[]>();
      let from: Continuation | undefined;
      do {
        const page = await listVersions(s3, bucket, from, prefix);
        found.push(...page.versions.filter(({ latest }) => latest));
        for (const { key, version, latest } of page.versions) {
          if (!latest) older.set(key, [...(older.get(key) ?? []), version]);
        }
        from = page.next;
      } while (from);
      return found.map((newest) => ({ ...newest, older: older.get(newest.key) ?? [] }));
    },

    async restore(Key, VersionId, Days) {
      try {
        await s3.send(
          new RestoreObjectCommand({
            Bucket: bucket,
            Key,
            VersionId,
            RestoreRequest: { Days, GlacierJobParameters: { Tier: "Standard" } },
          }),
        );
      } catch (error) {
        // Somebody asked before.
        if (!(error instanceof Error && error.name === "RestoreAlreadyInProgress")) throw error;
      }
    },

    entries: (keys) => readEntries(dynamodb, ledgerTable, keys),
  };
}
