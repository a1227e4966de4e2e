import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import type { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { Construct } from "constructs";
import { closedVpc, type NetworkProps, routedSubnets } from "./network";

/** What a COPY asks of S3. */
const READ_ACTIONS = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetBucketLocation", "s3:ListBucket"];

export interface PrivateNetworkProps extends NetworkProps {
  /** Region of the stack, such as `us-east-1`: the endpoint reaches the S3 of this Region and no other. */
  readonly region: string;
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
    this.vpc = closedVpc(this, props);
    const tags = { Name: props.name };

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

    ({ subnets: this.subnets, routes: this.routes } = routedSubnets(this, {
      ...props,
      vpc: this.vpc,
      kind: "private",
      table,
      out: this.s3,
    }));
  }
}
