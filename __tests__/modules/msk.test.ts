import { AppautoscalingPolicy } from "@cdktf/provider-aws/lib/appautoscaling-policy";
import { AppautoscalingTarget } from "@cdktf/provider-aws/lib/appautoscaling-target";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { MskCluster as Cluster } from "@cdktf/provider-aws/lib/msk-cluster";
import { MskConfiguration } from "@cdktf/provider-aws/lib/msk-configuration";
import { MskServerlessCluster } from "@cdktf/provider-aws/lib/msk-serverless-cluster";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { TerraformStack } from "cdktf";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import {
  type Kafka,
  MskCluster,
  type MskClusterProps,
  MskReference,
  MskServerless,
  type MskServerlessProps,
} from "../../modules/msk";
import { Network } from "../../modules/network";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
let network: Network;
let key: EncryptionKey;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
  network = new Network(stack, "network", { name: "orders", key });
});

const place = (zones = 3) => ({ vpc: network.vpc, subnets: network.privateSubnets.slice(0, zones) });
const provisioned = (over: Partial<MskClusterProps> = {}) =>
  new MskCluster(stack, "kafka", {
    name: "orders",
    network: place(),
    key,
    logBucket: new Bucket(stack, "logs", { name: "orders-logs", key }),
    ...over,
  });
const serverless = (over: Partial<MskServerlessProps> = {}) =>
  new MskServerless(stack, "kafka", { name: "orders", network: place(), ...over });
const made = (over: Partial<MskClusterProps> = {}) => {
  provisioned(over);
  return resources(stack, Cluster)[0];
};

