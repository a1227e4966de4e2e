import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { checkInteger, checkOneOf } from "../support/check";
import { FlowLogs } from "./flow-logs";
import { InterfaceEndpoint } from "./interface-endpoint";
import { checkPlan, NEW_BITS, ZONES } from "./plan";

const NATS = ["none", "one", "perAz"] as const;

export interface NetworkProps {
  /** `Name` of the VPC, by which others find it, and start of everything else's. */
  readonly name: string;

  /** Key that encrypts the flow logs. */
  readonly key: EncryptionKey;

  /**
   * Addresses of the VPC, 16 to 25 mask bits. Each subnet gets an eighth.
   *
   * @default "10.0.0.0/16"
   */
  readonly vpcCidr?: string;

  /**
   * How the private subnets reach the internet. `none`: not at all, only what has an endpoint or lies in the VPC. `one`: one NAT gateway,
   * whose zone takes the others down with it. `perAz`: one in each zone. Each is billed by the hour and by the gigabyte.
   *
   * @default "none"
   */
  readonly nat?: (typeof NATS)[number];

  /**
   * Free addresses that each private subnet must have; fewer are refused. AWS keeps 5 of every subnet.
   *
   * @default 0
   */
  readonly privateAddresses?: number;

  /**
   * Networks that will be connected with this one (a VPN's clients, an office), by the name of the setting they come from: none may
   * share an address with the VPC.
   *
   * @default - none
   */
  readonly apartFrom?: Readonly<Record<string, string>>;

  /**
   * Days the flow logs are kept.
   *
   * @default 30
   */
  readonly flowLogRetentionDays?: number;
}

/**
 * A VPC over three availability zones, with a public and a private subnet in each, and flow logs.
 *
 * What lies in a private subnet reaches S3 and what else has an endpoint, and nothing outside: without `nat` a function there cannot
 * call an AWS API unless `endpoint` was asked for it.
 *
 * @example
 * const network = new Network(this, "network", { name: "orders", key });
 * new LambdaFunction(this, "topic", { ..., network: { subnets: network.privateSubnets, securityGroup } });
 */
export class Network extends Construct {
  readonly vpc: Vpc;

  /** One in each zone, with a route to the internet; tagged `Tier` = `Public`. */
  readonly publicSubnets: readonly Subnet[];

  /** One in each zone; tagged `Tier` = `Private`, by which others find them. */
  readonly privateSubnets: readonly Subnet[];

  private readonly name: string;
  private readonly region: string;
  private readonly zones: DataAwsAvailabilityZones;
  private readonly endpoints = new Map<string, InterfaceEndpoint>();

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const vpcCidr = props.vpcCidr ?? "10.0.0.0/16";
    const nat = checkOneOf(this, "nat", props.nat ?? "none", NATS);
    const retentionDays = checkInteger(this, "flowLogRetentionDays", props.flowLogRetentionDays ?? 30, 1, 3653);
    checkPlan(this, { vpcCidr, privateAddresses: props.privateAddresses ?? 0, apartFrom: props.apartFrom ?? {} });

    this.name = props.name;
    this.vpc = new Vpc(this, "vpc", {
      cidrBlock: vpcCidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: { Name: props.name },
    });
    new DefaultSecurityGroup(this, "closed", {
      vpcId: this.vpc.id,
      tags: { Name: `${props.name}-default-closed` },
    });
    // By name they would tie the stack to one Region; local zones are opted in to, and take no broker.
    this.zones = new DataAwsAvailabilityZones(this, "zones", {
      state: "available",
      filter: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
    });
    this.region = new DataAwsRegion(this, "region").name;
    this.publicSubnets = this.createSubnets("Public", 0);
    this.privateSubnets = this.createSubnets("Private", ZONES);
    this.routePublic();
    this.routePrivate(nat);
    new FlowLogs(this, "flow-logs", { name: props.name, vpc: this.vpc, key: props.key, retentionDays });
  }

  /**
   * A way to an AWS service by its endpoint name (`ssm`, `secretsmanager`) for one caller, and for nobody else: asked again for the same
   * service, the caller is let in to the endpoint that is there. It is billed by the hour and zone, so none is made without a caller.
   */
  endpoint(service: string, caller: { readonly id: string; readonly securityGroup: SecurityGroup }): void {
    const known = this.endpoints.get(service);
    const endpoint =
      known ??
      new InterfaceEndpoint(this, `endpoint-${service}`, {
        name: `${this.name}-endpoint-${service}`,
        serviceName: `com.amazonaws.${this.region}.${service}`,
        vpc: this.vpc,
        subnets: this.privateSubnets,
      });
    this.endpoints.set(service, endpoint);
    endpoint.admit(caller.id, caller.securityGroup);
  }

  /** The article's own arithmetic: `cidrsubnet(VPC, 3, n)`, the public ones first. */
  private createSubnets(tier: "Public" | "Private", first: number): readonly Subnet[] {
    const id = tier.toLowerCase();
    return Array.from(
      { length: ZONES },
      (_, index) =>
        new Subnet(this, `${id}-${index + 1}`, {
          vpcId: this.vpc.id,
          cidrBlock: Fn.cidrsubnet(this.vpc.cidrBlock, NEW_BITS, first + index),
          availabilityZone: Fn.element(this.zones.names, index),
          // A host that must be reached is given an address of its own.
          mapPublicIpOnLaunch: false,
          tags: { Name: `${this.name}-${id}-${index + 1}`, Tier: tier },
        }),
    );
  }

  private routePublic(): void {
    const tags = { Name: `${this.name}-public` };
    const gateway = new InternetGateway(this, "gateway", { vpcId: this.vpc.id, tags });
    const table = new RouteTable(this, "public-table", { vpcId: this.vpc.id, tags });
    new Route(this, "public-to-internet", {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });
    for (const [index, subnet] of this.publicSubnets.entries()) {
      new RouteTableAssociation(this, `public-route-${index + 1}`, { subnetId: subnet.id, routeTableId: table.id });
    }
  }

  /** A table for each private subnet, whatever `nat` says: another choice then changes routes and no association. */
  private routePrivate(nat: (typeof NATS)[number]): void {
    const gateways = this.createNats(nat === "none" ? 0 : nat === "one" ? 1 : ZONES);
    const tables = this.privateSubnets.map((subnet, index) => {
      const zone = index + 1;
      const tags = { Name: `${this.name}-private-${zone}` };
      const table = new RouteTable(this, `private-table-${zone}`, { vpcId: this.vpc.id, tags });
      new RouteTableAssociation(this, `private-route-${zone}`, { subnetId: subnet.id, routeTableId: table.id });
      const gateway = gateways[index] ?? gateways[0];
      if (gateway) {
        new Route(this, `private-to-internet-${zone}`, {
          routeTableId: table.id,
          destinationCidrBlock: "0.0.0.0/0",
          natGatewayId: gateway.id,
        });
      }
      return table;
    });
    // Free, and with enhanced VPC routing the only way of COPY and UNLOAD.
    new VpcEndpoint(this, "s3", {
      vpcId: this.vpc.id,
      serviceName: `com.amazonaws.${this.region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: tables.map(({ id }) => id),
      tags: { Name: `${this.name}-s3` },
    });
  }

  private createNats(count: number): readonly NatGateway[] {
    return this.publicSubnets.slice(0, count).map((subnet, index) => {
      const tags = { Name: `${this.name}-nat-${index + 1}` };
      const address = new Eip(this, `nat-address-${index + 1}`, { domain: "vpc", tags });
      return new NatGateway(this, `nat-${index + 1}`, { allocationId: address.id, subnetId: subnet.id, tags });
    });
  }
}
