/** A provisioned cluster or a Serverless workgroup, as every call of the Data API names it. */
export type Warehouse = { readonly ClusterIdentifier: string } | { readonly WorkgroupName: string };

/** The database and who logs in: the secret's user, or without a secret the caller's own IAM identity. */
export type Connection = Warehouse & { readonly Database: string; readonly SecretArn?: string };
