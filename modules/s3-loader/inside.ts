import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { Fn, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Bucket } from "../bucket";
import { admit } from "../support/admit";
import type { Ledger } from "./ledger";

const HTTPS = 443;

/** What the functions of the loader and of a replay do with the bucket, and with the ledger. */
const S3_ACTIONS = [
  "s3:GetObject",
  "s3:GetObjectVersion",
  "s3:PutObject",
  "s3:RestoreObject",
  "s3:ListBucket",
  "s3:ListBucketVersions",
];
const LEDGER_ACTIONS = ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:BatchGetItem"];

/** A warehouse that functions connect to by a driver, and the SecureString that holds their user and its password. */
export interface DriverLogin {
  /** Region of the stack, such as `us-east-1`. */
  readonly region: string;
  /** Host name and port of the warehouse's endpoint. */
  readonly host: string;
  readonly port: number;
  /** Security group of the warehouse; the functions go into its VPC and are let in. */
  readonly securityGroup: SecurityGroup;
  readonly parameter: { readonly name: string; readonly arn: string };
  /**
   * Addresses for the functions, in the warehouse's VPC and apart from its subnets: two, each in a zone of its own.
   *
   * @default ["10.0.128.0/24", "10.0.129.0/24"]
   */
  readonly subnetCidrs?: readonly string[];
}

export interface InsideProps {
  readonly name: string;
  readonly login: DriverLogin;
  readonly bucket: Bucket;
  readonly ledger: Ledger;
}

/**
 * Where functions run that connect to the warehouse: subnets of its VPC, without a way to the internet. They reach the warehouse's port, and by endpoints what
 * they call: the bucket, the ledger, the parameter. Nothing else: KMS is called by those three in the functions' name, and SQS, logs and traces by Lambda.
 *
 * The subnets have a route table and an S3 endpoint of their own, as the warehouse's lets nobody write, and a load writes its manifest.
 */
export class Inside extends Construct {
  readonly subnets: readonly Subnet[];
  readonly securityGroup: SecurityGroup;
  /** What must be there before a function can do anything. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { name, login, bucket, ledger }: InsideProps) {
    super(scope, id);
    const tags = { Name: name };
    const vpcId = login.securityGroup.vpcId;
    const zones = new DataAwsAvailabilityZones(this, "zones", {
      state: "available",
      filter: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
    });
    const cidrs = login.subnetCidrs ?? ["10.0.128.0/24", "10.0.129.0/24"];
    this.subnets = cidrs.map(
      (cidrBlock, index) =>
        new Subnet(this, `subnet-${index + 1}`, {
          vpcId,
          cidrBlock,
          availabilityZone: Fn.element(zones.names, index),
          mapPublicIpOnLaunch: false,
          tags: { Name: `${name}-${index + 1}` },
        }),
    );
    const table = new RouteTable(this, "routes", { vpcId, tags });
    const associations = this.subnets.map(
      (subnet, index) =>
        new RouteTableAssociation(this, `route-${index + 1}`, { subnetId: subnet.id, routeTableId: table.id }),
    );
    this.securityGroup = new SecurityGroup(this, "security-group", {
      name,
      description: "Functions that load: to the warehouse and to what has an endpoint",
      vpcId,
      tags,
    });

    const service = (service: string) => `com.amazonaws.${login.region}.${service}`;
    const gateway = (kind: string, actions: readonly string[], on: readonly string[]) =>
      new VpcEndpoint(this, kind, {
        vpcId,
        serviceName: service(kind),
        vpcEndpointType: "Gateway",
        routeTableIds: [table.id],
        policy: this.only(kind, actions, on),
        tags: { Name: `${name}-${kind}` },
      });
    const gateways = [
      ["s3", gateway("s3", S3_ACTIONS, [bucket.arn, `${bucket.arn}/*`])],
      ["dynamodb", gateway("dynamodb", LEDGER_ACTIONS, [ledger.table.arn])],
    ] as const;
    const out = gateways.map(
      ([kind, { prefixListId }]) =>
        new VpcSecurityGroupEgressRule(this, `to-${kind}`, {
          securityGroupId: this.securityGroup.id,
          description: `HTTPS to ${kind} of this Region`,
          prefixListId,
          ipProtocol: "tcp",
          fromPort: HTTPS,
          toPort: HTTPS,
        }),
    );
    const endpointGroup = new SecurityGroup(this, "ssm-security-group", {
      name: `${name}-ssm`,
      description: "Endpoint: HTTPS from the functions that load",
      vpcId,
      tags: { Name: `${name}-ssm` },
    });
    const ssm = new VpcEndpoint(this, "ssm", {
      vpcId,
      serviceName: service("ssm"),
      vpcEndpointType: "Interface",
      subnetIds: this.subnets.map((subnet) => subnet.id),
      securityGroupIds: [endpointGroup.id],
      privateDnsEnabled: true,
      policy: this.only("ssm", ["ssm:GetParameter"], [login.parameter.arn]),
      tags: { Name: `${name}-ssm` },
    });
    const from = this.securityGroup.id;
    this.ready = [
      ...associations,
      ...gateways.map(([, endpoint]) => endpoint),
      ...out,
      ssm,
      ...admit(this, "ssm-calls", {
        from,
        to: endpointGroup.id,
        port: HTTPS,
        what: "HTTPS of the functions that load",
      }),
      ...admit(this, "sql", {
        from,
        to: login.securityGroup.id,
        port: login.port,
        what: "SQL of the functions that load",
      }),
    ];
  }

  /** As a function's configuration names it. */
  get network(): { readonly subnetIds: readonly string[]; readonly securityGroupId: string } {
    return { subnetIds: this.subnets.map(({ id }) => id), securityGroupId: this.securityGroup.id };
  }

  /** An endpoint gives nobody a right; its policy bounds what goes through it. */
  private only(id: string, actions: readonly string[], on: readonly string[]): string {
    return new DataAwsIamPolicyDocument(this, `${id}-document`, {
      statement: [
        {
          sid: "WhatLoadingTakes",
          principals: [{ type: "*", identifiers: ["*"] }],
          actions: [...actions],
          resources: [...on],
        },
      ],
    }).json;
  }
}
