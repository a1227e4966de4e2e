import type { Construct } from "constructs";
import { Bucket } from "../modules/bucket";
import { EncryptionKey } from "../modules/encryption-key";
import { type Kafka, Topic } from "../modules/msk";
import { Network } from "../modules/network";
import { QueryRunner } from "../modules/query-runner";
import { addressesNeeded, RedshiftServerless } from "../modules/redshift-serverless";
import type { Settings } from "../settings";
import { createKafka } from "./orders-kafka";
import { connectedBy, createVpn } from "./orders-vpn";
import { PipelineStack } from "./pipeline-stack";
import { warehouseOutputs } from "./warehouse";

/** What the stack puts into each private subnet beside the warehouse, at most: brokers, functions, endpoints. */
const OTHER_ADDRESSES = 10;

/** Orders from a Kafka topic to views in Redshift Serverless: network, brokers, topic, warehouse. What fills the topic is a stack of its own. */
export class OrdersInfra extends PipelineStack {
  readonly network: Network;
  readonly kafka: Kafka;
  readonly topic: Topic;
  readonly warehouse: RedshiftServerless;

  /** Name of VPC and cluster, by which another stack finds them; the brokers' security group is `<name>-brokers`. */
  readonly knownName: string;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, settings);
    const { orders, profile, region } = settings;
    const nameOf = (part: string) => this.nameOf(`orders-${part}`);
    const { disposable, logRetentionDays } = this;
    const key = new EncryptionKey(this, "key", { description: "Orders", deletionWindowDays: disposable ? 7 : 30 });
    this.knownName = this.knownAs("orders");

    this.network = new Network(this, "network", {
      name: this.knownName,
      key,
      vpcCidr: orders.vpcCidr,
      nat: orders.nat as "none",
      privateAddresses: addressesNeeded(orders.maxRpus ?? orders.baseRpus) + OTHER_ADDRESSES,
      apartFrom: connectedBy(orders.vpn),
      flowLogRetentionDays: logRetentionDays,
    });
    const place = { vpc: this.network.vpc, subnets: this.network.privateSubnets };
    const logs = new Bucket(this, "logs", { name: nameOf("logs"), key, forceDestroy: disposable, expireDays: 365 });
    this.kafka = createKafka(this, { settings, name: this.knownName, network: place, key, logs, logRetentionDays });
    this.topic = new Topic(this, "topic", {
      name: nameOf("topic"),
      kafka: this.kafka,
      network: place,
      key,
      topic: orders.topic,
      partitions: orders.partitions,
      replicationFactor: orders.replicationFactor,
      retentionHours: orders.retentionHours,
      logRetentionDays,
    });

    this.warehouse = new RedshiftServerless(this, "warehouse", {
      name: nameOf("warehouse"),
      region,
      key,
      profile,
      within: place,
      database: orders.database,
      adminUser: orders.adminUser,
      adminPassword: orders.adminPassword,
      baseRpus: orders.baseRpus,
      maxRpus: orders.maxRpus,
      dailyRpuHours: orders.dailyRpuHours,
    });
    const reachable = this.kafka.admit({ id: "warehouse", securityGroupId: this.warehouse.securityGroup.id });
    const vpn = createVpn(this, { settings, nameOf, network: this.network, key });
    if (vpn) {
      this.kafka.admit(vpn);
      this.warehouse.admit(vpn);
    }
    // Redshift names its consumer groups itself.
    const readable = this.kafka.grantConsume(this.warehouse.copyRole, orders.topic, "*");
    new QueryRunner(this, "migrations", {
      name: nameOf("migrate"),
      target: this.warehouse,
      key,
      dataset: "orders",
      values: { bootstrap_servers: this.kafka.bootstrapBrokers, topic: orders.topic },
      waitFor: [this.topic.ready, readable, ...reachable],
      profile,
      logRetentionDays,
    });

    this.output({
      kafka_cluster_arn: this.kafka.arn,
      kafka_bootstrap_servers: this.kafka.bootstrapBrokers,
      kafka_topic: orders.topic,
      topic_function: this.topic.function.fn.functionName,
      log_bucket: logs.name,
      vpc_id: this.network.vpc.id,
      ...warehouseOutputs(this.warehouse),
      ...vpn?.outputs,
    });
  }
}
