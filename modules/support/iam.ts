import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import type { Construct } from "constructs";

export interface Condition {
  readonly test: string;
  readonly variable: string;
  readonly values: readonly string[];
}

export interface Allow {
  readonly actions: readonly string[];
  readonly on: readonly string[];
  readonly when?: readonly Condition[];
}

/**
 * A role that `service` (such as `firehose.amazonaws.com`, or each of several) assumes, with no rights yet. `name` is for one that another
 * account's policies name before it is there; Terraform makes one otherwise.
 */
export function serviceRole(
  scope: Construct,
  id: string,
  service: string | readonly string[],
  when: readonly Condition[] = [],
  name?: string,
): IamRole {
  const trust = new DataAwsIamPolicyDocument(scope, `${id}-trust`, {
    statement: [
      {
        actions: ["sts:AssumeRole"],
        principals: [{ type: "Service", identifiers: [service].flat() }],
        ...conditions(when),
      },
    ],
  });
  return new IamRole(scope, id, { ...(name === undefined ? {} : { name }), assumeRolePolicy: trust.json });
}

/**
 * Gives `role` the statements and nothing else. Written as a policy document, not as a JSON string: scanners read it
 * and a diff shows the statement that changed.
 */
export function allow(scope: Construct, id: string, role: IamRole, ...statements: readonly Allow[]): IamRolePolicy {
  const document = new DataAwsIamPolicyDocument(scope, `${id}-document`, {
    statement: statements.map(({ actions, on, when = [] }) => ({
      actions: [...actions],
      resources: [...on],
      ...conditions(when),
    })),
  });
  return new IamRolePolicy(scope, id, { role: role.name, policy: document.json });
}

/** Left out when there are none: an empty block would stand in the JSON. */
function conditions(when: readonly Condition[]) {
  return when.length === 0 ? {} : { condition: when.map((c) => ({ ...c, values: [...c.values] })) };
}
