import { MskServerlessCluster } from "@cdktf/provider-aws/lib/msk-serverless-cluster";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import type { Construct } from "constructs";
import { ConfigError, checkMatch, checkOneOf } from "../support/check";
import { CLUSTER_NAME } from "./facts";
import { Kafka, type Replicas } from "./kafka";
import { brokerGroup } from "./security-group";

const PROFILES = ["dev", "prod"] as const;

export interface MskServerlessProps {
  /** 1 to 64 letters, digits and -. By it other stacks look the cluster up. */
  readonly name: string;

  /** Where it is reached: two to five subnets, each in a zone of its own (`Network`'s private ones). */
  readonly network: { readonly vpc: Vpc; readonly subnets: readonly Subnet[] };

  /**
   * `dev`: destroyed with its topics. `prod`: Terraform refuses to destroy or replace the cluster.
   *
   * @default "dev"
   */
  readonly profile?: (typeof PROFILES)[number];
}

/**
 * Apache Kafka by Amazon MSK Serverless: no brokers to choose, billed by the cluster's hours, partitions and gigabytes.
 *
 * AWS keeps version, replication (3, of which 2 acknowledge), encryption key and broker logs to itself. A partition takes at most 5 MB/s.
 *
 * @example
 * const kafka = new MskServerless(this, "kafka", { name: "orders", network: { vpc, subnets: network.privateSubnets } });
 */
export class MskServerless extends Kafka {
  /** The cluster itself, for anything these props do not cover. */
  readonly cluster: MskServerlessCluster;

  /** AWS's own choice: https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html */
  readonly replicas: Replicas = { least: 3, most: 3 };

  private readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: MskServerlessProps) {
    super(scope, id);
    const { vpc, subnets } = props.network;
    checkMatch(this, "name", props.name, CLUSTER_NAME.pattern, CLUSTER_NAME.rule);
    checkOneOf(this, "profile", props.profile ?? "dev", PROFILES);
    if (subnets.length < 2 || subnets.length > 5) {
      throw new ConfigError(this, `network.subnets must be 2 to 5, each in a zone of its own, got ${subnets.length}`);
    }
    this.securityGroup = brokerGroup(this, props.name, vpc);
    this.cluster = new MskServerlessCluster(this, "cluster", {
      clusterName: props.name,
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfig: [{ subnetIds: subnets.map((subnet) => subnet.id), securityGroupIds: [this.securityGroup.id] }],
      ...(props.profile === "prod" ? { lifecycle: { preventDestroy: true } } : {}),
    });
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
}
