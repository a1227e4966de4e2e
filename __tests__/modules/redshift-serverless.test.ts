import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { RedshiftserverlessNamespace } from "@cdktf/provider-aws/lib/redshiftserverless-namespace";
import { RedshiftserverlessUsageLimit } from "@cdktf/provider-aws/lib/redshiftserverless-usage-limit";
import { RedshiftserverlessWorkgroup } from "@cdktf/provider-aws/lib/redshiftserverless-workgroup";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecretsmanagerSecretVersion } from "@cdktf/provider-aws/lib/secretsmanager-secret-version";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Password } from "@cdktf/provider-random/lib/password";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformOutput, type TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { Network } from "../../modules/network";
import { addressesNeeded, RedshiftServerless, type RedshiftServerlessProps } from "../../modules/redshift-serverless";
import { emptyStack, resources, synthesized } from "../support/synth";

let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});

const minimal = (over: Partial<RedshiftServerlessProps> = {}) =>
  new RedshiftServerless(stack, "warehouse", {
    name: "laps-a1",
    region: "eu-west-1",
    key: new EncryptionKey(stack, "key", { description: "test" }),
    ...over,
  });
const workgroup = (over: Partial<RedshiftServerlessProps> = {}) => {
  minimal(over);
  return resources(stack, RedshiftserverlessWorkgroup)[0];
};
const namespace = (over: Partial<RedshiftServerlessProps> = {}) => {
  minimal(over);
  return resources(stack, RedshiftserverlessNamespace)[0];
};

