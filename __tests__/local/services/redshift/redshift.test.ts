import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedshift, type RedshiftService } from "../../../../local/services/redshift";
import { Warehouses } from "../../../../local/warehouse";
import { FakeAws, ROLE, ROOT, refusal, request, secretArn } from "./fake-aws";

/** The control plane, by https://docs.aws.amazon.com/redshift/latest/APIReference/Welcome.html; each action has its page there. */
let folder: string;
let fake: FakeAws;
let warehouses: Warehouses;
let redshift: RedshiftService;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "redshift-"));
  fake = await new FakeAws().start(folder);
  warehouses = new Warehouses(folder, () => ({ list: async () => [], get: async () => undefined }));
  redshift = createRedshift(fake.aws, warehouses);
});
afterEach(async () => {
  await redshift.close?.();
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function call(action: string, parameters: Record<string, string> = {}, caller = ROOT): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: "2012-10-17", ...parameters }).toString();
  return String((await redshift.handle(request(body, {}, caller))).body);
}

const CLUSTER = {
  ClusterIdentifier: "wh",
  NodeType: "ra3.large",
  MasterUsername: "admin",
  ManageMasterPassword: "true",
  DBName: "telemetry",
  ClusterSubnetGroupName: "group",
  PubliclyAccessible: "true",
  "VpcSecurityGroupIds.VpcSecurityGroupId.1": "sg-1",
};

async function createCluster(changes: Record<string, string> = {}): Promise<string> {
  await call("CreateClusterSubnetGroup", {
    ClusterSubnetGroupName: "group",
    Description: "d",
    "SubnetIds.SubnetIdentifier.1": "subnet-vpc1-a",
    "SubnetIds.SubnetIdentifier.2": "subnet-vpc1-b",
  });
  const { ManageMasterPassword, ...rest } = CLUSTER;
  return call(
    "CreateCluster",
    changes.MasterUserPassword ? { ...rest, ...changes } : { ...rest, ManageMasterPassword, ...changes },
  );
}

