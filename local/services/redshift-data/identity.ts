import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { AwsError, type Caller, type LocalAws } from "../../gateway/types";
import type { Session, Warehouse, Warehouses } from "../../warehouse";
import { type Input, invalid } from "./input";

/** Where a call goes and as whom, checked; `open` makes the session. */
export interface Identity {
  readonly warehouse: Warehouse;
  readonly cluster: string;
  readonly database: string;
  readonly secretArn?: string;
  readonly dbUser?: string;
  open(): Promise<Session>;
}

/**
 * Who a call is for the database, by https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations:
 * the user of a secret that the caller may read, a database user by GetClusterCredentials, or the caller's own IAM identity.
 */
export async function identify(
  aws: LocalAws,
  warehouses: Warehouses,
  caller: Caller | undefined,
  input: Input,
  action: string,
): Promise<Identity> {
  const cluster = clusterOf(input);
  const arn = (kind: string, name: string) => `arn:aws:redshift:${aws.region}:${aws.accountId}:${kind}:${name}`;
  await aws.authorize(caller, `redshift-data:${action}`, arn("cluster", cluster));
  const warehouse = warehouses.named(cluster);
  if (!warehouse) throw invalid("Redshift endpoint doesn't exist in this region.");
  const database = input.require("Database").toLowerCase();
  const secretArn = input.string("SecretArn");
  const dbUser = input.string("DbUser");
  if (secretArn && dbUser) throw invalid("SecretArn and DbUser cannot be given together.");
  if (database !== warehouse.settings.database) throw invalid(`FATAL: database "${database}" does not exist`);
  const common = { warehouse, cluster, database };
  if (secretArn) {
    const { username, password } = await readSecret(aws, caller!, secretArn);
    return { ...common, secretArn, open: () => warehouse.login(database, username, password) };
  }
  if (dbUser) {
    await aws.authorize(caller, "redshift:GetClusterCredentials", arn("dbuser", `${cluster}/${dbUser}`));
    await aws.authorize(caller, "redshift:GetClusterCredentials", arn("dbname", `${cluster}/${database}`));
    return { ...common, dbUser, open: () => warehouse.enter(database, dbUser) };
  }
  await aws.authorize(caller, "redshift:GetClusterCredentialsWithIAM", arn("dbname", `${cluster}/${database}`));
  const user = databaseUser(caller!);
  return { ...common, dbUser: user, open: () => warehouse.enter(database, user, { create: true }) };
}

function clusterOf(input: Input): string {
  const cluster = input.string("ClusterIdentifier");
  const workgroup = input.string("WorkgroupName");
  if (workgroup && cluster) throw invalid("ClusterIdentifier and WorkgroupName cannot be given together.");
  if (workgroup)
    throw invalid(`WorkgroupName ${workgroup}: Redshift Serverless is not carried by the local Redshift Data API.`);
  if (!cluster) throw invalid("Either ClusterIdentifier or WorkgroupName must be given.");
  return cluster;
}

/** `IAMR:role` of an assumed role, `IAM:user` of anyone else. Not a superuser. */
export function databaseUser(caller: Caller): string {
  const [, , , , , resource = ""] = caller.arn.split(":");
  const [kind, name = "root"] = resource.split("/");
  return kind === "assumed-role" ? `IAMR:${name}` : `IAM:${resource.split("/").at(-1) ?? name}`;
}

/** Reads the secret as the caller, with the caller's own keys: the Data API has no rights of its own. */
async function readSecret(
  aws: LocalAws,
  caller: Caller,
  secretArn: string,
): Promise<{ username: string; password: string }> {
  const client = new SecretsManagerClient({ ...aws.internal, credentials: caller.credentials });
  let text: string | undefined;
  try {
    text = (await client.send(new GetSecretValueCommand({ SecretId: secretArn }))).SecretString;
  } catch (error) {
    const { name, message } = error as Error;
    if (/AccessDenied|UnauthorizedOperation/.test(name)) throw new AwsError("AccessDeniedException", message, 400);
    if (name === "ResourceNotFoundException")
      throw invalid(`Secrets Manager can't find the specified secret: ${secretArn}`);
    throw error;
  } finally {
    client.destroy();
  }
  let secret: { username?: unknown; password?: unknown } | null = null;
  try {
    secret = JSON.parse(text ?? "");
  } catch {}
  if (typeof secret?.username !== "string" || typeof secret.password !== "string") {
    throw invalid(`The secret ${secretArn} must be JSON with "username" and "password".`);
  }
  return { username: secret.username, password: secret.password };
}
