import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import type { ClientConfig, LocalAws } from "../../gateway/types";
import type { CopyCredentials, ObjectStore, ObjectStores, Reader } from "../../warehouse";

/**
 * What COPY reads through: S3 with the rights of the role (or keys) that the statement names.
 * A role associated with the cluster is assumed by Redshift. Any other can only be Firehose's, whose own COPY names its own role, so
 * Firehose assumes it, and its trust policy must admit Firehose.
 */
export function s3Stores(aws: LocalAws): ObjectStores {
  return (credentials, reader) => store(new S3Client(configFor(aws, credentials, reader)));
}

function configFor(aws: LocalAws, credentials: CopyCredentials, reader: Reader): ClientConfig {
  if (!("roleArn" in credentials)) return { ...aws.internal, credentials };
  const principal = reader.roles.has(credentials.roleArn) ? "redshift.amazonaws.com" : "firehose.amazonaws.com";
  return aws.as(credentials.roleArn, principal);
}

function store(s3: S3Client): ObjectStore {
  return {
    async list(bucket, prefix) {
      const keys: string[] = [];
      for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
      }
      return keys;
    },
    async get(bucket, key) {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if ((error as Error).name === "NoSuchKey") return undefined;
        throw error;
      }
    },
  };
}
