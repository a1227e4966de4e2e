import { DataAwsMskBootstrapBrokers } from "@cdktf/provider-aws/lib/data-aws-msk-bootstrap-brokers";
import { DataAwsMskCluster } from "@cdktf/provider-aws/lib/data-aws-msk-cluster";
import { DataAwsSecurityGroup } from "@cdktf/provider-aws/lib/data-aws-security-group";
import { DataAwsSubnets } from "@cdktf/provider-aws/lib/data-aws-subnets";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import type { Construct } from "constructs";
import { EncryptionKey } from "../modules/encryption-key";
import { KafkaProducer, type KafkaProducerProps } from "../modules/kafka-producer";
import { type Kafka, MskReference } from "../modules/msk";
import { Alarms } from "../modules/observability";
import { type Settings, SettingsError } from "../settings";
import type { OrdersInfra } from "./orders-infra";
import { PipelineStack } from "./pipeline-stack";

/** Where the producers find the topic. */
interface Found {
  readonly kafka: Kafka;
  readonly network: KafkaProducerProps["network"];
}

/** Producers of orders, on a schedule, for the topic of `orders-infra`. */
export class OrdersProducer extends PipelineStack {
  constructor(scope: Construct, id: string, settings: Settings, infra: OrdersInfra) {
    super(scope, id, settings);
    const { orders } = settings;
    const key = new EncryptionKey(this, "key", {
      description: "Producers of orders",
      deletionWindowDays: this.disposable ? 7 : 30,
    });
    const { kafka, network } =
      orders.lookup === "dataSources" ? this.lookUp(infra, orders.kafka) : this.readState(infra);
    const producer = new KafkaProducer(this, "producer", {
      name: this.nameOf("orders-producer"),
      kafka,
      topic: orders.topic,
      network,
      key,
      ordersPerSecond: orders.ordersPerSecond,
      durationSeconds: orders.durationSeconds,
      producers: orders.producers,
      enableTrigger: orders.enableTrigger,
      logRetentionDays: this.logRetentionDays,
    });
    const failures = producer.failures.queue.name;
    const alarms = new Alarms(this, "alarms", { name: this.nameOf("orders-producer-alarms"), key });
    alarms.onDeadLetters(
      "producer-failures",
      failures,
      `Runs of the producer failed, or could not be begun: ${failures} says why. Another run sends other orders, so none of them is run again; delete what is read.`,
    );
    this.output({
      producer_function: producer.function.fn.functionName,
      producer_schedule: producer.rule.name,
      producer_failures_queue: producer.failures.queue.url,
      kafka_topic: orders.topic,
      alarm_topic: alarms.topic.arn,
    });
  }

  /** From the other stack's state: CDKTF writes a data source for what crosses. */
  private readState(infra: OrdersInfra): Found {
    return {
      kafka: new MskReference(this, "kafka", infra.kafka),
      network: {
        vpcId: infra.network.vpc.id,
        subnetIds: infra.network.privateSubnets.map((subnet) => subnet.id),
      },
    };
  }

  /** By names and tags, as the original: without a right to the other stack's state. */
  private lookUp({ knownName }: OrdersInfra, kind: string): Found {
    if (kind === "serverless") {
      throw new SettingsError(
        `${this.node.path}: orders.lookup "dataSources" is for orders.kafka "provisioned": the provider finds no serverless cluster by its name; use lookup "remoteState"`,
      );
    }
    const vpc = new DataAwsVpc(this, "vpc", { tags: { Name: knownName } });
    const subnets = new DataAwsSubnets(this, "subnets", {
      filter: [{ name: "vpc-id", values: [vpc.id] }],
      tags: { Tier: "Private" },
    });
    const cluster = new DataAwsMskCluster(this, "cluster", { clusterName: knownName });
    const brokers = new DataAwsMskBootstrapBrokers(this, "brokers", { clusterArn: cluster.arn });
    const group = new DataAwsSecurityGroup(this, "brokers-group", { name: `${knownName}-brokers`, vpcId: vpc.id });
    return {
      kafka: new MskReference(this, "kafka", {
        arn: cluster.arn,
        bootstrapBrokers: brokers.bootstrapBrokersSaslIam,
        securityGroupId: group.id,
      }),
      network: { vpcId: vpc.id, subnetIds: subnets.ids },
    };
  }
}
