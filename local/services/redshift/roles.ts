import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { ClientConfig, LocalAws } from "../../gateway/types";
import type { CopyCredentials, Reader } from "../../warehouse";

/** https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service-chaining-roles.html: a chained session lasts an hour. */
const CHAINED_SECONDS = 3600;

/**
 * Clients with the rights of the role (or keys) that a statement names.
 * A role associated with the cluster is assumed by Redshift. Any other can only be Firehose's, whose own COPY names its own role, so
 * Firehose assumes it, and its trust policy must admit Firehose. In a chain each role assumes the next, and says the database user's ARN as its
 * external id, which the next role's trust policy may ask for.
 */
export function actingAs(aws: LocalAws, credentials: CopyCredentials, reader: Reader): ClientConfig {
  const chain = "roleArn" in credentials ? (credentials.chain ?? []) : [];
  return chain.reduce((before, role) => chained(aws, before, role, reader), configFor(aws, credentials, reader));
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
