import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { Construct } from "constructs";

export interface AdmitFirehoseProps {
  readonly name: string;
  readonly vpc: Vpc;
  /** Addresses of the Region's Firehose, from `firehoseCidrOf`. */
  readonly firehoseCidr: string;
  /** Port the warehouse listens on. */
  readonly port: number;
}

/**
 * A security group, on `scope`, with one way in and none out: without enhanced VPC routing COPY goes through AWS's own network, not
 * through this group.
 */
export function admitFirehose(scope: Construct, { name, vpc, firehoseCidr, port }: AdmitFirehoseProps): SecurityGroup {
  const group = new SecurityGroup(scope, "security-group", {
    name,
    description: "Warehouse: SQL from the Firehose of this Region",
    vpcId: vpc.id,
    tags: { Name: name },
  });
  new VpcSecurityGroupIngressRule(scope, "from-firehose", {
    securityGroupId: group.id,
    description: "SQL from the Firehose of this Region",
    cidrIpv4: firehoseCidr,
    ipProtocol: "tcp",
    fromPort: port,
    toPort: port,
  });
  return group;
}
