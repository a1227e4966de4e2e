import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { checkSubnets } from "./cidr";

/** What a COPY asks of S3. */
const READ_ACTIONS = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetBucketLocation", "s3:ListBucket"];

export interface PrivateNetworkProps {
  /** Shown as the `Name` of everything in it. */
  readonly name: string;

  /** Region of the stack, such as `us-east-1`: the endpoint reaches the S3 of this Region and no other. */
  readonly region: string;

  /** Addresses of the VPC, 16 to 28 mask bits. */
  readonly vpcCidr: string;

  /** Addresses of the subnets, at least two, each in an availability zone of its own as far as the Region has so many. */
  readonly subnetCidrs: readonly string[];
}

/**
 * A VPC without an internet gateway: the only way out is the gateway endpoint for S3, which costs nothing and through which files can be read
 * and none written.
 *
 * SQL reaches the warehouse through the Redshift Data API, which AWS connects without a network path of ours.
 */
export class PrivateNetwork extends Construct {
  readonly vpc: Vpc;
  readonly subnets: readonly Subnet[];
  /** The way to S3; security groups name its `prefixListId`. */
  readonly s3: VpcEndpoint;
  /** Ready when COPY can read: a warehouse without them finds no file. */
  readonly routes: readonly RouteTableAssociation[];

  constructor(scope: Construct, id: string, props: PrivateNetworkProps) {
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

    const table = new RouteTable(this, "private", { vpcId: this.vpc.id, tags });
    const readOnly = new DataAwsIamPolicyDocument(this, "read-only", {
      statement: [
        {
          sid: "ReadOnly",
          principals: [{ type: "*", identifiers: ["*"] }],
          actions: READ_ACTIONS,
          resources: ["*"],
        },
      ],
    });
    this.s3 = new VpcEndpoint(this, "s3", {
      vpcId: this.vpc.id,
      serviceName: `com.amazonaws.${props.region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: [table.id],
      policy: readOnly.json,
      tags,
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
          mapPublicIpOnLaunch: false,
          tags: { Name: `${props.name}-private-${index + 1}` },
        }),
    );
    this.routes = this.subnets.map(
      (subnet, index) =>
        new RouteTableAssociation(this, `route-${index + 1}`, {
          subnetId: subnet.id,
          routeTableId: table.id,
          dependsOn: [this.s3],
        }),
    );
  }
}
