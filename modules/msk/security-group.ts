import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import type { Construct } from "constructs";

/** Group of the brokers, without a rule of its own: who may connect is a rule beside whoever it is. */
export function brokerGroup(scope: Construct, name: string, vpc: Vpc): SecurityGroup {
  return new SecurityGroup(scope, "security-group", {
    name: `${name}-brokers`,
    description: "Brokers: Kafka from those who are admitted",
    vpcId: vpc.id,
    tags: { Name: `${name}-brokers` },
  });
}