describe("RedshiftServerless", () => {
  it("is encrypted with the stack's key and lets Redshift keep the admin's password", () => {
    const made = namespace();
    expect(made).toMatchObject({
      namespace_name: "laps-a1",
      db_name: "telemetry",
      admin_username: "redstream_admin",
      manage_admin_password: true,
      kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\..*\.arn\}$/),
      admin_password_secret_kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\..*\.key_id\}$/),
    });
    expect(made).not.toHaveProperty("admin_user_password");
  });

  it("is public, without enhanced VPC routing: Firehose reaches no other", () => {
    expect(workgroup()).toMatchObject({ publicly_accessible: true, enhanced_vpc_routing: false });
  });

  it("admits the Region's Firehose on its port, and nobody else", () => {
    minimal({ port: 5440 });
    expect(resources(stack, VpcSecurityGroupIngressRule)).toMatchObject([
      { cidr_ipv4: "52.19.239.192/27", from_port: 5440, to_port: 5440, ip_protocol: "tcp" },
    ]);
    expect(resources(stack, VpcSecurityGroupEgressRule)).toEqual([]);
  });

  it("lies in three subnets, each in a zone of its own", () => {
    expect(workgroup().subnet_ids).toHaveLength(3);
    expect(resources(stack, Subnet).map(({ availability_zone }) => /, (\d)\)/.exec(availability_zone)?.[1])).toEqual([
      "0",
      "1",
      "2",
    ]);
  });

  it("speaks TLS only, logs every statement and names every parameter that AWS sets", () => {
    expect(workgroup().config_parameter).toEqual([
      { parameter_key: "require_ssl", parameter_value: "true" },
      { parameter_key: "enable_user_activity_logging", parameter_value: "true" },
      { parameter_key: "auto_mv", parameter_value: "true" },
      { parameter_key: "datestyle", parameter_value: "ISO, MDY" },
      { parameter_key: "enable_case_sensitive_identifier", parameter_value: "false" },
      { parameter_key: "query_group", parameter_value: "default" },
      { parameter_key: "search_path", parameter_value: "$user, public" },
      { parameter_key: "use_fips_ssl", parameter_value: "false" },
      { parameter_key: "max_query_execution_time", parameter_value: "14400" },
    ]);
  });

  it("writes its audit logs to encrypted log groups of its name, kept for a year", () => {
    expect(namespace().log_exports).toEqual(["connectionlog", "userlog", "useractivitylog"]);
    const groups = resources(stack, CloudwatchLogGroup);
    expect(groups.map(({ name }) => name).sort()).toEqual([
      "/aws/redshift/laps-a1/connectionlog",
      "/aws/redshift/laps-a1/useractivitylog",
      "/aws/redshift/laps-a1/userlog",
    ]);
    for (const group of groups) {
      expect(group).toMatchObject({ retention_in_days: 365, kms_key_id: expect.stringContaining("aws_kms_key") });
    }
  });

  it("begins with 8 processing units and stops at 64 RPU-hours a day, unless told otherwise", () => {
    const made = workgroup();
    expect(made).toMatchObject({ base_capacity: 8, port: 5439 });
    expect(made).not.toHaveProperty("max_capacity");
    expect(resources(stack, RedshiftserverlessUsageLimit)).toMatchObject([
      { usage_type: "serverless-compute", amount: 64, period: "daily", breach_action: "deactivate" },
    ]);
  });

  it("is not destroyed in prod, and leaves nothing in dev", () => {
    expect(namespace({ profile: "prod" })).toMatchObject({ lifecycle: { prevent_destroy: true } });
    stack = emptyStack();
    expect(namespace()).not.toHaveProperty("lifecycle");
  });

  it("has a role for COPY without any right", () => {
    minimal();
    expect(resources(stack, IamRolePolicy)).toEqual([]);
  });

  it("says where it is as the delivery stream takes it", () => {
    new TerraformOutput(stack, "url", { value: minimal().jdbcUrl, staticId: true });
    expect(synthesized(stack).output.url.value).toMatch(
      /^jdbc:redshift:\/\/\$\{aws_redshiftserverless_workgroup\.\w+\.endpoint\[0\]\.address\}:\$\{aws_redshiftserverless_workgroup\.\w+\.port\}\/\$\{aws_redshiftserverless_namespace\.\w+\.db_name\}$/,
    );
  });

  it("is private with delivery loader, and its COPY goes through the VPC", () => {
    minimal({ delivery: "loader" });
    expect(resources(stack, RedshiftserverlessWorkgroup)).toMatchObject([
      { publicly_accessible: false, enhanced_vpc_routing: true },
    ]);
  });

  it.each([4, 8, 512])("takes a base of %d processing units", (baseRpus) => {
    expect(workgroup({ baseRpus })).toMatchObject({ base_capacity: baseRpus });
  });

  it.each<[Partial<RedshiftServerlessProps>, string]>([
    [{ baseRpus: 3 }, "baseRpus must be between 4 and 1024, got 3"],
    [{ baseRpus: 12 }, "baseRpus must be 4, a multiple of 8 up to 512 or a multiple of 32 from there to 1024, got 12"],
    [
      { baseRpus: 520 },
      "baseRpus must be 4, a multiple of 8 up to 512 or a multiple of 32 from there to 1024, got 520",
    ],
    [
      { baseRpus: 1024, region: "eu-north-1" },
      "baseRpus must be at most 512 in eu-north-1, got 1024; up to 1024 are offered in us-east-1, us-east-2, us-west-2, eu-west-1, eu-central-1",
    ],
    [{ baseRpus: 64, maxRpus: 32 }, "maxRpus must be at least baseRpus, got 32 and 64"],
    [{ maxRpus: 5640 }, "maxRpus must be between 4 and 5632, got 5640"],
    [{ dailyRpuHours: 0 }, "dailyRpuHours must be between 1 and 1000000, got 0"],
    [{ port: 5456 }, "port must be between 5431 and 5455 or between 8191 and 8215, got 5456"],
    [{ name: "Laps" }, 'name must be 3 to 64 of a-z, 0-9 and -, got "Laps"'],
    [{ database: "table" }, 'database must not be a reserved word of Redshift, got "table"'],
    [
      { delivery: "loader", enhancedVpcRouting: false },
      'enhancedVpcRouting false and delivery "loader" exclude each other: a private warehouse reads its files through its VPC\'s endpoint for S3',
    ],
    [{ profile: "test" as "dev" }, 'profile must be one of dev, prod, got "test"'],
    [{ delivery: "kafka" as "firehose" }, 'delivery must be one of firehose, loader, got "kafka"'],
    [
      { enhancedVpcRouting: true },
      'enhancedVpcRouting true and delivery "firehose" exclude each other: Firehose cannot deliver to a warehouse with enhanced VPC routing',
    ],
    [
      { subnetCidrs: ["10.0.1.0/24", "10.0.2.0/24"] },
      "subnetCidrs must name at least 3 subnets, a Serverless workgroup's zones, got 2",
    ],
  ])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(`t/warehouse: ${message}`);
  });
});

