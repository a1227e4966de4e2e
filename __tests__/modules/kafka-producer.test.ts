import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { KafkaProducer, type KafkaProducerProps } from "../../modules/kafka-producer";
import { MskReference } from "../../modules/msk";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

const ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/orders/uuid-1";
let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});

const minimal = (over: Partial<KafkaProducerProps> = {}) =>
  new KafkaProducer(stack, "producer", {
    name: "orders-producer",
    kafka: new MskReference(stack, "kafka", { arn: ARN, bootstrapBrokers: "b-1:9098", securityGroupId: "sg-brokers" }),
    topic: "orders",
    network: { vpcId: "vpc-1", subnetIds: ["subnet-1", "subnet-2", "subnet-3"] },
    key: new EncryptionKey(stack, "key", { description: "test" }),
    ...over,
  });

describe("KafkaProducer", () => {
  it("sends 100 orders a second for a minute, and has a minute more to end in", () => {
    minimal();
    expect(resources(stack, LambdaFunction)).toMatchObject([
      {
        environment: {
          variables: {
            BOOTSTRAP_SERVERS: "b-1:9098",
            TOPIC: "orders",
            ORDERS_PER_SECOND: "100",
            DURATION_SECONDS: "60",
          },
        },
        timeout: 120,
        memory_size: 512,
        vpc_config: { subnet_ids: ["subnet-1", "subnet-2", "subnet-3"] },
      },
    ]);
  });

  it("begins five runs each minute, once it is told to", () => {
    minimal();
    expect(resources(stack, CloudwatchEventRule)).toMatchObject([
      { schedule_expression: "rate(1 minute)", state: "DISABLED" },
    ]);
    const targets = resources(stack, CloudwatchEventTarget);
    expect(targets.map(({ target_id }) => target_id)).toEqual([1, 2, 3, 4, 5].map((n) => `producer-${n}`));
    for (const { arn } of targets) expect(arn).toMatch(/^\$\{aws_lambda_alias\.\w+\.arn\}$/);
    stack = emptyStack();
    minimal({ enableTrigger: true, producers: 2 });
    expect(resources(stack, CloudwatchEventRule)).toMatchObject([{ state: "ENABLED" }]);
    expect(resources(stack, CloudwatchEventTarget)).toHaveLength(2);
  });

  it("switches its schedule on once the function is what was applied, and is never run twice", () => {
    minimal();
    const [{ depends_on }] = resources(stack, CloudwatchEventRule);
    expect(depends_on.map((one: string) => one.replace(/_[0-9A-F]{8}$/, ""))).toEqual([
      "aws_lambda_alias.producer_function_live",
      "aws_lambda_function_event_invoke_config.producer_asynchronous",
    ]);
  });

  it("never runs an event twice, and tells of what failed in a queue of the stack's key", () => {
    minimal();
    const queue = expect.stringMatching(/^\$\{aws_sqs_queue\.\w+\.arn\}$/);
    for (const target of resources(stack, CloudwatchEventTarget)) {
      expect(target).toMatchObject({
        retry_policy: { maximum_retry_attempts: 0, maximum_event_age_in_seconds: 60 },
        dead_letter_config: { arn: queue },
      });
    }
    expect(resources(stack, LambdaFunctionEventInvokeConfig)).toMatchObject([
      {
        maximum_retry_attempts: 0,
        maximum_event_age_in_seconds: 60,
        qualifier: expect.stringContaining("aws_lambda_alias"),
        destination_config: { on_failure: { destination: queue } },
      },
    ]);
    expect(resources(stack, SqsQueue)).toMatchObject([
      {
        name: "orders-producer-failures",
        message_retention_seconds: 1_209_600,
        kms_master_key_id: expect.stringContaining("aws_kms_key"),
      },
    ]);
  });

  it("may be called by its schedule alone, which alone may put what it could not deliver", () => {
    minimal();
    const rule = expect.stringMatching(/^\$\{aws_cloudwatch_event_rule\.\w+\.arn\}$/);
    expect(resources(stack, LambdaPermission)).toMatchObject([
      { action: "lambda:InvokeFunction", principal: "events.amazonaws.com", source_arn: rule },
    ]);
    const documents = Object.values<{ statement: { sid?: string }[] }>(synthesized(stack).data.aws_iam_policy_document);
    expect(
      documents.flatMap(({ statement }) => statement).filter(({ sid }) => sid === "EventsThatCouldNotBeDelivered"),
    ).toEqual([
      {
        sid: "EventsThatCouldNotBeDelivered",
        principals: [{ type: "Service", identifiers: ["events.amazonaws.com"] }],
        actions: ["sqs:SendMessage"],
        resources: [expect.stringMatching(/^\$\{aws_sqs_queue\.\w+\.arn\}$/)],
        condition: [{ test: "ArnEquals", variable: "aws:SourceArn", values: [rule] }],
      },
    ]);
  });

  it("writes to its topic and tells of failures, and may do nothing else", () => {
    minimal();
    const own = statementsOf(stack, "producer_function_role").filter(
      ({ actions }) => !/^(logs|xray|ec2):/.test(actions[0]),
    );
    const key = expect.stringMatching(/^\$\{aws_kms_key\.\w+\.arn\}$/);
    expect(own).toHaveLength(5);
    expect(own).toEqual(
      expect.arrayContaining([
        { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [key] },
        { actions: ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], resources: [ARN] },
        {
          actions: ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
          resources: [`\${replace("${ARN}", ":cluster/", ":topic/")}/orders`],
        },
        { actions: ["sqs:SendMessage"], resources: [expect.stringMatching(/^\$\{aws_sqs_queue\.\w+\.arn\}$/)] },
      ]),
    );
  });

  it("reaches the brokers, and nothing else", () => {
    minimal();
    const rule = { description: "Kafka of producer", ip_protocol: "tcp", from_port: 9098, to_port: 9098 };
    expect(resources(stack, VpcSecurityGroupEgressRule)).toEqual([
      expect.objectContaining({ ...rule, referenced_security_group_id: "sg-brokers" }),
    ]);
    expect(resources(stack, VpcSecurityGroupIngressRule)).toEqual([
      expect.objectContaining({ ...rule, security_group_id: "sg-brokers" }),
    ]);
  });

  it.each<[Partial<KafkaProducerProps>, string]>([
    [{ ordersPerSecond: 0 }, "ordersPerSecond must be between 1 and 100000, got 0"],
    [{ durationSeconds: 841 }, "durationSeconds must be between 1 and 840, got 841"],
    [{ producers: 6 }, "producers must be between 1 and 5, got 6"],
    [{ name: "orders producer" }, 'name must be 1 to 64 letters, digits, - and _, got "orders producer"'],
  ])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(new Error(`t/producer: ${message}`));
  });
});
