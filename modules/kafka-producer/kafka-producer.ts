import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ProduceOrdersEnv, SETTING_LIMITS } from "../../lambda-src/produce-orders/config";
import type { EncryptionKey } from "../encryption-key";
import { LambdaFunction } from "../lambda-function";
import type { Kafka } from "../msk";
import { checkInteger, checkMatch } from "../support/check";
import { Failures } from "./failures";

/** Targets of a rule: EventBridge user guide, "Amazon EventBridge quotas", seen 2026-11-21. */
const MOST_TARGETS = 5;

/** Seconds that the function has beside those it sends for: to connect, to wait for what is not acknowledged yet, to answer. */
const BESIDE_SENDING_SECONDS = 60;

/** An event that is a minute old is not delivered: the next one is there. */
const EVENT_AGE_SECONDS = 60;

export interface KafkaProducerProps {
  /** Name of the function, 1 to 64 letters, digits, - and _; the queue of failed runs is `<name>-failures`. */
  readonly name: string;

  readonly kafka: Kafka;

  /** Topic that is written to. It must be there. */
  readonly topic: string;

  /** Where the function runs; the brokers must be reachable from there. */
  readonly network: { readonly vpcId: string; readonly subnetIds: readonly string[] };

  /** Key of logs, environment and failed runs. */
  readonly key: EncryptionKey;

  /**
   * Orders a second that one run sends, 1 to 100000.
   *
   * @default 100
   */
  readonly ordersPerSecond?: number;

  /**
   * Seconds that a run sends for, 1 to 840.
   *
   * @default 60
   */
  readonly durationSeconds?: number;

  /**
   * Runs that begin each minute side by side, 1 to 5.
   *
   * @default 5
   */
  readonly producers?: number;

  /**
   * Whether the schedule is on. It is off at first, so that nothing runs, and is paid for, unasked.
   *
   * @default false
   */
  readonly enableTrigger?: boolean;

  /**
   * Memory of the function in MB, 128 to 10240; processor time grows with it.
   *
   * @default 512
   */
  readonly memoryMb?: number;

  /**
   * Days the function's logs are kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * A function that sends orders to a topic, and a schedule that calls it each minute, several times at once.
 *
 * A run that failed is told of in the queue `failures` and is not run again: another run would send other orders.
 *
 * @example
 * new KafkaProducer(this, "producer", { name: `producer-${suffix}`, kafka, topic: "orders", network: { vpcId, subnetIds }, key, enableTrigger: true });
 */
export class KafkaProducer extends Construct {
  /** The function, to be invoked by hand too. */
  readonly function: LambdaFunction;

  /** The schedule. */
  readonly rule: CloudwatchEventRule;

  readonly failures: Failures;

  constructor(scope: Construct, id: string, props: KafkaProducerProps) {
    super(scope, id);
    const { kafka, topic, network, key } = props;
    const name = checkMatch(this, "name", props.name, /^[a-zA-Z0-9_-]{1,64}$/, "1 to 64 letters, digits, - and _");
    const rate = SETTING_LIMITS.ordersPerSecond;
    const time = SETTING_LIMITS.durationSeconds;
    const ordersPerSecond = checkInteger(this, "ordersPerSecond", props.ordersPerSecond ?? 100, rate.min, rate.max);
    const durationSeconds = checkInteger(this, "durationSeconds", props.durationSeconds ?? 60, time.min, time.max);
    const producers = checkInteger(this, "producers", props.producers ?? MOST_TARGETS, 1, MOST_TARGETS);

    const group = new SecurityGroup(this, "security-group", {
      name,
      description: "Producer: Kafka to the brokers",
      vpcId: network.vpcId,
      tags: { Name: name },
    });
    const environment: ProduceOrdersEnv = {
      BOOTSTRAP_SERVERS: kafka.bootstrapBrokers,
      TOPIC: topic,
      ORDERS_PER_SECOND: String(ordersPerSecond),
      DURATION_SECONDS: String(durationSeconds),
    };
    this.function = new LambdaFunction(this, "function", {
      name,
      source: "produce-orders",
      key,
      environment: { ...environment },
      timeoutSeconds: durationSeconds + BESIDE_SENDING_SECONDS,
      memoryMb: props.memoryMb ?? 512,
      logRetentionDays: props.logRetentionDays,
      network: { subnetIds: network.subnetIds, securityGroupId: group.id },
    });
    kafka.admit({ id: "producer", securityGroupId: group.id });
    kafka.grantProduce(this.function.role, topic);

    this.failures = new Failures(this, "failures", { name: `${name}-failures`, key });
    const once = this.neverRunTwice();
    this.rule = this.createSchedule({ name, producers, enabled: props.enableTrigger ?? false, after: once });
  }

  private neverRunTwice(): ITerraformDependable {
    const maySend = this.failures.grantSend(this.function.role);
    return new LambdaFunctionEventInvokeConfig(this, "asynchronous", {
      functionName: this.function.fn.functionName,
      qualifier: this.function.alias.name,
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: EVENT_AGE_SECONDS,
      destinationConfig: { onFailure: { destination: this.failures.queue.arn } },
      // Lambda tries the destination when it is named.
      dependsOn: [maySend],
    });
  }

  private createSchedule(of: {
    readonly name: string;
    readonly producers: number;
    readonly enabled: boolean;
    readonly after: ITerraformDependable;
  }): CloudwatchEventRule {
    const { name, producers, enabled, after } = of;
    const rule = new CloudwatchEventRule(this, "schedule", {
      name,
      description: `Orders, ${producers} producers at once`,
      scheduleExpression: "rate(1 minute)",
      state: enabled ? "ENABLED" : "DISABLED",
      // Switched on together with another rate, it would begin runs of the old one.
      dependsOn: [this.function.alias, after],
    });
    const mayCall = new LambdaPermission(this, "may-call", {
      functionName: this.function.fn.functionName,
      qualifier: this.function.alias.name,
      action: "lambda:InvokeFunction",
      principal: "events.amazonaws.com",
      sourceArn: rule.arn,
    });
    const mayTell = this.failures.admitRule(rule.arn);
    for (let number = 1; number <= producers; number += 1) {
      new CloudwatchEventTarget(this, `producer-${number}`, {
        rule: rule.name,
        targetId: `producer-${number}`,
        arn: this.function.aliasArn,
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: EVENT_AGE_SECONDS },
        deadLetterConfig: { arn: this.failures.queue.arn },
        dependsOn: [mayCall, mayTell],
      });
    }
    return rule;
  }
}
