import { AppautoscalingPolicy } from "@cdktf/provider-aws/lib/appautoscaling-policy";
import { AppautoscalingTarget } from "@cdktf/provider-aws/lib/appautoscaling-target";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { MskCluster as Cluster } from "@cdktf/provider-aws/lib/msk-cluster";
import { MskConfiguration } from "@cdktf/provider-aws/lib/msk-configuration";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import type { Construct } from "constructs";
import type { Bucket } from "../bucket";
import type { EncryptionKey } from "../encryption-key";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import {
  CLUSTER_NAME,
  INSTANCE_TYPES,
  type InstanceType,
  KAFKA_VERSIONS,
  type KafkaVersion,
  MONITORING,
  type Monitoring,
  mostBrokers,
  VOLUME_GB,
} from "./facts";
import { Kafka, type Replicas } from "./kafka";
import { brokerGroup } from "./security-group";
import { leastInSync, serverProperties } from "./server-properties";

const PROFILES = ["dev", "prod"] as const;
/** Percent of a volume in use at which it is enlarged, of AWS's 10 to 80. */
const ENLARGE_AT_PERCENT = 60;

export interface MskClusterProps {
  /** 1 to 64 letters, digits and -. By it other stacks look the cluster up. */
  readonly name: string;

  /** Where the brokers are reached: two or three subnets, each in a zone of its own (`Network`'s private ones). */
  readonly network: { readonly vpc: Vpc; readonly subnets: readonly Subnet[] };

  /** Key that encrypts the volumes and the logs. */
  readonly key: EncryptionKey;

  /** Bucket of the brokers' logs, which lie under `logs/msk/cluster-`. */
  readonly logBucket: Bucket;

  /**
   * Brokers, a multiple of the zones. Fewer later are refused by AWS.
   *
   * @default one a zone
   */
  readonly brokers?: number;

  /** @default "3.9.x.kraft" */
  readonly kafkaVersion?: KafkaVersion;

  /**
   * The original's `kafka.m5.large` is still offered; Graviton is cheaper and faster.
   *
   * @default "kafka.m7g.large"
   */
  readonly instanceType?: InstanceType;

  /**
   * Gigabytes of each broker's volume, 1 to 16384.
   *
   * @default 20
   */
  readonly volumeGb?: number;

  /**
   * Gigabytes to which a volume grows when it is 60 % full, `volumeGb` to 16384. It never shrinks, and Terraform leaves the size alone from then on; with
   * `volumeGb` it does not grow.
   *
   * @default 100, or `volumeGb` when that is more
   */
  readonly maxVolumeGb?: number;

  /**
   * Metrics in CloudWatch. Those above `DEFAULT` are billed.
   *
   * @default "PER_TOPIC_PER_BROKER"
   */
  readonly monitoring?: Monitoring;

  /**
   * `dev`: destroyed with its topics. `prod`: Terraform refuses to destroy or replace the cluster.
   *
   * @default "dev"
   */
  readonly profile?: (typeof PROFILES)[number];

  /**
   * Days the brokers' logs are kept in CloudWatch.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * Apache Kafka by Amazon MSK, on brokers of our own choice: IAM authentication only, TLS between everyone, encrypted volumes.
 *
 * It runs, and is billed, by the hour; the first apply takes AWS about half an hour. Nobody reaches it until `admit` and a grant name them.
 *
 * @example
 * const kafka = new MskCluster(this, "kafka", { name: "orders", network: { vpc, subnets: network.privateSubnets }, key, logBucket });
 * kafka.admit({ id: "producer", securityGroupId: group.id });
 * kafka.grantProduce(producer.role, "orders");
 */
export class MskCluster extends Kafka {
  /** The cluster itself, for anything these props do not cover. */
  readonly cluster: Cluster;

  readonly replicas: Replicas;

