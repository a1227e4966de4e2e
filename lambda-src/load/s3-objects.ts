import { HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { OWN_PREFIX } from "./config";
import { manifestOf } from "./manifest";
import type { Objects } from "./ports";

/** `Objects` by S3. HEAD is strongly consistent: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel */
export function s3Objects(client: S3Client, Bucket: string): Objects {
  return {
    async head(Key, VersionId) {
      try {
        const head = await client.send(new HeadObjectCommand({ Bucket, Key, VersionId }));
        return { version: head.VersionId ?? "null", modified: head.LastModified ?? new Date(0) };
      } catch (error) {
        if (isMissing(error)) return undefined;
        // An answer to HEAD has no words.
        const status = statusOf(error);
        if (status !== undefined)
          throw new Error(`S3 answers ${status} to HEAD of ${JSON.stringify(Key)}`, { cause: error });
        throw error;
      }
    },

    async writeManifest(loadId, files) {
      const Key = `${OWN_PREFIX}manifests/${loadId}`;
      const Body = JSON.stringify(manifestOf(files));
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: "application/json" }));
      return `s3://${Bucket}/${Key}`;
    },
  };
}

/**
 * 404 for what is not there, 405 for a delete marker asked for by its version. Nothing else: HEAD's answers have no words, and 400 is also what
 * credentials that have expired get. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
function isMissing(error: unknown): boolean {
  const status = statusOf(error);
  return status === 404 || status === 405;
}

const statusOf = (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
