import { randomBytes, randomUUID } from "node:crypto";
import type { LocalAws } from "../../gateway/types";
import { subnetsOf } from "../../subnets";
import type { Brokers } from "./brokers";
import type { Configurations } from "./configurations";
import { conflict, type Input, invalid, type Json, notFound } from "./json";
import type { Operations } from "./operations";
import { configurationOf, describeProvisioned, type Provisioned, readProvisioned } from "./provisioned";
import type { Tags } from "./tags";

const NAME = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;

/** What AWS sets on a serverless cluster: https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html */
const SERVERLESS = {
  nodes: 3,
  kafkaVersion: "serverless",
  serverProperties: "auto.create.topics.enable=false\ndefault.replication.factor=3\nmin.insync.replicas=2\n",
};

interface Cluster {
  readonly arn: string;
  readonly name: string;
  readonly created: Date;
  readonly kind: { readonly provisioned: Provisioned } | { readonly serverless: Json };
  /** Changes with each update; a call must name the one it has seen. */
  version: string;
  state: "CREATING" | "ACTIVE" | "UPDATING" | "DELETING" | "FAILED";
  problem?: string;
  /** `127.0.0.1:PORT`, one a broker, once they serve. */
  addresses: readonly string[];
  activeOperation?: string;
}

/** Clusters of both kinds: what was applied, and the brokers that follow it. */
export class Clusters {
  private readonly byArn = new Map<string, Cluster>();

  constructor(
    private readonly aws: LocalAws,
    private readonly brokers: Brokers,
    private readonly configurations: Configurations,
    private readonly operations: Operations,
    private readonly tags: Tags,
  ) {}

  /** CreateCluster: always provisioned, its members beside the name. */
  async createV1(input: Input): Promise<Json> {
    return this.create(input, { provisioned: await this.provisioned(input) }, "V1");
  }

  async createV2(input: Input): Promise<Json> {
    const [provisioned, serverless] = [input.object("provisioned"), input.object("serverless")];
    if (provisioned && serverless) throw invalid("Give either provisioned or serverless, and not both.");
    if (provisioned) return this.create(input, { provisioned: await this.provisioned(provisioned) }, "V2");
    if (!serverless) throw invalid("provisioned or serverless is required.");
    const configs = serverless.required("vpcConfigs", serverless.objects("vpcConfigs"));
    for (const config of configs) await this.checkSubnets(config.strings("subnetIds") ?? []);
    return this.create(input, { serverless: input.json("serverless")! }, "V2");
  }

  describeV1(arn: string): Json {
    return { clusterInfo: this.infoV1(this.find(arn)) };
  }

  describeV2(arn: string): Json {
    return { clusterInfo: this.infoV2(this.find(arn)) };
  }

  listV1(query: URLSearchParams): Json {
    const clusters = this.matching(query).filter(({ kind }) => "provisioned" in kind);
    return { clusterInfoList: clusters.map((cluster) => this.infoV1(cluster)) };
  }

  listV2(query: URLSearchParams): Json {
    return { clusterInfoList: this.matching(query).map((cluster) => this.infoV2(cluster)) };
  }

  async delete(arn: string): Promise<Json> {
    const cluster = this.find(arn);
    if (cluster.state === "UPDATING" || cluster.state === "CREATING") {
      throw invalid(`Cluster ${cluster.name} is ${cluster.state}: it can be deleted when it is ACTIVE.`);
    }
    cluster.state = "DELETING";
    await this.brokers.remove(arn);
    this.byArn.delete(arn);
    this.tags.close(arn);
    return { clusterArn: arn, clusterName: cluster.name, state: "DELETING" };
  }

  /** Empty until the brokers serve: the API has no cluster to show then. */
  bootstrapBrokers(arn: string): Json {
    const cluster = this.find(arn);
    if (cluster.addresses.length === 0)
      throw invalid(`Cluster ${cluster.name} is ${cluster.state}: it has no brokers yet.`);
    return { bootstrapBrokerStringSaslIam: cluster.addresses.join(",") };
  }

  nodes(arn: string): Json {
    const cluster = this.find(arn);
    const subnets = "provisioned" in cluster.kind ? cluster.kind.provisioned.brokerNodeGroupInfo.clientSubnets : [];
    return {
      nodeInfoList: cluster.addresses.map((address, index) => ({
        nodeType: "BROKER",
        nodeARN: `${arn.replace(":cluster/", ":broker/")}/${index + 1}`,
        brokerNodeInfo: {
          brokerId: index + 1,
          clientSubnet: (subnets as string[])[index % (subnets as string[]).length],
          endpoints: [address],
        },
      })),
    };
  }

  scramSecrets(arn: string): Json {
    this.find(arn);
    return { secretArnList: [] };
  }

