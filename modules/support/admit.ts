import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";

export interface Admission {
  /** Id of the security group that calls. */
  readonly from: string;
  /** Id of the security group that is called. */
  readonly to: string;
  /** TCP port. */
  readonly port: number;
  /** Said on both rules. */
  readonly what: string;
}

/**
 * Lets one security group connect to another on one TCP port: a rule out of the one and a rule into the other, each a resource of its own,
 * so that a diff shows the rule that changed and another stack can add its own. Answers both, for what must wait until the way is open.
 */
export function admit(
  scope: Construct,
  id: string,
  { from, to, port, what }: Admission,
): readonly ITerraformDependable[] {
  const common = { description: what, ipProtocol: "tcp", fromPort: port, toPort: port };
  const out = new VpcSecurityGroupEgressRule(scope, `${id}-out`, {
    ...common,
    securityGroupId: from,
    referencedSecurityGroupId: to,
  });
  const into = new VpcSecurityGroupIngressRule(scope, `${id}-in`, {
    ...common,
    securityGroupId: to,
    referencedSecurityGroupId: from,
  });
  return [out, into];
}
