import { LambdaInvocation } from "@cdktf/provider-aws/lib/lambda-invocation";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ApplyTopicEnv } from "../../lambda-src/apply-topic/config";
import type { ApplyTopicEvent } from "../../lambda-src/apply-topic/event";
import type { EncryptionKey } from "../encryption-key";
import { LambdaFunction } from "../lambda-function";
import { ConfigError, checkInteger, checkMatch } from "../support/check";
import type { Kafka } from "./kafka";

/** Brokers that a topic's messages are copied to, at most; AWS's own limit is the number of brokers. */
const MOST_REPLICAS = 10;

export interface TopicProps {
  /** Name of the function that applies the topic, 1 to 64 letters, digits, - and _. */
  readonly name: string;

  readonly kafka: Kafka;

  /** Where the function runs; it must be able to reach the brokers there. */
  readonly network: { readonly vpc: Vpc; readonly subnets: readonly Subnet[] };

  /** Key of the function's logs and environment. */
  readonly key: EncryptionKey;

  /** 1 to 249 letters, digits, `.`, `_` and `-`. */
  readonly topic: string;

  /**
   * 1 to 10000. It can be raised later and never lowered.
   *
   * @default 3
   */
  readonly partitions?: number;

  /**
   * Copies of each message, at least as many as it needs to be acknowledged (`min.insync.replicas`: 2 with three zones) and at most one a broker; 3 in a serverless cluster.
   * Never changed later.
   *
   * @default 3
   */
  readonly replicationFactor?: number;

  /**
   * Hours a message is kept, 1 to 87600. It can be raised later.
   *
   * @default 672, four weeks
   */
  readonly retentionHours?: number;

  /**
   * Days the function's logs are kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * A topic that is there after the apply: made by a function of the stack's own, since the provider knows no topics. A change raises partitions or
 * retention; nothing is ever lowered or deleted, and where the topic has come to differ otherwise the apply fails and says in what.
 *
 * Destroying the stack leaves the topic to its cluster.
 *
 * @example
 * const orders = new Topic(this, "orders", { name: "orders-topic", kafka, network, key, topic: "orders" });
 * // whoever reads it: dependsOn: [orders.ready]
 */
export class Topic extends Construct {
  /** Name of the topic. */
  readonly topic: string;

  /** The function, to be invoked by hand with another input. */
  readonly function: LambdaFunction;

  private readonly invocation: LambdaInvocation;

  constructor(scope: Construct, id: string, props: TopicProps) {
    super(scope, id);
    const { kafka, network, key } = props;
    this.topic = checkMatch(
      this,
      "topic",
      props.topic,
      /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
      "1 to 249 letters, digits, ., _ and -",
    );
    const input: ApplyTopicEvent = {
      topic: this.topic,
      partitions: checkInteger(this, "partitions", props.partitions ?? 3, 1, 10_000),
      replicationFactor: this.checkReplicas(props.replicationFactor ?? 3, kafka),
      retentionHours: checkInteger(this, "retentionHours", props.retentionHours ?? 672, 1, 87_600),
    };
    const group = new SecurityGroup(this, "security-group", {
      name: props.name,
      description: "Function that applies a topic: Kafka to the brokers",
      vpcId: network.vpc.id,
      tags: { Name: props.name },
    });
    const environment: ApplyTopicEnv = { BOOTSTRAP_SERVERS: kafka.bootstrapBrokers };
    this.function = new LambdaFunction(this, "function", {
      name: props.name,
      source: "apply-topic",
      key,
      environment: { ...environment },
      // A new policy takes up to minutes to reach the brokers, and the function waits for it.
      timeoutSeconds: 300,
      logRetentionDays: props.logRetentionDays,
      network: { subnetIds: network.subnets.map((subnet) => subnet.id), securityGroupId: group.id },
    });
    const reachable = kafka.admit({ id: "topic", securityGroupId: group.id });
    const allowed = kafka.grantManageTopic(this.function.role, this.topic);
    this.invocation = new LambdaInvocation(this, "apply", {
      functionName: this.function.fn.functionName,
      // The alias, so that the version just published runs, and so that a new version alone is no reason to run again.
      qualifier: this.function.alias.name,
      lifecycleScope: "CREATE_ONLY",
      input: JSON.stringify(input),
      // A cluster made anew is empty.
      triggers: { cluster: kafka.arn },
      dependsOn: [...reachable, allowed],
    });
  }

  private checkReplicas(replicas: number, { replicas: allowed }: Kafka): number {
    checkInteger(this, "replicationFactor", replicas, 1, MOST_REPLICAS);
    if (allowed === undefined || (replicas >= allowed.least && replicas <= allowed.most)) return replicas;
    const rule =
      allowed.least === allowed.most
        ? `${allowed.least}, as AWS sets it in a serverless cluster`
        : `between ${allowed.least}, the replicas that acknowledge a message, and ${allowed.most}, the brokers`;
    throw new ConfigError(this, `replicationFactor must be ${rule}, got ${replicas}`);
  }

  /** Wait for this before using the topic. */
  get ready(): ITerraformDependable {
    return this.invocation;
  }
}
