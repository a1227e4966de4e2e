import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { RedshiftCluster as Cluster } from "@cdktf/provider-aws/lib/redshift-cluster";
import { RedshiftLogging } from "@cdktf/provider-aws/lib/redshift-logging";
import { RedshiftParameterGroup } from "@cdktf/provider-aws/lib/redshift-parameter-group";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { TerraformOutput, type TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { RedshiftCluster, type RedshiftClusterProps } from "../../modules/redshift-cluster";
import { FIREHOSE_CIDR_BY_REGION } from "../../modules/redshift-network/firehose-cidr";
import { emptyStack, resources, synthesized } from "../support/synth";

let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});

const minimal = (over: Partial<RedshiftClusterProps> = {}) =>
  new RedshiftCluster(stack, "warehouse", {
    name: "laps-a1",
    region: "eu-west-1",
    key: new EncryptionKey(stack, "key", { description: "test" }),
    ...over,
  });
const cluster = (over: Partial<RedshiftClusterProps> = {}) => {
  minimal(over);
  return resources(stack, Cluster)[0];
};

describe("RedshiftCluster", () => {
  it("is encrypted with the stack's key and lets Redshift keep the admin's password", () => {
    const made = cluster();
    expect(made).toMatchObject({
      encrypted: true,
      kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\..*\.arn\}$/),
      manage_master_password: true,
      master_password_secret_kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\..*\.key_id\}$/),
    });
    expect(made).not.toHaveProperty("master_password");
  });

  it("is public, without enhanced VPC routing: Firehose reaches no other", () => {
    expect(cluster()).toMatchObject({ publicly_accessible: true, enhanced_vpc_routing: false });
  });

  it("admits the Region's Firehose on its port, and nobody else", () => {
    minimal({ port: 5440 });
    expect(resources(stack, VpcSecurityGroupIngressRule)).toMatchObject([
      { cidr_ipv4: "52.19.239.192/27", from_port: 5440, to_port: 5440, ip_protocol: "tcp" },
    ]);
    expect(resources(stack, VpcSecurityGroupEgressRule)).toEqual([]);
    const [group] = resources(stack, SecurityGroup);
    expect(group).not.toHaveProperty("ingress");
    expect(group).not.toHaveProperty("egress");
  });

  it("is private with delivery loader: no address, no way in, and no way out but to S3 over TLS", () => {
    minimal({ delivery: "loader", region: "mars-north-1" });
    expect(resources(stack, Cluster)).toMatchObject([{ publicly_accessible: false, enhanced_vpc_routing: true }]);
    expect(resources(stack, InternetGateway)).toEqual([]);
    expect(resources(stack, VpcSecurityGroupIngressRule)).toEqual([]);
    expect(resources(stack, VpcSecurityGroupEgressRule)).toMatchObject([
      {
        prefix_list_id: expect.stringMatching(/^\$\{aws_vpc_endpoint\.warehouse_network_s3_.*\.prefix_list_id\}$/),
        ip_protocol: "tcp",
        from_port: 443,
        to_port: 443,
      },
    ]);
    expect(resources(stack, VpcEndpoint)).toMatchObject([
      {
        service_name: "com.amazonaws.mars-north-1.s3",
        vpc_endpoint_type: "Gateway",
        route_table_ids: [expect.stringMatching(/^\$\{aws_route_table\.warehouse_network_private_.*\.id\}$/)],
      },
    ]);
  });

  it("lets files be read through its endpoint, and none be written", () => {
    minimal({ delivery: "loader" });
    const name = /policy_document\.([^.]+)\.json/.exec(resources(stack, VpcEndpoint)[0].policy)?.[1];
    expect(synthesized(stack).data.aws_iam_policy_document[name!].statement).toEqual([
      {
        sid: "ReadOnly",
        principals: [{ type: "*", identifiers: ["*"] }],
        actions: ["s3:GetObject", "s3:GetObjectVersion", "s3:GetBucketLocation", "s3:ListBucket"],
        resources: ["*"],
      },
    ]);
  });

  it("closes the VPC's default security group", () => {
    minimal();
    const [closed] = resources(stack, DefaultSecurityGroup);
    expect(closed).not.toHaveProperty("ingress");
    expect(closed).not.toHaveProperty("egress");
  });

  it("speaks TLS only and logs every statement", () => {
    minimal();
    expect(resources(stack, RedshiftParameterGroup)[0].parameter).toEqual([
      { name: "require_ssl", value: "true" },
      { name: "enable_user_activity_logging", value: "true" },
    ]);
  });

  it("writes its audit logs to encrypted log groups of its name, kept for a year", () => {
    minimal();
    expect(resources(stack, RedshiftLogging)).toMatchObject([
      { log_destination_type: "cloudwatch", log_exports: ["connectionlog", "userlog", "useractivitylog"] },
    ]);
    const groups = resources(stack, CloudwatchLogGroup);
    expect(groups.map(({ name }) => name).sort()).toEqual([
      "/aws/redshift/cluster/laps-a1/connectionlog",
      "/aws/redshift/cluster/laps-a1/useractivitylog",
      "/aws/redshift/cluster/laps-a1/userlog",
    ]);
    for (const group of groups) {
      expect(group).toMatchObject({ retention_in_days: 365, kms_key_id: expect.stringContaining("aws_kms_key") });
    }
  });

  it("lies in its own VPC with two routed public subnets in different zones", () => {
    minimal();
    expect(resources(stack, Vpc)).toMatchObject([{ cidr_block: "10.0.0.0/16" }]);
    expect(resources(stack, Subnet)).toMatchObject([
      { cidr_block: "10.0.1.0/24", availability_zone: expect.stringMatching(/^\$\{element\(.*names, 0\)\}$/) },
      { cidr_block: "10.0.2.0/24", availability_zone: expect.stringMatching(/^\$\{element\(.*names, 1\)\}$/) },
    ]);
    expect(resources(stack, RouteTableAssociation)).toHaveLength(2);
  });

  it("is one ra3.large node of database telemetry on port 5439 unless told otherwise", () => {
    expect(cluster()).toMatchObject({
      node_type: "ra3.large",
      cluster_type: "single-node",
      number_of_nodes: 1,
      database_name: "telemetry",
      port: 5439,
    });
  });

  it("is multi-node with two", () => {
    expect(cluster({ nodes: 2 })).toMatchObject({ cluster_type: "multi-node", number_of_nodes: 2 });
  });

  it("goes without a trace in dev", () => {
    const made = cluster();
    expect(made).toMatchObject({ skip_final_snapshot: true, automated_snapshot_retention_period: 1 });
    expect(made).not.toHaveProperty("lifecycle");
  });

  it("leaves a final snapshot in prod, keeps snapshots for two weeks and is not destroyed", () => {
    expect(cluster({ profile: "prod" })).toMatchObject({
      skip_final_snapshot: false,
      final_snapshot_identifier: "laps-a1-final",
      automated_snapshot_retention_period: 14,
      lifecycle: { prevent_destroy: true },
    });
  });

  it("has a role for COPY that may do nothing until it is granted something", () => {
    minimal();
    expect(resources(stack, IamRolePolicy)).toEqual([]);
    const trust = Object.values(synthesized(stack).data.aws_iam_policy_document).find((document) =>
      JSON.stringify(document).includes("redshift.amazonaws.com"),
    );
    expect(trust).toMatchObject({
      statement: [
        { actions: ["sts:AssumeRole"], principals: [{ type: "Service", identifiers: ["redshift.amazonaws.com"] }] },
      ],
    });
  });

  it("tells where it is", () => {
    const made = minimal();
    for (const name of ["identifier", "arn", "endpointHost", "jdbcUrl", "database", "adminSecretArn"] as const) {
      new TerraformOutput(stack, name, { value: made[name] });
    }
    const reference = /\$\{aws_redshift_cluster\.[^.]+\.(\w+)\}/g;
    const told = Object.fromEntries(
      Object.entries(synthesized(stack).output).map(([name, output]) => [
        name,
        (output as { value: string }).value.replace(reference, "<$1>"),
      ]),
    );
    expect(told).toEqual({
      identifier: "<cluster_identifier>",
      arn: "<arn>",
      endpointHost: "<dns_name>",
      jdbcUrl: "jdbc:redshift://<dns_name>:<port>/<database_name>",
      database: "telemetry",
      adminSecretArn: "<master_password_secret_arn>",
    });
  });

  const NODE_TYPES = "ra3.large, ra3.xlplus, ra3.4xlarge, ra3.16xlarge";
  it.each<[Partial<RedshiftClusterProps>, string]>([
    [{ name: "Laps" }, 'name must be 1 to 63 of a-z, 0-9 and -, a letter first, no double or last hyphen, got "Laps"'],
    [{ name: "a--b" }, 'name must be 1 to 63 of a-z, 0-9 and -, a letter first, no double or last hyphen, got "a--b"'],
    [{ name: "a-" }, 'name must be 1 to 63 of a-z, 0-9 and -, a letter first, no double or last hyphen, got "a-"'],
    [{ database: "Dev" }, 'database must be 1 to 64 of a-z, 0-9 and _, a letter or _ first, got "Dev"'],
    [
      { database: "x".repeat(65) },
      `database must be 1 to 64 of a-z, 0-9 and _, a letter or _ first, got "${"x".repeat(65)}"`,
    ],
    [{ database: "table" }, 'database must not be a reserved word of Redshift, got "table"'],
    [{ adminUser: "public" }, 'adminUser must not be a reserved word of Redshift, got "public"'],
    [{ adminUser: "1st" }, 'adminUser must be 1 to 127 of a-z, 0-9 and _, a letter first, got "1st"'],
    [
      { nodeType: "dc2.large" },
      "nodeType dc2.large is retired, AWS creates no such cluster any more; use ra3.large for small and ra3.4xlarge for large ones",
    ],
    [
      { nodeType: "ds2.xlarge" },
      "nodeType ds2.xlarge is retired, AWS creates no such cluster any more; use ra3.large for small and ra3.4xlarge for large ones",
    ],
    [{ nodeType: "m5.large" }, `nodeType must be one of ${NODE_TYPES} or an rg type, got "m5.large"`],
    [{ nodeType: "ra3.4xlarge" }, "nodes of ra3.4xlarge must be between 2 and 64, got 1"],
    [{ nodes: 0 }, "nodes of ra3.large must be between 1 and 16, got 0"],
    [{ nodes: 17 }, "nodes of ra3.large must be between 1 and 16, got 17"],
    [{ nodes: 1.5 }, "nodes of ra3.large must be a whole number between 1 and 16, got 1.5"],
    [{ port: 1234 }, "port must be between 5431 and 5455 or between 8191 and 8215, got 1234"],
    [{ maintenanceWindow: "sunday" }, 'maintenanceWindow must be of the form ddd:hh:mm-ddd:hh:mm, got "sunday"'],
    [
      { vpcCidr: "10.0.0.0/8" },
      'vpcCidr must be an IPv4 block with 16 to 28 mask bits and no host bits, such as 10.0.1.0/24, got "10.0.0.0/8"',
    ],
    [
      { vpcCidr: "10.0.1.0/16" },
      'vpcCidr must be an IPv4 block with 16 to 28 mask bits and no host bits, such as 10.0.1.0/24, got "10.0.1.0/16"',
    ],
    [
      { subnetCidrs: ["10.0.1.0/24", "10.0.300.0/24"] },
      'subnetCidrs must be an IPv4 block with 16 to 28 mask bits and no host bits, such as 10.0.1.0/24, got "10.0.300.0/24"',
    ],
    [
      { subnetCidrs: ["10.0.1.0/24", "10.1.1.0/24"] },
      `subnetCidrs must lie inside the VPC's 10.0.0.0/16, got "10.1.1.0/24"`,
    ],
    [
      { subnetCidrs: ["10.0.1.0/24", "10.0.1.128/25"] },
      'subnetCidrs must not overlap, got "10.0.1.0/24" and "10.0.1.128/25"',
    ],
    [{ subnetCidrs: ["10.0.1.0/24"] }, "subnetCidrs must name at least 2 subnets, got 1"],
    [
      { enhancedVpcRouting: true },
      'enhancedVpcRouting true and delivery "firehose" exclude each other: Firehose cannot deliver to a warehouse with enhanced VPC routing',
    ],
    [{ delivery: "kafka" as "firehose" }, 'delivery must be one of firehose, loader, got "kafka"'],
    [
      { delivery: "loader", enhancedVpcRouting: false },
      'enhancedVpcRouting false and delivery "loader" exclude each other: a private warehouse reads its files through its VPC\'s endpoint for S3',
    ],
    [{ profile: "test" as "dev" }, 'profile must be one of dev, prod, got "test"'],
  ])("refuses %p", (over, message) => {
    expect(() => minimal(over)).toThrow(new Error(`t/warehouse: ${message}`));
  });

  it("refuses a Region whose Firehose addresses are not known, and lists the 37 that are", () => {
    expect(() => minimal({ region: "mars-north-1" })).toThrow(
      new Error(
        `t/warehouse: region must be one in which Firehose delivers to Redshift: ${Object.keys(FIREHOSE_CIDR_BY_REGION).join(", ")}; got "mars-north-1"`,
      ),
    );
    expect(Object.keys(FIREHOSE_CIDR_BY_REGION)).toHaveLength(37);
  });

  it("knows each Region's own /27", () => {
    const blocks = Object.values(FIREHOSE_CIDR_BY_REGION);
    expect(blocks.filter((cidr) => !/^(\d{1,3}\.){3}\d{1,3}\/27$/.test(cidr))).toEqual([]);
    expect(new Set(blocks).size).toBe(37);
  });
});
