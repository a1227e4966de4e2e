import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import type { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Construct } from "constructs";
import { closedVpc, type NetworkProps, routedSubnets } from "./network";

export type PublicNetworkProps = NetworkProps;

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
    this.vpc = closedVpc(this, props);
    const tags = { Name: props.name };

    const gateway = new InternetGateway(this, "gateway", { vpcId: this.vpc.id, tags });
    const table = new RouteTable(this, "public", { vpcId: this.vpc.id, tags });
    const out = new Route(this, "to-internet", {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });

    ({ subnets: this.subnets, routes: this.routes } = routedSubnets(this, {
      ...props,
      vpc: this.vpc,
      kind: "public",
      table,
      out,
    }));
  }
}
