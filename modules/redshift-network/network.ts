import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import type { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Fn, type ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import { checkSubnets } from "./cidr";

/** What the networks of a warehouse have in common, whoever can reach it. */
export interface NetworkProps {
  /** Shown as the `Name` of everything in it. */
  readonly name: string;

  /** Addresses of the VPC, 16 to 28 mask bits. */
  readonly vpcCidr: string;

  /** Addresses of the subnets, at least two, each in an availability zone of its own as far as the Region has so many. */
  readonly subnetCidrs: readonly string[];
}

/** The VPC, on the construct of a network. Nobody may come in by its default security group. */
export function closedVpc(network: Construct, { name, vpcCidr, subnetCidrs }: NetworkProps): Vpc {
  // Said of the owner, whose properties these are.
  checkSubnets(network.node.scope ?? network, vpcCidr, subnetCidrs);
  const vpc = new Vpc(network, "vpc", {
    cidrBlock: vpcCidr,
    enableDnsSupport: true,
    enableDnsHostnames: true,
    tags: { Name: name },
  });
  new DefaultSecurityGroup(network, "closed", { vpcId: vpc.id, tags: { Name: `${name}-default-closed` } });
  return vpc;
}

export interface RoutedSubnetsProps extends NetworkProps {
  readonly vpc: Vpc;
  /** Part of the subnets' names. */
  readonly kind: "public" | "private";
  /** Where the subnets' traffic goes. */
  readonly table: RouteTable;
  /** The way out that `table` leads to: nothing routes by it before it is there. */
  readonly out: ITerraformDependable;
}

export interface RoutedSubnets {
  readonly subnets: readonly Subnet[];
  /** Ready when traffic can flow. */
  readonly routes: readonly RouteTableAssociation[];
}

/** The subnets, on the construct of a network, each in a zone of its own, and their routes. */
export function routedSubnets(
  network: Construct,
  { name, subnetCidrs, vpc, kind, table, out }: RoutedSubnetsProps,
): RoutedSubnets {
  // Zones by name would tie the stack to one Region; local zones, which take no cluster, are opted in to and so left out.
  const zones = new DataAwsAvailabilityZones(network, "zones", {
    state: "available",
    filter: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
  });
  const subnets = subnetCidrs.map(
    (cidrBlock, index) =>
      new Subnet(network, `subnet-${index + 1}`, {
        vpcId: vpc.id,
        cidrBlock,
        availabilityZone: Fn.element(zones.names, index),
        // Where a warehouse is public, Redshift gives its nodes their public addresses itself.
        mapPublicIpOnLaunch: false,
        tags: { Name: `${name}-${kind}-${index + 1}` },
      }),
  );
  const routes = subnets.map(
    (subnet, index) =>
      new RouteTableAssociation(network, `route-${index + 1}`, {
        subnetId: subnet.id,
        routeTableId: table.id,
        dependsOn: [out],
      }),
  );
  return { subnets, routes };
}
