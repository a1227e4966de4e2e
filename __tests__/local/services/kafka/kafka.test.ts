import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Service } from "../../../../local/gateway/types";
import { type Brokers, createKafka, type WantedBrokers } from "../../../../local/services/kafka";
import { FakeAws, ROLE, ROOT, refusal, request } from "../redshift/fake-aws";

/** The control plane, by https://docs.aws.amazon.com/msk/1.0/apireference/resources.html and its second version. */
let folder: string;
let fake: FakeAws;
let brokers: FakeBrokers;
let kafka: Service;

/** Brokers that say what they were asked, and serve when they are told to. */
class FakeBrokers implements Brokers {
  readonly applied: WantedBrokers[] = [];
  readonly removed: string[] = [];
  failure: Error | undefined;
  private waiting: (() => void)[] = [];
  hold = false;

  async apply(wanted: WantedBrokers): Promise<readonly string[]> {
    this.applied.push(wanted);
    if (this.hold) await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.failure) throw this.failure;
    return Array.from({ length: wanted.nodes }, (_, index) => `127.0.0.1:${9001 + index}`);
  }
  serve(): void {
    this.hold = false;
    for (const one of this.waiting) one();
  }
  async remove(arn: string): Promise<void> {
    this.removed.push(arn);
  }
  async close(): Promise<void> {}
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "msk-"));
  fake = await new FakeAws().start(folder);
  brokers = new FakeBrokers();
  kafka = createKafka(fake.aws, brokers);
});
afterEach(async () => {
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name only
type Answer = Record<string, any>;

async function call(method: string, path: string, input: object = {}, caller = ROOT): Promise<Answer> {
  const [place = "", query] = path.split("?");
  const body = method === "GET" || method === "DELETE" ? "" : JSON.stringify(input);
  const answer = await kafka.handle({
    ...request(body, {}, caller),
    method,
    path: place,
    query: new URLSearchParams(query),
  });
  return JSON.parse(String(answer.body));
}
const at = (arn: string) => encodeURIComponent(arn);
const settled = () => new Promise((resolve) => setImmediate(resolve));

const PROPERTIES = Buffer.from("min.insync.replicas=2\n").toString("base64");
const configuration = (name = "orders") =>
  call("POST", "/v1/configurations", { name, serverProperties: PROPERTIES, description: "first" });

const GROUP = {
  instanceType: "kafka.m7g.large",
  clientSubnets: ["subnet-vpc1-a", "subnet-vpc1-b"],
  securityGroups: ["sg-1"],
  storageInfo: { ebsStorageInfo: { volumeSize: 20 } },
};
const PROVISIONED = { kafkaVersion: "3.9.x.kraft", numberOfBrokerNodes: 2, brokerNodeGroupInfo: GROUP };

async function cluster(over: object = {}): Promise<string> {
  const { clusterArn } = await call("POST", "/api/v2/clusters", {
    clusterName: "orders",
    tags: { project: "redstream" },
    provisioned: { ...PROVISIONED, ...over },
  });
  await settled();
  return clusterArn;
}
const info = async (arn: string) => (await call("GET", `/api/v2/clusters/${at(arn)}`)).clusterInfo;

describe("a provisioned cluster", () => {
  it("is CREATING until its brokers serve, then says where they are", async () => {
    brokers.hold = true;
    const arn = await cluster();
    expect(arn).toMatch(/^arn:aws:kafka:us-east-1:000000000000:cluster\/orders\/[0-9a-f-]{36}-1$/);
    expect(await info(arn)).toMatchObject({ state: "CREATING", clusterType: "PROVISIONED" });
    expect(await refusal(call("GET", `/v1/clusters/${at(arn)}/bootstrap-brokers`))).toBe(
      "BadRequestException Cluster orders is CREATING: it has no brokers yet.",
    );
    brokers.serve();
    await settled();
    expect(await info(arn)).toMatchObject({ state: "ACTIVE", tags: { project: "redstream" } });
    expect(await call("GET", `/v1/clusters/${at(arn)}/bootstrap-brokers`)).toEqual({
      bootstrapBrokerStringSaslIam: "127.0.0.1:9001,127.0.0.1:9002",
    });
  });

  it("asks for as many brokers as applied, with the applied version and configuration", async () => {
    const { arn } = await configuration();
    const clusterArn = await cluster({ configurationInfo: { arn, revision: 1 } });
    expect(brokers.applied).toEqual([
      {
        arn: clusterArn,
        name: "orders",
        nodes: 2,
        kafkaVersion: "3.9.x.kraft",
        serverProperties: "min.insync.replicas=2\n",
      },
    ]);
    expect((await info(clusterArn)).provisioned.currentBrokerSoftwareInfo).toEqual({
      kafkaVersion: "3.9.x.kraft",
      configurationArn: arn,
      configurationRevision: 1,
    });
  });

  it("shows what it was given, and AWS's defaults for the rest", async () => {
    const given = {
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: { encryptionAtRest: { dataVolumeKMSKeyId: "key" } },
      loggingInfo: { brokerLogs: { s3: { enabled: true, bucket: "logs", prefix: "logs/msk/cluster-" } } },
    };
    expect((await info(await cluster(given))).provisioned).toEqual({
      ...given,
      brokerNodeGroupInfo: {
        ...GROUP,
        brokerAZDistribution: "DEFAULT",
        connectivityInfo: { publicAccess: { type: "DISABLED" } },
      },
      currentBrokerSoftwareInfo: { kafkaVersion: "3.9.x.kraft" },
      encryptionInfo: { ...given.encryptionInfo, encryptionInTransit: { clientBroker: "TLS", inCluster: true } },
      enhancedMonitoring: "DEFAULT",
      numberOfBrokerNodes: 2,
      storageMode: "LOCAL",
    });
  });

  it("is FAILED, with the reason, when its brokers do not start", async () => {
    brokers.failure = new Error("java is missing");
    const arn = await cluster();
    expect(await info(arn)).toMatchObject({
      state: "FAILED",
      stateInfo: { code: "BrokersFailed", message: "java is missing" },
    });
  });

  it("takes its brokers with it when it is deleted", async () => {
    const arn = await cluster();
    expect(await call("DELETE", `/v1/clusters/${at(arn)}`)).toMatchObject({ state: "DELETING" });
    expect(brokers.removed).toEqual([arn]);
    expect(await refusal(info(arn))).toBe(`NotFoundException The cluster ${arn} doesn't exist.`);
  });

  it("is made by the first version of the API too, and shown in its form", async () => {
    const { clusterArn } = await call("POST", "/v1/clusters", { clusterName: "orders", ...PROVISIONED });
    await settled();
    const { clusterInfo } = await call("GET", `/v1/clusters/${at(clusterArn)}`);
    expect(clusterInfo).toMatchObject({ state: "ACTIVE", numberOfBrokerNodes: 2, brokerNodeGroupInfo: GROUP });
    expect(clusterInfo).not.toHaveProperty("provisioned");
  });

  it("is found by the beginning of its name", async () => {
    await cluster();
    const names = async (path: string) =>
      (await call("GET", path)).clusterInfoList.map(({ clusterName }: Answer) => clusterName);
    expect(await names("/v1/clusters?clusterNameFilter=ord")).toEqual(["orders"]);
    expect(await names("/api/v2/clusters?clusterNameFilter=x")).toEqual([]);
    expect(await names("/api/v2/clusters?clusterTypeFilter=SERVERLESS")).toEqual([]);
  });

  it.each<[string, object, string]>([
    [
      "brokers that are no multiple of the zones",
      { numberOfBrokerNodes: 3 },
      "The number of broker nodes must be a multiple of Availability Zones: got 3 for 2 client subnets.",
    ],
    [
      "a single subnet",
      { brokerNodeGroupInfo: { ...GROUP, clientSubnets: ["subnet-vpc1-a"] } },
      "brokerNodeGroupInfo.clientSubnets must be 2 or 3, got 1.",
    ],
    [
      "subnets of two VPCs",
      { brokerNodeGroupInfo: { ...GROUP, clientSubnets: ["subnet-vpc1-a", "subnet-vpc2-b"] } },
      "The subnets subnet-vpc1-a, subnet-vpc2-b lie in 2 VPCs.",
    ],
    ["no version", { kafkaVersion: undefined }, "provisioned.kafkaVersion is required."],
    [
      "a member of the wrong kind",
      { numberOfBrokerNodes: "two" },
      "provisioned.numberOfBrokerNodes must be a whole number.",
    ],
  ])("is refused with %s", async (_, over, message) => {
    expect(await refusal(cluster(over))).toBe(`BadRequestException ${message}`);
  });

  it("is refused under a name that is taken", async () => {
    await cluster();
    expect(await refusal(cluster())).toBe("ConflictException A cluster with the name orders already exists.");
  });
});

describe("an update", () => {
  const put = async (arn: string, part: string, input: object) => {
    const { currentVersion } = await info(arn);
    return call(part === "security" ? "PATCH" : "PUT", `/v1/clusters/${at(arn)}/${part}`, { currentVersion, ...input });
  };

  it("is an operation, under which the cluster is UPDATING, and gives the cluster another version", async () => {
    const first = await configuration();
    const arn = await cluster({ configurationInfo: { arn: first.arn, revision: 1 } });
    const before = await info(arn);
    await call("PUT", `/v1/configurations/${at(first.arn)}`, {
      serverProperties: Buffer.from("min.insync.replicas=1\n").toString("base64"),
    });
    brokers.hold = true;
    const { clusterOperationArn } = await put(arn, "configuration", {
      configurationInfo: { arn: first.arn, revision: 2 },
    });
    const operation = async () =>
      (await call("GET", `/api/v2/operations/${at(clusterOperationArn)}`)).clusterOperationInfo;
    expect(await operation()).toMatchObject({
      operationType: "UPDATE_CLUSTER_CONFIGURATION",
      operationState: "UPDATE_IN_PROGRESS",
    });
    expect(await info(arn)).toMatchObject({ state: "UPDATING", activeOperationArn: clusterOperationArn });
    brokers.serve();
    await settled();
    await settled();
    expect(await operation()).toMatchObject({ operationState: "UPDATE_COMPLETE" });
    const after = await info(arn);
    expect(after.state).toBe("ACTIVE");
    expect(after.currentVersion).not.toBe(before.currentVersion);
    expect(brokers.applied.map(({ serverProperties }) => serverProperties)).toEqual([
      "min.insync.replicas=2\n",
      "min.insync.replicas=1\n",
    ]);
  });

  it("that brokers cannot follow has failed, with the reason, and leaves the cluster as it was", async () => {
    const arn = await cluster();
    brokers.failure = new Error("no memory left");
    const { clusterOperationArn } = await put(arn, "nodes/count", { targetNumberOfBrokerNodes: 4 });
    await settled();
    await settled();
    expect((await call("GET", `/v1/operations/${at(clusterOperationArn)}`)).clusterOperationInfo).toMatchObject({
      operationState: "UPDATE_FAILED",
      errorInfo: { errorString: "no memory left" },
    });
    expect(await info(arn)).toMatchObject({ state: "ACTIVE", provisioned: { numberOfBrokerNodes: 2 } });
  });

  it.each<[string, object, string, (provisioned: Answer) => unknown, unknown]>([
    ["nodes/count", { targetNumberOfBrokerNodes: 4 }, "INCREASE_BROKER_COUNT", (p) => p.numberOfBrokerNodes, 4],
    [
      "nodes/type",
      { targetInstanceType: "kafka.m7g.xlarge" },
      "UPDATE_BROKER_TYPE",
      (p) => p.brokerNodeGroupInfo.instanceType,
      "kafka.m7g.xlarge",
    ],
    [
      "nodes/storage",
      { targetBrokerEBSVolumeInfo: [{ kafkaBrokerNodeId: "All", volumeSizeGB: 50 }] },
      "INCREASE_STORAGE",
      (p) => p.brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize,
      50,
    ],
    [
      "monitoring",
      { enhancedMonitoring: "PER_BROKER" },
      "UPDATE_MONITORING",
      (p) => p.enhancedMonitoring,
      "PER_BROKER",
    ],
    [
      "version",
      { targetKafkaVersion: "4.1.x.kraft" },
      "UPDATE_CLUSTER_KAFKA_VERSION",
      (p) => p.currentBrokerSoftwareInfo.kafkaVersion,
      "4.1.x.kraft",
    ],
    [
      "connectivity",
      { connectivityInfo: { publicAccess: { type: "SERVICE_PROVIDED_EIPS" } } },
      "UPDATE_CONNECTIVITY",
      (p) => p.brokerNodeGroupInfo.connectivityInfo.publicAccess.type,
      "SERVICE_PROVIDED_EIPS",
    ],
    [
      "security",
      { encryptionInfo: { encryptionInTransit: { clientBroker: "TLS_PLAINTEXT" } } },
      "UPDATE_SECURITY",
      (p) => p.encryptionInfo.encryptionInTransit.clientBroker,
      "TLS_PLAINTEXT",
    ],
  ])("of %s with %j is kept", async (part, input, type, read, value) => {
    const arn = await cluster();
    const { clusterOperationArn } = await put(arn, part, input);
    await settled();
    await settled();
    expect((await call("GET", `/v1/operations/${at(clusterOperationArn)}`)).clusterOperationInfo).toMatchObject({
      operationType: type,
      operationState: "UPDATE_COMPLETE",
    });
    expect(read((await info(arn)).provisioned)).toBe(value);
    // Only what is theirs comes to the brokers.
    expect(brokers.applied).toHaveLength(type === "INCREASE_BROKER_COUNT" ? 2 : 1);
  });

  it("of a version that is not the cluster's any more is refused", async () => {
    const arn = await cluster();
    const { currentVersion } = await info(arn);
    expect(await refusal(put(arn, "monitoring", { currentVersion: "K0", enhancedMonitoring: "DEFAULT" }))).toBe(
      `BadRequestException The current version of cluster orders is ${currentVersion}, and not K0.`,
    );
  });

  it.each<[string, object, string]>([
    [
      "nodes/storage",
      { targetBrokerEBSVolumeInfo: [{ kafkaBrokerNodeId: "All", volumeSizeGB: 10 }] },
      "A volume cannot be reduced, from 20 GB to 10 GB.",
    ],
    ["nodes/count", { targetNumberOfBrokerNodes: 3 }, "3 brokers are no multiple of 2 client subnets."],
  ])("of %s with %j is refused", async (part, input, message) => {
    expect(await refusal(put(await cluster(), part, input))).toBe(`BadRequestException ${message}`);
  });
});

describe("a serverless cluster", () => {
  const serverless = async () => {
    const { clusterArn } = await call("POST", "/api/v2/clusters", {
      clusterName: "orders",
      serverless: {
        vpcConfigs: [{ subnetIds: ["subnet-vpc1-a", "subnet-vpc1-b"], securityGroupIds: ["sg-1"] }],
        clientAuthentication: { sasl: { iam: { enabled: true } } },
      },
    });
    await settled();
    return clusterArn as string;
  };

  it("has three brokers, whose number and settings are AWS's", async () => {
    const arn = await serverless();
    expect(arn).toMatch(/-s1$/);
    expect(brokers.applied).toMatchObject([
      {
        nodes: 3,
        serverProperties: "auto.create.topics.enable=false\ndefault.replication.factor=3\nmin.insync.replicas=2\n",
      },
    ]);
    const shown = await info(arn);
    expect(shown).toMatchObject({ clusterType: "SERVERLESS", state: "ACTIVE" });
    expect(shown.serverless.vpcConfigs[0].subnetIds).toHaveLength(2);
  });

  it("has nothing to update, and no form in the first version of the API", async () => {
    const arn = await serverless();
    expect(await refusal(call("GET", `/v1/clusters/${at(arn)}`))).toBe(
      "BadRequestException Cluster orders is serverless: ask DescribeClusterV2.",
    );
    expect(await refusal(call("PUT", `/v1/clusters/${at(arn)}/monitoring`, { currentVersion: "K0" }))).toBe(
      "BadRequestException Cluster orders is serverless: it has nothing to update.",
    );
  });
});

describe("a configuration", () => {
  it("grows by revisions, each with its own settings", async () => {
    const { arn, latestRevision } = await configuration();
    expect(latestRevision).toMatchObject({ revision: 1, description: "first" });
    const second = Buffer.from("min.insync.replicas=1").toString("base64");
    expect(await call("PUT", `/v1/configurations/${at(arn)}`, { serverProperties: second })).toMatchObject({
      latestRevision: { revision: 2 },
    });
    const revision = (n: number) => call("GET", `/v1/configurations/${at(arn)}/revisions/${n}`);
    expect((await revision(1)).serverProperties).toBe(PROPERTIES);
    expect((await revision(2)).serverProperties).toBe(second);
    expect(await refusal(revision(3))).toBe(`NotFoundException Configuration ${arn} has no revision 3.`);
  });

  it("is not deleted under a cluster that uses it", async () => {
    const { arn } = await configuration();
    const clusterArn = await cluster({ configurationInfo: { arn, revision: 1 } });
    const remove = () => call("DELETE", `/v1/configurations/${at(arn)}`);
    expect(await refusal(remove())).toBe(`BadRequestException Configuration ${arn} is used by a cluster.`);
    await call("DELETE", `/v1/clusters/${at(clusterArn)}`);
    expect(await remove()).toMatchObject({ state: "DELETING" });
    expect(await refusal(call("GET", `/v1/configurations/${at(arn)}`))).toBe(
      `BadRequestException Configuration ARN does not exist: ${arn}`,
    );
  });

  it("is refused with a line that sets nothing", async () => {
    const serverProperties = Buffer.from("# a word\nmin.insync.replicas 2\n").toString("base64");
    expect(await refusal(call("POST", "/v1/configurations", { name: "orders", serverProperties }))).toBe(
      "BadRequestException serverProperties must be a name=value a line, got min.insync.replicas 2.",
    );
  });
});

describe("who may call", () => {
  it("is asked for by the action on the cluster's ARN", async () => {
    const arn = await cluster();
    const path = `/v1/clusters/${at(arn)}/bootstrap-brokers`;
    await expect(call("GET", path, {}, ROLE)).rejects.toThrow(
      `User: ${ROLE.arn} is not authorized to perform: kafka:GetBootstrapBrokers on resource: ${arn}`,
    );
    fake.allowed.add(`kafka:GetBootstrapBrokers ${arn}`);
    expect(await call("GET", path, {}, ROLE)).toHaveProperty("bootstrapBrokerStringSaslIam");
  });

  it("of an operation is asked for on its cluster", async () => {
    const arn = await cluster();
    const { currentVersion } = await info(arn);
    const { clusterOperationArn } = await call("PUT", `/v1/clusters/${at(arn)}/monitoring`, { currentVersion });
    await call("GET", `/v1/operations/${at(clusterOperationArn)}`);
    expect(fake.asked.at(-1)).toBe(`kafka:DescribeClusterOperation ${arn}`);
  });
});

it("keeps tags by ARN", async () => {
  const arn = await cluster();
  await call("POST", `/v1/tags/${at(arn)}`, { tags: { owner: "me" } });
  expect(await call("GET", `/v1/tags/${at(arn)}`)).toEqual({ tags: { project: "redstream", owner: "me" } });
  await call("DELETE", `/v1/tags/${at(arn)}?tagKeys=project&tagKeys=owner`);
  expect(await call("GET", `/v1/tags/${at(arn)}`)).toEqual({ tags: {} });
});

it("says which nodes a cluster has, and that it has no SCRAM secret", async () => {
  const arn = await cluster();
  const { nodeInfoList } = await call("GET", `/v1/clusters/${at(arn)}/nodes`);
  expect(nodeInfoList.map(({ brokerNodeInfo }: Answer) => brokerNodeInfo)).toEqual([
    { brokerId: 1, clientSubnet: "subnet-vpc1-a", endpoints: ["127.0.0.1:9001"] },
    { brokerId: 2, clientSubnet: "subnet-vpc1-b", endpoints: ["127.0.0.1:9002"] },
  ]);
  expect(await call("GET", `/v1/clusters/${at(arn)}/scram-secrets`)).toEqual({ secretArnList: [] });
});

it("refuses by name what it does not carry", async () => {
  expect(await refusal(call("POST", "/replication/v1/replicators"))).toBe(
    "NotFoundException POST /replication/v1/replicators is not carried by the local MSK",
  );
});
