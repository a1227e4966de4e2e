import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import type { LocalAws } from "../../gateway/types";
import type { ObjectStore, ObjectStores } from "../../warehouse";
import { actingAs } from "./roles";

/** What COPY reads through: S3 with the rights of the role (or keys) that the statement names. */
export function s3Stores(aws: LocalAws): ObjectStores {
  return (credentials, reader) => store(new S3Client(actingAs(aws, credentials, reader)));
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