  updateCount(arn: string, input: Input): Json {
    return this.update(arn, input, "INCREASE_BROKER_COUNT", (provisioned) => {
      const target = input.required("targetNumberOfBrokerNodes", input.integer("targetNumberOfBrokerNodes"));
      const subnets = (provisioned.brokerNodeGroupInfo.clientSubnets as string[]).length;
      if (target < provisioned.nodes) throw invalid(`The number of brokers cannot be reduced to ${target} here.`);
      if (target % subnets !== 0) throw invalid(`${target} brokers are no multiple of ${subnets} client subnets.`);
      return { nodes: target };
    });
  }

  updateType(arn: string, input: Input): Json {
    return this.update(arn, input, "UPDATE_BROKER_TYPE", ({ brokerNodeGroupInfo }) => {
      const instanceType = input.required("targetInstanceType", input.string("targetInstanceType"));
      return { brokerNodeGroupInfo: { ...brokerNodeGroupInfo, instanceType } };
    });
  }

  updateStorage(arn: string, input: Input): Json {
    return this.update(arn, input, "INCREASE_STORAGE", ({ brokerNodeGroupInfo }) => {
      const [target] = input.required("targetBrokerEBSVolumeInfo", input.objects("targetBrokerEBSVolumeInfo"));
      const volumeSize = target?.integer("volumeSizeGB");
      const before = volumeOf(brokerNodeGroupInfo);
      if (volumeSize !== undefined && volumeSize < before) {
        throw invalid(`A volume cannot be reduced, from ${before} GB to ${volumeSize} GB.`);
      }
      const ebsStorageInfo = { volumeSize: volumeSize ?? before };
      return { brokerNodeGroupInfo: { ...brokerNodeGroupInfo, storageInfo: { ebsStorageInfo } } };
    });
  }

  updateMonitoring(arn: string, input: Input): Json {
    return this.update(arn, input, "UPDATE_MONITORING", (before) => ({
      enhancedMonitoring: input.string("enhancedMonitoring") ?? before.enhancedMonitoring,
      openMonitoring: input.json("openMonitoring") ?? before.openMonitoring,
      loggingInfo: input.json("loggingInfo") ?? before.loggingInfo,
    }));
  }

  updateConfiguration(arn: string, input: Input): Json {
    return this.update(arn, input, "UPDATE_CLUSTER_CONFIGURATION", () => ({ configuration: this.known(input) }));
  }

  updateVersion(arn: string, input: Input): Json {
    return this.update(arn, input, "UPDATE_CLUSTER_KAFKA_VERSION", (before) => ({
      kafkaVersion: input.required("targetKafkaVersion", input.string("targetKafkaVersion")),
      configuration: this.known(input) ?? before.configuration,
    }));
  }

  updateConnectivity(arn: string, input: Input): Json {
    return this.update(arn, input, "UPDATE_CONNECTIVITY", ({ brokerNodeGroupInfo }) => ({
      brokerNodeGroupInfo: { ...brokerNodeGroupInfo, connectivityInfo: input.json("connectivityInfo") },
    }));
  }

  updateSecurity(arn: string, input: Input): Json {
    return this.update(arn, input, "UPDATE_SECURITY", (before) => ({
      clientAuthentication: { ...before.clientAuthentication, ...input.json("clientAuthentication") },
      encryptionInfo: { ...before.encryptionInfo, ...input.json("encryptionInfo") },
    }));
  }

  uses(configuration: string): boolean {
    return [...this.byArn.values()].some(
      ({ kind }) => "provisioned" in kind && kind.provisioned.configuration?.arn === configuration,
    );
  }

  private async provisioned(input: Input): Promise<Provisioned> {
    const { subnets, ...provisioned } = readProvisioned(input);
    await this.checkSubnets(subnets);
    this.known(input);
    return provisioned;
  }

  private create(input: Input, kind: Cluster["kind"], version: "V1" | "V2"): Json {
    const name = input.required("clusterName", input.string("clusterName"));
    if (!NAME.test(name))
      throw invalid(`clusterName must be 1 to 64 letters, digits and -, not a - first, got ${name}.`);
    if ([...this.byArn.values()].some((one) => one.name === name)) {
      throw conflict(`A cluster with the name ${name} already exists.`);
    }
    const { region, accountId, clock } = this.aws;
    const cluster: Cluster = {
      arn: `arn:aws:kafka:${region}:${accountId}:cluster/${name}/${randomUUID()}-${"serverless" in kind ? "s1" : "1"}`,
      name,
      created: clock.now(),
      kind,
      version: newVersion(),
      state: "CREATING",
      addresses: [],
    };
    this.byArn.set(cluster.arn, cluster);
    this.tags.open(cluster.arn, input.tags());
    void this.follow(cluster).then(
      () => {
        cluster.state = "ACTIVE";
      },
      (error: Error) => {
        cluster.state = "FAILED";
        cluster.problem = error.message;
      },
    );
    return {
      clusterArn: cluster.arn,
      clusterName: name,
      state: "CREATING",
      ...(version === "V2" ? { clusterType: typeOf(cluster) } : {}),
    };
  }

