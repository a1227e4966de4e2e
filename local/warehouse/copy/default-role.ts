import { SqlError } from "../errors";
import type { Warehouse } from "../warehouse";
import type { CopyCredentials } from "./options";

/** `IAM_ROLE default`, by https://docs.aws.amazon.com/redshift/latest/mgmt/default-iam-role.html */
export function withDefault(credentials: CopyCredentials, { defaultRole }: Warehouse): CopyCredentials {
  if (!("roleArn" in credentials) || credentials.roleArn !== "default") return credentials;
  if (!defaultRole)
    throw new SqlError("Default IAM role is not set for the cluster: set one, or name a role in IAM_ROLE", "28000");
  return { roleArn: defaultRole };
}