describe("MskCluster", () => {
  it("has a broker in each zone, of a current version and type, unless told otherwise", () => {
    const cluster = made();
    expect(cluster).toMatchObject({
      cluster_name: "orders",
      kafka_version: "3.9.x.kraft",
      number_of_broker_nodes: 3,
      enhanced_monitoring: "PER_TOPIC_PER_BROKER",
      broker_node_group_info: {
        instance_type: "kafka.m7g.large",
        connectivity_info: { public_access: { type: "DISABLED" } },
        storage_info: { ebs_storage_info: { volume_size: 20 } },
      },
    });
    expect(cluster.broker_node_group_info.client_subnets).toHaveLength(3);
  });

  it("lets nobody in but by IAM, over TLS, and encrypts its volumes with the stack's key", () => {
    expect(made()).toMatchObject({
      client_authentication: { sasl: { iam: true, scram: false }, unauthenticated: false },
      encryption_info: {
        encryption_at_rest_kms_key_arn: expect.stringMatching(/^\$\{aws_kms_key\.\w+\.arn\}$/),
        encryption_in_transit: { client_broker: "TLS", in_cluster: true },
      },
    });
  });

  it("makes topics on purpose only, acknowledges on two of three replicas and keeps records for 7 days", () => {
    expect(made().configuration_info).toEqual({
      arn: expect.stringMatching(/^\$\{aws_msk_configuration\.\w+\.arn\}$/),
      revision: expect.stringMatching(/^\$\{aws_msk_configuration\.\w+\.latest_revision\}$/),
    });
    expect(resources(stack, MskConfiguration)[0].server_properties).toBe(
      [
        "auto.create.topics.enable=false",
        "delete.topic.enable=true",
        "default.replication.factor=3",
        "min.insync.replicas=2",
        "num.partitions=3",
        "log.retention.hours=168",
        "unclean.leader.election.enable=false",
        "",
      ].join("\n"),
    );
  });

  it("with two zones acknowledges on one replica, so that a zone may be away", () => {
    made({ network: place(2), brokers: 4 });
    expect(resources(stack, MskConfiguration)[0].server_properties).toContain("min.insync.replicas=1\n");
  });

  it("logs to CloudWatch and to the bucket under logs/msk/cluster-, once the bucket admits it", () => {
    const cluster = made();
    expect(cluster.logging_info.broker_logs).toEqual({
      cloudwatch_logs: { enabled: true, log_group: expect.stringContaining("aws_cloudwatch_log_group") },
      s3: { enabled: true, bucket: expect.stringContaining("aws_s3_bucket"), prefix: "logs/msk/cluster-" },
    });
    expect(cluster.depends_on).toEqual([expect.stringMatching(/^aws_s3_bucket_policy\./)]);
    expect(resources(stack, CloudwatchLogGroup).map(({ name }) => name)).toContain("/aws/vendedlogs/msk/orders");
    const documents = Object.values<{ statement: { sid?: string; resources: string[] }[] }>(
      synthesized(stack).data.aws_iam_policy_document,
    );
    const write = documents.flatMap(({ statement }) => statement).find(({ sid }) => sid === "LogDeliveryWrites");
    expect(write?.resources).toEqual([expect.stringMatching(/^\$\{aws_s3_bucket\.\w+\.arn\}\/logs\/msk\/cluster-\*$/)]);
  });

  it("enlarges a volume at 60 % up to maxVolumeGb, never makes one smaller, and leaves the size to that", () => {
    const cluster = made({ volumeGb: 50, maxVolumeGb: 500 });
    expect(resources(stack, AppautoscalingTarget)).toMatchObject([
      {
        service_namespace: "kafka",
        scalable_dimension: "kafka:broker-storage:VolumeSize",
        resource_id: expect.stringMatching(/^\$\{aws_msk_cluster\.\w+\.arn\}$/),
        max_capacity: 500,
      },
    ]);
    expect(resources(stack, AppautoscalingPolicy)).toMatchObject([
      {
        policy_type: "TargetTrackingScaling",
        target_tracking_scaling_policy_configuration: {
          predefined_metric_specification: { predefined_metric_type: "KafkaBrokerStorageUtilization" },
          target_value: 60,
          disable_scale_in: true,
        },
      },
    ]);
    expect(cluster.lifecycle).toEqual({
      ignore_changes: ["broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size"],
    });
  });

  it("with maxVolumeGb as large as volumeGb grows nothing and takes the size from the settings", () => {
    const cluster = made({ volumeGb: 200, maxVolumeGb: 200 });
    expect(resources(stack, AppautoscalingTarget)).toEqual([]);
    expect(cluster).not.toHaveProperty("lifecycle.ignore_changes");
  });

  it("is not destroyed in prod", () => {
    expect(made({ profile: "prod" }).lifecycle).toMatchObject({ prevent_destroy: true });
  });

  it.each<[Partial<MskClusterProps>, string]>([
    [{ brokers: 4 }, "brokers must be a multiple of the 3 zones, got 4"],
    [{ brokers: 2 }, "brokers must be between 3 and 60, got 2"],
    [{ brokers: 63 }, "brokers must be between 3 and 60, got 63"],
    [{ brokers: 33, kafkaVersion: "3.9.x" }, "brokers must be between 3 and 30, got 33"],
    [
      { kafkaVersion: "3.3.1" as "3.9.x" },
      'kafkaVersion must be one of 3.7.x, 3.7.x.kraft, 3.8.x, 3.8.x.kraft, 3.9.x, 3.9.x.kraft, 4.0.x.kraft, 4.1.x.kraft, got "3.3.1"',
    ],
    [
      { instanceType: "kafka.m9.large" as "kafka.m5.large" },
      'instanceType must be one of kafka.t3.small, kafka.m5.large, kafka.m5.xlarge, kafka.m5.2xlarge, kafka.m5.4xlarge, kafka.m5.8xlarge, kafka.m5.12xlarge, kafka.m5.16xlarge, kafka.m5.24xlarge, kafka.m7g.large, kafka.m7g.xlarge, kafka.m7g.2xlarge, kafka.m7g.4xlarge, kafka.m7g.8xlarge, kafka.m7g.12xlarge, kafka.m7g.16xlarge, got "kafka.m9.large"',
    ],
    [{ volumeGb: 0 }, "volumeGb must be between 1 and 16384, got 0"],
    [{ volumeGb: 20.5 }, "volumeGb must be a whole number between 1 and 16384, got 20.5"],
    [{ volumeGb: 200, maxVolumeGb: 100 }, "maxVolumeGb must be between 200 and 16384, got 100"],
    [
      { monitoring: "ALL" as "DEFAULT" },
      'monitoring must be one of DEFAULT, PER_BROKER, PER_TOPIC_PER_BROKER, PER_TOPIC_PER_PARTITION, got "ALL"',
    ],
    [{ name: "-orders" }, 'name must be 1 to 64 letters, digits and -, not a - first, got "-orders"'],
    [{ profile: "test" as "dev" }, 'profile must be one of dev, prod, got "test"'],
  ])("refuses %j", (over, message) => {
    expect(() => provisioned(over)).toThrow(new Error(`t/kafka: ${message}`));
  });

  it("refuses a single zone", () => {
    expect(() => provisioned({ network: place(1) })).toThrow(
      "t/kafka: network.subnets must be 2 or 3, each in a zone of its own, got 1",
    );
  });
});

