import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError } from "../support/check";
import type { RedshiftServerlessProps } from "./redshift-serverless";

/** Where a workgroup lies. */
export interface Lies {
  readonly subnets: readonly Subnet[];
  /** What makes its subnets reachable; empty where somebody else sees to that. */
  readonly routes: readonly ITerraformDependable[];
  readonly securityGroup: SecurityGroup;
}

/** What belongs to a VPC of the workgroup's own, or to somebody who delivers. */
const ALONE = ["delivery", "vpcCidr", "subnetCidrs"] as const;

/** A security group, on `scope`, without a rule, in the network that the properties name. */
export function placeWithin(scope: Construct, props: RedshiftServerlessProps): Lies {
  const { vpc, subnets } = props.within!;
  const useless = ALONE.find((name) => props[name] !== undefined);
  if (useless !== undefined) {
    throw new ConfigError(scope, `${useless} is for a warehouse with a VPC of its own, and not for one within another`);
  }
  if (props.enhancedVpcRouting === false) {
    throw new ConfigError(
      scope,
      "enhancedVpcRouting must not be false within a network: streaming reads the brokers through it",
    );
  }
  if (subnets.length < 3) {
    throw new ConfigError(
      scope,
      `within.subnets must be at least 3, each in a zone of its own, which enhanced VPC routing needs, got ${subnets.length}`,
    );
  }
  const name = `${props.name}-warehouse`;
  const securityGroup = new SecurityGroup(scope, "security-group", {
    name,
    description: "Warehouse: SQL from those who are admitted",
    vpcId: vpc.id,
    tags: { Name: name },
  });
  return { subnets, routes: [], securityGroup };
}