  /** Brings the brokers to what the cluster is now. */
  private async follow(cluster: Cluster): Promise<void> {
    const { arn, name, kind } = cluster;
    const wanted =
      "serverless" in kind
        ? SERVERLESS
        : {
            nodes: kind.provisioned.nodes,
            kafkaVersion: kind.provisioned.kafkaVersion,
            serverProperties: this.propertiesOf(kind.provisioned),
          };
    cluster.addresses = await this.brokers.apply({ arn, name, ...wanted });
  }

  private propertiesOf({ configuration }: Provisioned): string {
    return configuration ? this.configurations.propertiesOf(configuration.arn, configuration.revision) : "";
  }

  /** Changes a provisioned cluster, and its brokers where the change is theirs. */
  private update(arn: string, input: Input, type: string, change: (before: Provisioned) => Partial<Provisioned>): Json {
    const cluster = this.find(arn);
    if (!("provisioned" in cluster.kind))
      throw invalid(`Cluster ${cluster.name} is serverless: it has nothing to update.`);
    if (cluster.state !== "ACTIVE") throw invalid(`Cluster ${cluster.name} is ${cluster.state}, and not ACTIVE.`);
    const seen = input.required("currentVersion", input.string("currentVersion"));
    if (seen !== cluster.version) {
      throw invalid(`The current version of cluster ${cluster.name} is ${cluster.version}, and not ${seen}.`);
    }
    const { provisioned } = cluster.kind;
    const previous = { ...provisioned };
    const before = { nodes: provisioned.nodes, properties: this.propertiesOf(provisioned) };
    Object.assign(provisioned, change(provisioned));
    const concerned = before.nodes !== provisioned.nodes || before.properties !== this.propertiesOf(provisioned);
    cluster.version = newVersion();
    cluster.state = "UPDATING";
    const operation = this.operations.start(
      arn,
      type,
      async () => {
        if (!concerned) return;
        try {
          await this.follow(cluster);
        } catch (error) {
          Object.assign(provisioned, previous);
          throw error;
        }
      },
      () => {
        cluster.state = "ACTIVE";
        cluster.activeOperation = undefined;
      },
    );
    cluster.activeOperation = operation;
    return { clusterArn: arn, clusterOperationArn: operation };
  }

  /** The configuration that a call names; it must exist. */
  private known(input: Input): Provisioned["configuration"] {
    const configuration = configurationOf(input);
    if (configuration) this.configurations.propertiesOf(configuration.arn, configuration.revision);
    return configuration;
  }

  private async checkSubnets(ids: readonly string[]): Promise<void> {
    const { missing, vpcs, zones } = await subnetsOf(this.aws, ids);
    if (missing !== undefined) throw invalid(missing);
    if (vpcs.size > 1) throw invalid(`The subnets ${ids.join(", ")} lie in ${vpcs.size} VPCs.`);
    if (zones.size < ids.length)
      throw invalid(`The subnets ${ids.join(", ")} must lie in distinct Availability Zones.`);
  }

  private find(arn: string): Cluster {
    const cluster = this.byArn.get(arn);
    if (!cluster) throw notFound(`The cluster ${arn} doesn't exist.`);
    return cluster;
  }

  private matching(query: URLSearchParams): Cluster[] {
    const name = query.get("clusterNameFilter") ?? "";
    const type = query.get("clusterTypeFilter");
    return [...this.byArn.values()].filter(
      (cluster) => cluster.name.startsWith(name) && (type === null || typeOf(cluster) === type),
    );
  }

  private common(cluster: Cluster): Json {
    return {
      clusterArn: cluster.arn,
      clusterName: cluster.name,
      creationTime: cluster.created.toISOString(),
      currentVersion: cluster.version,
      state: cluster.state,
      tags: this.tags.of(cluster.arn),
      ...(cluster.activeOperation ? { activeOperationArn: cluster.activeOperation } : {}),
      ...(cluster.problem ? { stateInfo: { code: "BrokersFailed", message: cluster.problem } } : {}),
    };
  }

  private infoV1(cluster: Cluster): Json {
    if (!("provisioned" in cluster.kind))
      throw invalid(`Cluster ${cluster.name} is serverless: ask DescribeClusterV2.`);
    return { ...this.common(cluster), ...describeProvisioned(cluster.kind.provisioned) };
  }

  private infoV2(cluster: Cluster): Json {
    const of =
      "serverless" in cluster.kind
        ? { serverless: cluster.kind.serverless }
        : { provisioned: describeProvisioned(cluster.kind.provisioned) };
    return { ...this.common(cluster), clusterType: typeOf(cluster), ...of };
  }
}

const typeOf = ({ kind }: Cluster) => ("serverless" in kind ? "SERVERLESS" : "PROVISIONED");

const newVersion = () => `K${randomBytes(7).toString("hex").toUpperCase()}`;

function volumeOf(brokerNodeGroupInfo: Json): number {
  const { storageInfo } = brokerNodeGroupInfo as { storageInfo?: { ebsStorageInfo?: { volumeSize?: number } } };
  return storageInfo?.ebsStorageInfo?.volumeSize ?? 0;
}
