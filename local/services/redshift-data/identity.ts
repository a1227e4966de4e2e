import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { AwsError, type Caller, type LocalAws } from "../../gateway/types";
import type { Session, Warehouse, Warehouses } from "../../warehouse";
import { type Input, invalid } from "./input";

/** Where a call goes and as whom, checked; `open` makes the session. */
export interface Identity {
  readonly warehouse: Warehouse;
  /** The warehouse as the call named it, and answers name it again. */
  readonly where: { readonly ClusterIdentifier: string } | { readonly WorkgroupName: string };
  /** ARN of the cluster or workgroup. */
  readonly arn: string;
  readonly database: string;
  readonly secretArn?: string;
  readonly dbUser?: string;
  open(): Promise<Session>;
}

/** A warehouse that a call names, with what policies are asked for it. */
interface Place {
  readonly where: Identity["where"];
  /** ARN of the cluster or workgroup. */
  readonly arn: string;
  /** Undefined when there is none of that name. */
  readonly warehouse: Warehouse | undefined;
  /** Action and resource that let the caller in under its own identity. */
  credentials(database: string): readonly [action: string, resource: string];
}

/**
 * Who a call is for the database, by https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations:
 * the user of a secret that the caller may read, a database user by GetClusterCredentials (of a cluster only), or the caller's own
 * IAM identity.
 */
export async function identify(
  aws: LocalAws,
  warehouses: Warehouses,
  caller: Caller | undefined,
  input: Input,
  action: string,
): Promise<Identity> {
  const { where, arn, warehouse, credentials } = placeOf(aws, warehouses, input);
  await aws.authorize(caller, `redshift-data:${action}`, arn);
  if (!warehouse) throw invalid("Redshift endpoint doesn't exist in this region.");
  const database = input.require("Database").toLowerCase();
  const secretArn = input.string("SecretArn");
  const dbUser = input.string("DbUser");
  if (secretArn && dbUser) throw invalid("SecretArn and DbUser cannot be given together.");
  if (dbUser && "WorkgroupName" in where) throw invalid("DbUser cannot be given with WorkgroupName.");
  if (database !== warehouse.settings.database) throw invalid(`FATAL: database "${database}" does not exist`);
  const common = { warehouse, where, arn, database };
  if (secretArn) {
    const { username, password } = await readSecret(aws, caller!, secretArn);
    return { ...common, secretArn, open: () => warehouse.login(database, username, password) };
  }
  if (dbUser) {
    const named = (kind: string, name: string) => arn.replace(/:cluster:(.*)$/, `:${kind}:$1/${name}`);
    await aws.authorize(caller, "redshift:GetClusterCredentials", named("dbuser", dbUser));
    await aws.authorize(caller, "redshift:GetClusterCredentials", named("dbname", database));
    return { ...common, dbUser, open: () => warehouse.enter(database, dbUser) };
  }
  await aws.authorize(caller, ...credentials(database));
  const user = databaseUser(caller!);
  return { ...common, dbUser: user, open: () => warehouse.enter(database, user, { create: true }) };
}

function placeOf(aws: LocalAws, warehouses: Warehouses, input: Input): Place {
  const ClusterIdentifier = input.string("ClusterIdentifier");
  const WorkgroupName = input.string("WorkgroupName");
  if (WorkgroupName && ClusterIdentifier)
    throw invalid("ClusterIdentifier and WorkgroupName cannot be given together.");
  const { region, accountId } = aws;
  if (WorkgroupName) {
    const workgroup = warehouses.workgroups.get(WorkgroupName);
    // A workgroup's ARN holds its id: one that is not there has none that a policy could name.
    const arn = workgroup?.arn ?? `arn:aws:redshift-serverless:${region}:${accountId}:workgroup/*`;
    const credentials = () => ["redshift-serverless:GetCredentials", arn] as const;
    return { where: { WorkgroupName }, arn, warehouse: workgroup?.warehouse, credentials };
  }
  if (!ClusterIdentifier) throw invalid("Either ClusterIdentifier or WorkgroupName must be given.");
  const arn = `arn:aws:redshift:${region}:${accountId}:cluster:${ClusterIdentifier}`;
  return {
    where: { ClusterIdentifier },
    arn,
    warehouse: warehouses.named(ClusterIdentifier),
    credentials: (database) => [
      "redshift:GetClusterCredentialsWithIAM",
      `arn:aws:redshift:${region}:${accountId}:dbname:${ClusterIdentifier}/${database}`,
    ],
  };
}

/** `IAMR:role` of an assumed role, `IAM:user` of anyone else. Not a superuser. */
function databaseUser(caller: Caller): string {
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
