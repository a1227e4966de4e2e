import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import type { Construct } from "constructs";
import { ConfigError } from "./check";
import type { Condition } from "./iam";

/** Roles of another account that a resource's own policy admits. */
export interface ForeignRoles {
  /** Account of the roles, 12 digits. */
  readonly accountId: string;

  /** ARNs of the roles; they need not be there yet. */
  readonly arns: readonly string[];
}

/**
 * The part of a resource policy's statement that says who: these roles and nobody else of their account.
 *
 * Not the roles as principals: AWS refuses a policy that names a role which is not there, and forgets one that is deleted and made anew, while
 * two stacks that name each other's roles cannot both go first. The account as principal with the role as condition says the same; either way the
 * role also needs the right in its own account.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
 */
export function admitted(scope: Construct, id: string, roles: ForeignRoles) {
  if (roles.arns.length === 0)
    throw new ConfigError(scope, "roles of another account must name at least one, got none");
  const { partition } = new DataAwsPartition(scope, id);
  return {
    principals: [{ type: "AWS", identifiers: [`arn:${partition}:iam::${roles.accountId}:root`] }],
    only: { test: "ArnEquals", variable: "aws:PrincipalArn", values: [...roles.arns] } satisfies Condition,
  };
}