function member(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

function adminOf(): { username: string; password: string } {
  return JSON.parse(fake.secrets.get("redshift!wh-admin")!);
}

describe("a cluster", () => {
  it("keeps its managed password in Secrets Manager, and answers with the secret's ARN", async () => {
    const xml = await createCluster();
    expect(member(xml, "MasterPasswordSecretArn")).toBe(secretArn("redshift!wh-admin"));
    expect(adminOf()).toEqual({ username: "admin", password: expect.stringMatching(/^[!-~]{32}$/) });
    expect(xml).not.toContain(adminOf().password.replace(/&/g, "&amp;"));
  });

  it("is available with what it was made with", async () => {
    await createCluster({ "Tags.Tag.1.Key": "a", "Tags.Tag.1.Value": "<b>" });
    const xml = await call("DescribeClusters", { ClusterIdentifier: "wh" });
    const read = [
      "ClusterStatus",
      "ClusterAvailabilityStatus",
      "DBName",
      "NodeType",
      "NumberOfNodes",
      "VpcId",
      "Encrypted",
      "MaintenanceTrackName",
      "MultiAZ",
      "Value",
    ];
    expect(read.map((name) => member(xml, name))).toEqual([
      "available",
      "Available",
      "telemetry",
      "ra3.large",
      "1",
      "vpc1",
      "true",
      "current",
      "disabled",
      "&lt;b&gt;",
    ]);
    expect(member(xml, "Address")).toMatch(/^wh\.c[0-9a-f]{11}\.us-east-1\.redshift\.amazonaws\.com$/);
  });

  it.each([
    [
      { NodeType: "dc2.large" },
      "InvalidParameterValue Invalid node type: dc2.large; it must be one of ra3.large, ra3.xlplus, ra3.4xlarge, ra3.16xlarge, rg.xlarge, rg.4xlarge",
    ],
    [
      { NodeType: "ra3.4xlarge" },
      "InvalidParameterCombination Number of nodes for node type ra3.4xlarge must be between 2 and 128, got 1",
    ],
    [
      { ClusterType: "multi-node" },
      "InvalidParameterCombination Number of nodes for cluster type multi-node must be greater than or equal to 2, got none",
    ],
    [
      { ClusterIdentifier: "a--b" },
      "InvalidParameterValue ClusterIdentifier must be 1 to 63 letters, digits and single hyphens, begin with a letter and not end with a hyphen, got a--b",
    ],
    [{ ClusterSubnetGroupName: "nosuch" }, "ClusterSubnetGroupNotFoundFault Cluster subnet group nosuch not found"],
    [{ ClusterParameterGroupName: "nosuch" }, "ClusterParameterGroupNotFound ParameterGroup not found: nosuch"],
    [{ MasterUserPassword: "short" }, "InvalidParameterValue password must be between 8 and 64 characters long"],
    [
      { AutomatedSnapshotRetentionPeriod: "36" },
      "InvalidParameterValue AutomatedSnapshotRetentionPeriod must be a whole number between 0 and 35, got 36",
    ],
  ])("with %p is refused: %s", async (changes, message) => {
    expect(await refusal(createCluster(changes as Record<string, string>))).toBe(message);
    expect(fake.secrets.size).toBe(0);
    expect(warehouses.all()).toEqual([]);
  });

  it("needs a password from one side", async () => {
    expect(await refusal(createCluster({ ManageMasterPassword: "false" }))).toBe(
      "InvalidParameterCombination Give either MasterUserPassword or ManageMasterPassword, and not both",
    );
  });

  it("is made once", async () => {
    await createCluster();
    expect(await refusal(call("CreateCluster", CLUSTER))).toBe("ClusterAlreadyExists Cluster already exists: wh");
  });

  it("goes with its data and its secret", async () => {
    await createCluster();
    await call("DeleteCluster", { ClusterIdentifier: "wh", SkipFinalClusterSnapshot: "true" });
    expect(await refusal(call("DescribeClusters", { ClusterIdentifier: "wh" }))).toBe(
      "ClusterNotFound Cluster wh not found.",
    );
    expect(fake.secrets.size).toBe(0);
    expect(warehouses.all()).toEqual([]);
  });

  it("is not deleted without a word on the final snapshot, and leaves its file with one", async () => {
    await createCluster();
    expect(await refusal(call("DeleteCluster", { ClusterIdentifier: "wh" }))).toBe(
      "InvalidParameterCombination FinalClusterSnapshotIdentifier is required unless SkipFinalClusterSnapshot is specified.",
    );
    await call("DeleteCluster", { ClusterIdentifier: "wh", FinalClusterSnapshotIdentifier: "last" });
    expect(member(await call("DescribeClusterSnapshots", { SnapshotIdentifier: "last" }), "ClusterIdentifier")).toBe(
      "wh",
    );
    expect(existsSync(join(folder, "snapshots", "last", "telemetry.duckdb"))).toBe(true);
  });

  it("takes a password of its own again, and then the secret goes", async () => {
    await createCluster();
    await call("ModifyCluster", {
      ClusterIdentifier: "wh",
      ManageMasterPassword: "false",
      MasterUserPassword: "Secret12345",
    });
    expect(fake.secrets.size).toBe(0);
    await (await warehouses.named("wh")!.login("telemetry", "admin", "Secret12345")).close();
  });

  it("lets its warehouse know its roles", async () => {
    await createCluster({ "IamRoles.IamRoleArn.1": "arn:aws:iam::000000000000:role/a" });
    await call("ModifyClusterIamRoles", {
      ClusterIdentifier: "wh",
      "AddIamRoles.IamRoleArn.1": "arn:aws:iam::000000000000:role/b",
      "RemoveIamRoles.IamRoleArn.1": "arn:aws:iam::000000000000:role/a",
    });
    expect([...warehouses.named("wh")!.roles]).toEqual(["arn:aws:iam::000000000000:role/b"]);
  });
});

describe("a parameter group", () => {
  beforeEach(() =>
    call("CreateClusterParameterGroup", {
      ParameterGroupName: "p",
      ParameterGroupFamily: "redshift-2.0",
      Description: "d",
    }).then(() => undefined),
  );

  const set = (name: string, value: string) =>
    call("ModifyClusterParameterGroup", {
      ParameterGroupName: "p",
      "Parameters.Parameter.1.ParameterName": name,
      "Parameters.Parameter.1.ParameterValue": value,
    });

  it("answers what was set under the source `user`, and nothing else there", async () => {
    await set("require_ssl", "true");
    const xml = await call("DescribeClusterParameters", { ParameterGroupName: "p", Source: "user" });
    expect(xml.match(/<ParameterName>\w+/g)).toEqual(["<ParameterName>require_ssl"]);
  });

  // https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-parameter-groups.html
  it.each([
    ["require_tls", "true", "Could not find parameter with name: require_tls"],
    ["require_ssl", "yes", "Invalid parameter value: yes for: require_ssl, allowed values are: true,false"],
    [
      "statement_timeout",
      "50",
      "Invalid parameter value: 50 for: statement_timeout, allowed values are: 0,100-2147483647",
    ],
  ])("refuses %s = %s", async (name, value, message) => {
    expect(await refusal(set(name, value))).toBe(`InvalidParameterValue ${message}`);
  });

  it("that changed waits for a restart of its clusters, and cannot go before them", async () => {
    await createCluster({ ClusterParameterGroupName: "p" });
    await set("require_ssl", "false");
    expect(member(await call("DescribeClusters"), "ParameterApplyStatus")).toBe("pending-reboot");
    await call("RebootCluster", { ClusterIdentifier: "wh" });
    expect(member(await call("DescribeClusters"), "ParameterApplyStatus")).toBe("in-sync");
    expect(await refusal(call("DeleteClusterParameterGroup", { ParameterGroupName: "p" }))).toBe(
      "InvalidClusterParameterGroupState Parameter group p is used by a cluster",
    );
  });
});

it("refuses a subnet group across VPCs", async () => {
  const group = {
    ClusterSubnetGroupName: "g",
    Description: "d",
    "SubnetIds.SubnetIdentifier.1": "subnet-vpc1-a",
    "SubnetIds.SubnetIdentifier.2": "subnet-vpc2-b",
  };
  expect(await refusal(call("CreateClusterSubnetGroup", group))).toBe(
    "InvalidSubnet The subnets subnet-vpc1-a,subnet-vpc2-b lie in 2 VPCs: vpc1,vpc2",
  );
});

it("refuses an action it does not know by name", async () => {
  expect(await refusal(call("PauseCluster", { ClusterIdentifier: "wh" }))).toBe(
    "InvalidAction The action PauseCluster is not carried by the local Redshift",
  );
});

it("asks whether a role may do what it asks for, on the cluster's ARN", async () => {
  expect(await refusal(call("DescribeClusters", { ClusterIdentifier: "wh" }, ROLE))).toBe(
    `AccessDenied User: ${ROLE.arn} is not authorized to perform: redshift:DescribeClusters on resource: arn:aws:redshift:us-east-1:000000000000:cluster:wh`,
  );
});

describe("a connection from outside", () => {
  async function connect(changes: Partial<{ port: number; database: string; password: string }> = {}) {
    const host = warehouses.named("wh")!.host;
    return redshift.connect({
      host,
      port: 5439,
      database: "telemetry",
      user: "admin",
      password: adminOf().password,
      ...changes,
    });
  }

  it("gets a session with the right password", async () => {
    await createCluster();
    expect((await (await connect())!.run("select current_user")).rows).toEqual([["admin"]]);
  });

  it("is none of ours at another host", async () => {
    expect(
      await redshift.connect({ host: "other", port: 5439, database: "d", user: "u", password: "p" }),
    ).toBeUndefined();
  });

  it.each([
    [
      "a wrong password",
      {},
      { password: "wrong" },
      'AuthenticationError FATAL: password authentication failed for user "admin"',
    ],
    ["an unknown database", {}, { database: "nosuch" }, 'AuthenticationError FATAL: database "nosuch" does not exist'],
    [
      "another port",
      {},
      { port: 5440 },
      "ConnectionError Connection to HOST:5440 refused: the cluster listens on port 5439.",
    ],
    // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-rs-vpc
    [
      "a cluster that is not public",
      { PubliclyAccessible: "false" },
      {},
      "ConnectionError The connection attempt to HOST:5439 timed out: the cluster is not publicly accessible.",
    ],
  ])("with %s fails", async (_, cluster, to, message) => {
    await createCluster(cluster as Record<string, string>);
    expect((await refusal(connect(to))).replaceAll(warehouses.named("wh")!.host, "HOST")).toBe(message);
  });

  it.each([
    [{ protocol: "tcp", from: 5432, to: 5432, cidrs: ["0.0.0.0/0"] }],
    [{ protocol: "udp", from: 0, to: 65535, cidrs: ["0.0.0.0/0"] }],
    [{ protocol: "tcp", from: 5439, to: 5439, cidrs: [] }],
  ])("times out where the security group only has %p", async (ingress) => {
    await createCluster();
    fake.ingress = ingress;
    expect((await refusal(connect())).replaceAll(warehouses.named("wh")!.host, "HOST")).toBe(
      "ConnectionError The connection attempt to HOST:5439 timed out: no ingress rule of its security groups (sg-1) admits TCP port 5439.",
    );
  });

  it("can know beforehand whether the cluster uses enhanced VPC routing", async () => {
    await createCluster({ EnhancedVpcRouting: "true" });
    expect(redshift.facts(warehouses.named("wh")!.host)).toEqual({
      identifier: "wh",
      publiclyAccessible: true,
      enhancedVpcRouting: true,
      vpcSecurityGroupIds: ["sg-1"],
    });
  });
});
