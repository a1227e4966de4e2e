import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import type { Construct } from "constructs";
import type { PrivateNetwork } from "./private-network";

/**
 * A security group, on `scope`, with no way in and one out: with enhanced VPC routing COPY goes through it, to the S3 of the Region over TLS.
 */
export function onlyS3(
  scope: Construct,
  { name, network }: { readonly name: string; readonly network: PrivateNetwork },
): SecurityGroup {
  const group = new SecurityGroup(scope, "security-group", {
    name,
    description: "Warehouse: files from S3, SQL through the Data API",
    vpcId: network.vpc.id,
    tags: { Name: name },
  });
  new VpcSecurityGroupEgressRule(scope, "to-s3", {
    securityGroupId: group.id,
    description: "Files of COPY, from the S3 of this Region",
    prefixListId: network.s3.prefixListId,
    ipProtocol: "tcp",
    fromPort: 443,
    toPort: 443,
  });
  return group;
}
