import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { ClientConfig, LocalAws } from "../../gateway/types";
import type { CopyCredentials, ObjectStore, ObjectStores, Reader } from "../../warehouse";

/** https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service-chaining-roles.html: a chained session lasts an hour. */
const CHAINED_SECONDS = 3600;

/**
 * What COPY reads through: S3 with the rights of the role (or keys) that the statement names.
 * A role associated with the cluster is assumed by Redshift. Any other can only be Firehose's, whose own COPY names its own role, so
 * Firehose assumes it, and its trust policy must admit Firehose. In a chain each role assumes the next, and says the database user's ARN as its
 * external id, which the next role's trust policy may ask for.
 */
export function s3Stores(aws: LocalAws): ObjectStores {
  return (credentials, reader) => {
    const config = configFor(aws, credentials, reader);
    const chain = "roleArn" in credentials ? (credentials.chain ?? []) : [];
    return store(new S3Client(chain.reduce((before, role) => chained(aws, before, role, reader), config)));
  };
}

function configFor(aws: LocalAws, credentials: CopyCredentials, reader: Reader): ClientConfig {
  if (!("roleArn" in credentials)) return { ...aws.internal, credentials };
  const principal = reader.roles.has(credentials.roleArn) ? "redshift.amazonaws.com" : "firehose.amazonaws.com";
  return aws.as(credentials.roleArn, principal);
}

function chained({ region, accountId }: LocalAws, config: ClientConfig, role: string, reader: Reader): ClientConfig {
  const credentials = async () => {
    const sts = new STSClient(config);
    try {
      const { Credentials: keys } = await sts.send(
        new AssumeRoleCommand({
          RoleArn: role,
          RoleSessionName: "RedshiftIamRoleSession",
          DurationSeconds: CHAINED_SECONDS,
          ExternalId: `arn:aws:redshift:${region}:${accountId}:dbuser:${reader.name}/${reader.user}`,
        }),
      );
      return {
        accessKeyId: keys!.AccessKeyId!,
        secretAccessKey: keys!.SecretAccessKey!,
        sessionToken: keys!.SessionToken!,
        expiration: keys!.Expiration!,
      };
    } finally {
      sts.destroy();
    }
  };
  return { ...config, credentials };
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