describe("RedshiftServerless within a network of the stack", () => {
  const network = () =>
    new Network(stack, "network", {
      name: "orders",
      key: new EncryptionKey(stack, "network-key", { description: "test" }),
    });
  const within = (over: Partial<RedshiftServerlessProps> = {}, subnets = 3) => {
    const { vpc, privateSubnets } = network();
    return minimal({ within: { vpc, subnets: privateSubnets.slice(0, subnets) }, ...over });
  };

  it("is private, with enhanced VPC routing, in the network's subnets, and has no VPC of its own", () => {
    within();
    const [made] = resources(stack, RedshiftserverlessWorkgroup);
    expect(made).toMatchObject({ publicly_accessible: false, enhanced_vpc_routing: true });
    expect(made.subnet_ids).toEqual([1, 2, 3].map((n) => expect.stringContaining(`aws_subnet.network_private-${n}_`)));
    expect(resources(stack, Vpc)).toHaveLength(1);
  });

  it("lets in whom it is told to on its port, by a rule out of their group and one into its own", () => {
    const warehouse = within({ port: 5440 });
    expect(resources(stack, VpcSecurityGroupIngressRule)).toEqual([]);
    warehouse.admit({ id: "vpn", securityGroupId: "sg-vpn" });
    const rule = { description: "SQL of vpn", ip_protocol: "tcp", from_port: 5440, to_port: 5440 };
    const own = expect.stringMatching(/^\$\{aws_security_group\.warehouse_security-group_\w+\.id\}$/);
    expect(resources(stack, VpcSecurityGroupIngressRule)).toEqual([
      expect.objectContaining({ ...rule, security_group_id: own, referenced_security_group_id: "sg-vpn" }),
    ]);
    expect(resources(stack, VpcSecurityGroupEgressRule)).toEqual([
      expect.objectContaining({ ...rule, security_group_id: "sg-vpn", referenced_security_group_id: own }),
    ]);
  });

  it.each([
    [4, 13],
    [8, 13],
    [32, 13],
    [64, 21],
    [128, 37],
    [256, 69],
    [512, 133],
  ])("with %d processing units needs %d free addresses a subnet, by AWS's table", (rpus, addresses) => {
    expect(addressesNeeded(rpus)).toBe(addresses);
  });

  it.each<[Partial<RedshiftServerlessProps>, string]>([
    [{ delivery: "loader" }, "delivery is for a warehouse with a VPC of its own, and not for one within another"],
    [{ vpcCidr: "10.1.0.0/16" }, "vpcCidr is for a warehouse with a VPC of its own, and not for one within another"],
    [
      { enhancedVpcRouting: false },
      "enhancedVpcRouting must not be false within a network: streaming reads the brokers through it",
    ],
  ])("refuses %j", (over, message) => {
    expect(() => within(over)).toThrow(new Error(`t/warehouse: ${message}`));
  });

  it("refuses fewer than three zones", () => {
    expect(() => within({}, 2)).toThrow(
      "t/warehouse: within.subnets must be at least 3, each in a zone of its own, which enhanced VPC routing needs, got 2",
    );
  });
});

describe("a superuser's password that Terraform makes", () => {
  it("is long, is in a secret of the stack's key, and is the one of the namespace", () => {
    new RandomProvider(stack, "random");
    const made = namespace({ adminPassword: "terraform" });
    const password = expect.stringMatching(/^\$\{random_password\.\w+[\w-]*\.result\}$/);
    expect(made).toMatchObject({ admin_username: "redstream_admin", admin_user_password: password });
    expect(made).not.toHaveProperty("manage_admin_password");
    expect(resources(stack, Password)).toMatchObject([{ length: 32, min_upper: 1, min_lower: 1, min_numeric: 1 }]);
    expect(resources(stack, SecretsmanagerSecret)).toMatchObject([
      { name: "laps-a1-admin", kms_key_id: expect.stringContaining("aws_kms_key"), recovery_window_in_days: 0 },
    ]);
    expect(resources(stack, SecretsmanagerSecretVersion)[0].secret_string).toMatch(
      /^\$\{jsonencode\(\{"username" = "redstream_admin", "password" = random_password\.[\w-]+\.result\}\)\}$/,
    );
  });

  it("is asked for by a word that is known", () => {
    expect(() => minimal({ adminPassword: "me" as "redshift" })).toThrow(
      't/warehouse: adminPassword must be one of redshift, terraform, got "me"',
    );
  });
});
