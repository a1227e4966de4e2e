import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { Construct } from "constructs";
import { DEFAULT_SCHEMA, type LoadTable } from "../../lambda-src/load/table";
import type { Grant } from "../../lambda-src/run-migrations/event";
import { type Allow, allow } from "../support/iam";

/** The warehouse that files are loaded into: a provisioned cluster (`RedshiftCluster` is one) or a workgroup (`RedshiftServerless`). */
export type LoadTarget = {
  /** ARN of the cluster or workgroup. */
  readonly arn: string;
  readonly database: string;
  /** Role of `IAM_ROLE default`, which COPY reads the bucket with. */
  readonly copyRole: IamRole;
} & ({ readonly identifier: string } | { readonly workgroupName: string });

/** A warehouse of another stack, perhaps of another account. `WarehouseAccess` makes its roles there. */
export type ForeignLoadTarget = {
  readonly database: string;

  /** Role beside the warehouse that the loading functions assume to run SQL; its database user is `IAMR:<role>`. */
  readonly loadRoleArn: string;

  /** External id that this role asks for. */
  readonly externalId: string;

  /** What stands in COPY's IAM_ROLE: the warehouse's own role, which assumes the bucket's (`BucketRole`). */
  readonly copyRoleArns: readonly [warehouse: string, bucket: string];
} & ({ readonly identifier: string } | { readonly workgroupName: string });

export const isForeign = (target: LoadTarget | ForeignLoadTarget): target is ForeignLoadTarget =>
  "loadRoleArn" in target;

const SUBMIT_ACTIONS = ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"];
const FOLLOW_ACTIONS = [
  "redshift-data:DescribeStatement",
  "redshift-data:GetStatementResult",
  "redshift-data:CancelStatement",
];

/** Where it is, as the functions' environment says it. */
export const whereIs = (target: LoadTarget | ForeignLoadTarget): Readonly<Record<string, string>> =>
  "workgroupName" in target ? { WORKGROUP_NAME: target.workgroupName } : { CLUSTER_IDENTIFIER: target.identifier };

/** By which roles it is loaded, as the functions' environment says it. */
export const rolesOf = (target: LoadTarget | ForeignLoadTarget) =>
  isForeign(target)
    ? {
        COPY_ROLE: target.copyRoleArns.join(","),
        DATA_API_ROLE: target.loadRoleArn,
        DATA_API_EXTERNAL_ID: target.externalId,
      }
    : { COPY_ROLE: "default" };

/**
 * Lets `role` run SQL on this warehouse as its own database user, `IAMR:<role>`, or as the user of a secret that it may read; the migrations
 * make either.
 */
export function allowLoad(
  scope: Construct,
  id: string,
  role: IamRole,
  target: LoadTarget | ForeignLoadTarget,
  secretArn?: string,
): void {
  if (isForeign(target)) {
    allow(scope, id, role, { actions: ["sts:AssumeRole"], on: [target.loadRoleArn] });
    return;
  }
  allow(
    scope,
    id,
    role,
    { actions: SUBMIT_ACTIONS, on: [target.arn] },
    {
      // A statement has no ARN. It belongs to the session that submitted it, and the condition leaves only those.
      actions: FOLLOW_ACTIONS,
      on: ["*"],
      when: [{ test: "StringEquals", variable: "redshift-data:statement-owner-iam-userid", values: ["&{aws:userid}"] }],
    },
    secretArn === undefined
      ? login(scope, id, target)
      : { actions: ["secretsmanager:GetSecretValue"], on: [secretArn] },
  );
}

/** Lets `role` read one SecureString, and the key's part in that. What it may do in the warehouse is that user's grants. */
export function allowLogin(scope: Construct, id: string, role: IamRole, parameterArn: string, keyArn: string): void {
  allow(
    scope,
    id,
    role,
    { actions: ["ssm:GetParameter"], on: [parameterArn] },
    {
      actions: ["kms:Decrypt"],
      on: [keyArn],
      // SSM gives the parameter's ARN as the context: https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
      when: [{ test: "StringEquals", variable: "kms:EncryptionContext:PARAMETER_ARN", values: [parameterArn] }],
    },
  );
}

/** https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html: temporary credentials of the caller's own identity. */
function login(scope: Construct, id: string, target: LoadTarget): Allow {
  if ("workgroupName" in target) return { actions: ["redshift-serverless:GetCredentials"], on: [target.arn] };
  const { partition } = new DataAwsPartition(scope, `${id}-partition`);
  const { name: region } = new DataAwsRegion(scope, `${id}-region`);
  const { accountId } = new DataAwsCallerIdentity(scope, `${id}-account`);
  const database = `arn:${partition}:redshift:${region}:${accountId}:dbname:${target.identifier}/${target.database}`;
  return { actions: ["redshift:GetClusterCredentialsWithIAM"], on: [database] };
}

/** Table that a load is recorded in, in the warehouse itself. A migration makes it. */
export const LOADS = { schema: "redstream", table: "loads" } as const;

/** What the database user of a loading role needs: its tables to read, fill and replace rows of (which is also what LOCK asks), and the record. */
export const loadsInto = (tables: readonly LoadTable[]): readonly Grant[] => [
  ...tables.map(
    ({ name, schema = DEFAULT_SCHEMA }): Grant => ({
      schema,
      table: name,
      privileges: ["SELECT", "INSERT", "DELETE"],
    }),
  ),
  { ...LOADS, privileges: ["SELECT", "INSERT"] },
];