describe("MskServerless", () => {
  it("lets nobody in but by IAM, in three zones", () => {
    serverless();
    const [cluster] = resources(stack, MskServerlessCluster);
    expect(cluster).toMatchObject({
      cluster_name: "orders",
      client_authentication: { sasl: { iam: { enabled: true } } },
      vpc_config: [{ security_group_ids: [expect.stringContaining("aws_security_group")] }],
    });
    expect(cluster.vpc_config[0].subnet_ids).toHaveLength(3);
  });

  it("is not destroyed in prod", () => {
    serverless({ profile: "prod" });
    expect(resources(stack, MskServerlessCluster)[0].lifecycle).toEqual({ prevent_destroy: true });
  });

  it("refuses a single zone", () => {
    expect(() => serverless({ network: place(1) })).toThrow(
      "t/kafka: network.subnets must be 2 to 5, each in a zone of its own, got 1",
    );
  });
});

const ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/orders/uuid-1";
const reference = () =>
  new MskReference(stack, "kafka", { arn: ARN, bootstrapBrokers: "b-1:9098", securityGroupId: "sg-1" });

describe.each<[string, () => Kafka, string]>([
  ["a provisioned cluster", provisioned, "aws_msk_cluster.kafka_cluster_4FCB1297.arn"],
  ["a serverless cluster", serverless, "aws_msk_serverless_cluster.kafka_cluster_4FCB1297.arn"],
  ["a cluster of another stack", reference, `"${ARN}"`],
])("%s", (_, create, arn) => {
  const role = () => serviceRole(stack, "caller", "lambda.amazonaws.com");
  const cluster = arn.startsWith('"') ? ARN : `\${${arn}}`;
  const of = (kind: string, name: string) => `\${replace(${arn}, ":cluster/", ":${kind}/")}/${name}`;

  it("gives a producer writing to its topic, and no more", () => {
    create().grantProduce(role(), "orders");
    expect(statementsOf(stack, "caller")).toEqual([
      { actions: ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], resources: [cluster] },
      { actions: ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], resources: [of("topic", "orders")] },
    ]);
  });

  it("gives a consumer reading its topic in its group, and no more", () => {
    create().grantConsume(role(), "orders", "audit");
    expect(statementsOf(stack, "caller")).toEqual([
      { actions: ["kafka-cluster:Connect"], resources: [cluster] },
      { actions: ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], resources: [of("topic", "orders")] },
      { actions: ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], resources: [of("group", "audit")] },
    ]);
  });

  it("gives the topic's own function making and raising it, without reading, writing or deleting", () => {
    create().grantManageTopic(role(), "orders");
    expect(statementsOf(stack, "caller")).toEqual([
      { actions: ["kafka-cluster:Connect"], resources: [cluster] },
      {
        actions: [
          "kafka-cluster:CreateTopic",
          "kafka-cluster:DescribeTopic",
          "kafka-cluster:AlterTopic",
          "kafka-cluster:DescribeTopicDynamicConfiguration",
          "kafka-cluster:AlterTopicDynamicConfiguration",
        ],
        resources: [of("topic", "orders")],
      },
    ]);
  });

  it("says where its brokers are to whom it is granted, and no more", () => {
    create().grantFindBrokers(role());
    expect(statementsOf(stack, "caller")).toEqual([{ actions: ["kafka:GetBootstrapBrokers"], resources: [cluster] }]);
  });

  it("admits a caller on port 9098 by a rule out of its group and one into the brokers', and nobody else", () => {
    const group = new SecurityGroup(stack, "group", { vpcId: network.vpc.id });
    const kafka = create();
    expect(resources(stack, VpcSecurityGroupIngressRule)).toEqual([]);
    kafka.admit({ id: "producer", securityGroupId: group.id });
    const rule = { description: "Kafka of producer", ip_protocol: "tcp", from_port: 9098, to_port: 9098 };
    const [into] = resources(stack, VpcSecurityGroupIngressRule);
    const [out] = resources(stack, VpcSecurityGroupEgressRule);
    expect(into).toMatchObject({ ...rule, referenced_security_group_id: "${aws_security_group.group.id}" });
    expect(out).toMatchObject({ ...rule, security_group_id: "${aws_security_group.group.id}" });
    expect(into.security_group_id).toBe(out.referenced_security_group_id);
  });

  it.each(["", "or/ders", "a".repeat(250)])("refuses the topic %j", (topic) => {
    expect(() => create().grantProduce(role(), topic)).toThrow(
      "t/kafka: topic must be 1 to 249 letters, digits, ., _ and -, got ",
    );
  });
});
