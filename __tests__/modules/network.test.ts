import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { Network, type NetworkProps } from "../../modules/network";
import { emptyStack, resources, statementsOf } from "../support/synth";

let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});

const minimal = (over: Partial<NetworkProps> = {}) =>
  new Network(stack, "network", {
    name: "orders",
    key: new EncryptionKey(stack, "key", { description: "test" }),
    ...over,
  });

const subnets = (tier: string) => resources(stack, Subnet).filter(({ tags }) => tags.Tier === tier);
const indexOf = (text: string) => Number(/(\d+)\)\}$/.exec(text)?.[1]);

describe("Network", () => {
  it("has a public and a private subnet in each of three zones, an eighth of the VPC each", () => {
    minimal();
    for (const [tier, blocks] of [
      ["Public", [0, 1, 2]],
      ["Private", [3, 4, 5]],
    ] as const) {
      const made = subnets(tier);
      expect(made.map(({ cidr_block }) => cidr_block)).toEqual(
        blocks.map((n) =>
          expect.stringMatching(new RegExp(`^\\$\\{cidrsubnet\\(aws_vpc\\.\\w+\\.cidr_block, 3, ${n}\\)\\}$`)),
        ),
      );
      expect(made.map(({ availability_zone }) => indexOf(availability_zone))).toEqual([0, 1, 2]);
      for (const { map_public_ip_on_launch } of made) expect(map_public_ip_on_launch).toBe(false);
    }
  });

  it("routes the public subnets to the internet and the private ones nowhere, unless asked", () => {
    minimal();
    expect(resources(stack, Route)).toHaveLength(1);
    expect(resources(stack, Route)[0]).toMatchObject({ gateway_id: expect.stringContaining("aws_internet_gateway") });
    expect(resources(stack, NatGateway)).toEqual([]);
    expect(resources(stack, RouteTableAssociation)).toHaveLength(6);
  });

  it.each([
    ["one", 1],
    ["perAz", 3],
  ] as const)("with nat %s has %d NAT gateways and a route to one in each zone", (nat, gateways) => {
    minimal({ nat });
    expect(resources(stack, NatGateway)).toHaveLength(gateways);
    const through = resources(stack, Route).flatMap(({ nat_gateway_id }) => nat_gateway_id ?? []);
    expect(through).toHaveLength(3);
    expect(new Set(through).size).toBe(gateways);
  });

  it("reaches S3 from the private subnets without leaving AWS, and makes no other endpoint by itself", () => {
    minimal();
    const [s3, ...others] = resources(stack, VpcEndpoint);
    expect(s3).toMatchObject({
      vpc_endpoint_type: "Gateway",
      service_name: expect.stringMatching(/^com\.amazonaws\.\$\{data\.aws_region\.\w+\.name\}\.s3$/),
    });
    expect(s3.route_table_ids).toHaveLength(3);
    expect(others).toEqual([]);
  });

  it("makes an interface endpoint for a named caller, admits a second to it, and nobody else", () => {
    const network = minimal();
    const caller = (id: string) => ({ id, securityGroup: new SecurityGroup(stack, id, { vpcId: network.vpc.id }) });
    network.endpoint("ssm", caller("host"));
    network.endpoint("ssm", caller("other"));
    const made = resources(stack, VpcEndpoint).filter(({ vpc_endpoint_type }) => vpc_endpoint_type === "Interface");
    expect(made).toMatchObject([{ private_dns_enabled: true }]);
    expect(made[0].subnet_ids).toHaveLength(3);
    for (const rules of [resources(stack, VpcSecurityGroupIngressRule), resources(stack, VpcSecurityGroupEgressRule)]) {
      expect(rules.map(({ description }) => description).sort()).toEqual(["HTTPS of host", "HTTPS of other"]);
      for (const rule of rules) expect(rule).toMatchObject({ from_port: 443, to_port: 443, ip_protocol: "tcp" });
    }
  });

  it("logs every flow, admitted or rejected, to an encrypted group that only the flow logs of this account write", () => {
    minimal({ flowLogRetentionDays: 90 });
    expect(resources(stack, FlowLog)).toMatchObject([
      { traffic_type: "ALL", log_destination_type: "cloud-watch-logs", max_aggregation_interval: 600 },
    ]);
    expect(resources(stack, CloudwatchLogGroup)).toMatchObject([
      { name: "/aws/vpc/orders", retention_in_days: 90, kms_key_id: expect.stringContaining("aws_kms_key") },
    ]);
    const group = /^\$\{aws_cloudwatch_log_group\.[\w-]+\.arn\}(:\*)?$/;
    expect(statementsOf(stack, "flow-logs_role")).toEqual([
      {
        actions: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"],
        resources: [expect.stringMatching(group), expect.stringMatching(group)],
      },
    ]);
  });

  it("closes the VPC's default security group", () => {
    minimal();
    const [closed] = resources(stack, DefaultSecurityGroup);
    expect(closed).not.toHaveProperty("ingress");
    expect(closed).not.toHaveProperty("egress");
  });

  it.each<[Partial<NetworkProps>, string]>([
    [
      { vpcCidr: "10.0.0.0/26" },
      'vpcCidr must have at most 25 mask bits, as a subnet is an eighth of it and has at most 28; got "10.0.0.0/26", of which a subnet would have 29',
    ],
    [
      { vpcCidr: "10.0.0.0/24", privateAddresses: 37 },
      'vpcCidr must be larger: a private subnet needs 37 free addresses, and an eighth of "10.0.0.0/24" (/27) has 27',
    ],
    [
      { vpcCidr: "10.0.0.1/16" },
      'vpcCidr must be an IPv4 block with 16 to 28 mask bits and no host bits, such as 10.0.1.0/24, got "10.0.0.1/16"',
    ],
    [
      { apartFrom: { "vpn.clientCidr": "10.0.128.0/20" } },
      'vpcCidr "10.0.0.0/16" must not overlap with vpn.clientCidr "10.0.128.0/20"',
    ],
    [
      { apartFrom: { "vpn.clientCidr": "office" } },
      'vpn.clientCidr must be an IPv4 block without host bits, such as 192.0.2.7/32, got "office"',
    ],
    [{ nat: "two" as "one" }, 'nat must be one of none, one, perAz, got "two"'],
    [{ flowLogRetentionDays: 0 }, "flowLogRetentionDays must be between 1 and 3653, got 0"],
  ])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(`t/network: ${message}`);
  });

  it.each([
    { vpcCidr: "10.0.0.0/25" },
    { vpcCidr: "10.0.0.0/24", privateAddresses: 27 },
    { apartFrom: { office: "10.1.0.0/16" } },
  ])("takes %j", (over) => {
    expect(() => minimal(over)).not.toThrow();
  });
});
