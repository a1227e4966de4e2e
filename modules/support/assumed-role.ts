import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { Construct } from "constructs";
import { admitted, type ForeignRoles } from "./foreign-roles";

/** A role of another stack, perhaps of another account, by its ARN; it need not be there yet. */
export interface OtherRole {
  readonly accountId: string;
  readonly arn: string;
}

/** A role that these others assume and nobody else, with `external` only if they say this external id besides. It has no rights yet. */
export function assumedBy(
  scope: Construct,
  id: string,
  name: string,
  by: ForeignRoles,
  external?: { readonly test: string; readonly value: string },
): IamRole {
  const { principals, only } = admitted(scope, `${id}-partition`, by);
  const said = external && { test: external.test, variable: "sts:ExternalId", values: [external.value] };
  const trust = new DataAwsIamPolicyDocument(scope, `${id}-trust`, {
    statement: [{ actions: ["sts:AssumeRole"], principals, condition: said ? [only, said] : [only] }],
  });
  return new IamRole(scope, id, { name, assumeRolePolicy: trust.json });
}
