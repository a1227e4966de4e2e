import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { checkSubnets } from "./cidr";

export interface PublicNetworkProps {
  /** Shown as the `Name` of everything in it. */
  readonly name: string;

  /** Addresses of the VPC, 16 to 28 mask bits. */
  readonly vpcCidr: string;

  /** Addresses of the subnets, at least two, each in an availability zone of its own as far as the Region has so many. */
  readonly subnetCidrs: readonly string[];
}

/**
 * A VPC with public subnets and nothing private: a home for a warehouse that must be reachable from outside.
 *
 * What may come in is for the security groups; the default one admits nothing.
 */
export class PublicNetwork extends Construct {
  readonly vpc: Vpc;
  readonly subnets: readonly Subnet[];
  /** Ready when traffic can flow: a cluster must not be reachable by name before its subnets have a route. */
  readonly routes: readonly RouteTableAssociation[];

  constructor(scope: Construct, id: string, props: PublicNetworkProps) {
    super(scope, id);
    // Said of the owner, whose properties these are.
    checkSubnets(scope, props.vpcCidr, props.subnetCidrs);
    const tags = { Name: props.name };

    this.vpc = new Vpc(this, "vpc", {
      cidrBlock: props.vpcCidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags,
    });
    new DefaultSecurityGroup(this, "closed", { vpcId: this.vpc.id, tags: { Name: `${props.name}-default-closed` } });

    const gateway = new InternetGateway(this, "gateway", { vpcId: this.vpc.id, tags });
    const table = new RouteTable(this, "public", { vpcId: this.vpc.id, tags });
    const out = new Route(this, "to-internet", {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });

    // Zones by name would tie the stack to one Region; local zones, which take no cluster, are opted in to and so left out.
    const zones = new DataAwsAvailabilityZones(this, "zones", {
      state: "available",
      filter: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
    });
    this.subnets = props.subnetCidrs.map(
      (cidrBlock, index) =>
        new Subnet(this, `subnet-${index + 1}`, {
          vpcId: this.vpc.id,
          cidrBlock,
          availabilityZone: Fn.element(zones.names, index),
          // Redshift gives its nodes their public addresses itself.
          mapPublicIpOnLaunch: false,
          tags: { Name: `${props.name}-public-${index + 1}` },
        }),
    );
    this.routes = this.subnets.map(
      (subnet, index) =>
        new RouteTableAssociation(this, `route-${index + 1}`, {
          subnetId: subnet.id,
          routeTableId: table.id,
          dependsOn: [out],
        }),
    );
  }
}