  private readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: MskClusterProps) {
    super(scope, id);
    const zones = props.network.subnets.length;
    const brokers = props.brokers ?? zones;
    const kafkaVersion = props.kafkaVersion ?? "3.9.x.kraft";
    const volumeGb = checkInteger(this, "volumeGb", props.volumeGb ?? 20, VOLUME_GB.min, VOLUME_GB.max);
    const maxVolumeGb = props.maxVolumeGb ?? Math.max(100, volumeGb);
    this.check(props, { zones, brokers, kafkaVersion, volumeGb, maxVolumeGb });

    this.replicas = { least: leastInSync(zones), most: brokers };
    this.securityGroup = brokerGroup(this, props.name, props.network.vpc);
    const logs = new CloudwatchLogGroup(this, "logs", {
      // Under this name log delivery needs no entry in the account's one resource policy, which is limited in size.
      name: `/aws/vendedlogs/msk/${props.name}`,
      retentionInDays: checkInteger(this, "logRetentionDays", props.logRetentionDays ?? 30, 1, 3653),
      kmsKeyId: props.key.arn,
    });
    props.logBucket.admitLogDelivery("logs/msk/cluster-");
    const configuration = new MskConfiguration(this, "configuration", {
      name: props.name,
      description: "Topics on purpose only, two replicas acknowledged, 7 days",
      serverProperties: serverProperties({ brokers, zones }),
    });
    const growing = maxVolumeGb > volumeGb;
    this.cluster = new Cluster(this, "cluster", {
      clusterName: props.name,
      kafkaVersion,
      numberOfBrokerNodes: brokers,
      enhancedMonitoring: props.monitoring ?? "PER_TOPIC_PER_BROKER",
      brokerNodeGroupInfo: {
        instanceType: props.instanceType ?? "kafka.m7g.large",
        clientSubnets: props.network.subnets.map((subnet) => subnet.id),
        securityGroups: [this.securityGroup.id],
        connectivityInfo: { publicAccess: { type: "DISABLED" } },
        storageInfo: { ebsStorageInfo: { volumeSize: volumeGb } },
      },
      clientAuthentication: { sasl: { iam: true, scram: false }, unauthenticated: false },
      encryptionInfo: {
        encryptionAtRestKmsKeyArn: props.key.arn,
        encryptionInTransit: { clientBroker: "TLS", inCluster: true },
      },
      configurationInfo: { arn: configuration.arn, revision: configuration.latestRevision },
      loggingInfo: {
        brokerLogs: {
          cloudwatchLogs: { enabled: true, logGroup: logs.name },
          s3: { enabled: true, bucket: props.logBucket.name, prefix: "logs/msk/cluster-" },
        },
      },
      lifecycle: {
        // What autoscaling has enlarged cannot be made smaller, and a plan would try.
        ...(growing
          ? { ignoreChanges: ["broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size"] }
          : {}),
        ...(props.profile === "prod" ? { preventDestroy: true } : {}),
      },
      // Before the bucket's policy lets log delivery in, MSK refuses the bucket.
      dependsOn: [props.logBucket.ready],
    });
    if (growing) this.growVolumes(props.name, maxVolumeGb);
  }

  get arn(): string {
    return this.cluster.arn;
  }

  get bootstrapBrokers(): string {
    return this.cluster.bootstrapBrokersSaslIam;
  }

  get securityGroupId(): string {
    return this.securityGroup.id;
  }

  private check(
    props: MskClusterProps,
    of: { zones: number; brokers: number; kafkaVersion: KafkaVersion; volumeGb: number; maxVolumeGb: number },
  ): void {
    const { zones, brokers, kafkaVersion, volumeGb, maxVolumeGb } = of;
    checkMatch(this, "name", props.name, CLUSTER_NAME.pattern, CLUSTER_NAME.rule);
    checkOneOf(this, "profile", props.profile ?? "dev", PROFILES);
    checkOneOf(this, "kafkaVersion", kafkaVersion, KAFKA_VERSIONS);
    checkOneOf(this, "instanceType", props.instanceType ?? "kafka.m7g.large", INSTANCE_TYPES);
    checkOneOf(this, "monitoring", props.monitoring ?? "PER_TOPIC_PER_BROKER", MONITORING);
    if (zones < 2 || zones > 3) {
      throw new ConfigError(this, `network.subnets must be 2 or 3, each in a zone of its own, got ${zones}`);
    }
    checkInteger(this, "brokers", brokers, zones, mostBrokers(kafkaVersion));
    if (brokers % zones !== 0) {
      throw new ConfigError(this, `brokers must be a multiple of the ${zones} zones, got ${brokers}`);
    }
    checkInteger(this, "maxVolumeGb", maxVolumeGb, volumeGb, VOLUME_GB.max);
  }

  /** https://docs.aws.amazon.com/msk/latest/developerguide/msk-autoexpand.html */
  private growVolumes(name: string, maxVolumeGb: number): void {
    const target = new AppautoscalingTarget(this, "volume", {
      serviceNamespace: "kafka",
      scalableDimension: "kafka:broker-storage:VolumeSize",
      resourceId: this.cluster.arn,
      minCapacity: 1,
      maxCapacity: maxVolumeGb,
    });
    new AppautoscalingPolicy(this, "volume-growth", {
      name: `${name}-volume`,
      serviceNamespace: target.serviceNamespace,
      scalableDimension: target.scalableDimension,
      resourceId: target.resourceId,
      policyType: "TargetTrackingScaling",
      targetTrackingScalingPolicyConfiguration: {
        predefinedMetricSpecification: { predefinedMetricType: "KafkaBrokerStorageUtilization" },
        targetValue: ENLARGE_AT_PERCENT,
        disableScaleIn: true,
      },
    });
  }
}
