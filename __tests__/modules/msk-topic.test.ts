import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaInvocation } from "@cdktf/provider-aws/lib/lambda-invocation";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { MskReference, Topic, type TopicProps } from "../../modules/msk";
import { Network } from "../../modules/network";
import { emptyStack, resources, statementsOf } from "../support/synth";

const ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/orders/uuid-1";
let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});

function minimal(over: Partial<TopicProps> = {}): Topic {
  const key = new EncryptionKey(stack, "key", { description: "test" });
  const network = new Network(stack, "network", { name: "orders", key });
  return new Topic(stack, "orders", {
    name: "orders-topic",
    kafka: new MskReference(stack, "kafka", { arn: ARN, bootstrapBrokers: "b-1:9098", securityGroupId: "sg-brokers" }),
    network: { vpc: network.vpc, subnets: network.privateSubnets },
    key,
    topic: "orders",
    ...over,
  });
}

describe("Topic", () => {
  it("is applied with 3 partitions, 3 replicas and 4 weeks unless told otherwise, and again when the cluster is another", () => {
    minimal();
    const [made] = resources(stack, LambdaInvocation);
    expect(JSON.parse(made.input)).toEqual({
      topic: "orders",
      partitions: 3,
      replicationFactor: 3,
      retentionHours: 672,
    });
    expect(made).toMatchObject({ lifecycle_scope: "CREATE_ONLY", triggers: { cluster: ARN } });
    expect(made.qualifier).toContain("aws_lambda_alias");
  });

  it("runs in the private subnets, knows the brokers, and is let in to them alone", () => {
    minimal();
    const [fn] = resources(stack, LambdaFunction);
    expect(fn.environment.variables).toEqual({ BOOTSTRAP_SERVERS: "b-1:9098" });
    expect(fn.vpc_config.subnet_ids).toHaveLength(3);
    const [own] = fn.vpc_config.security_group_ids;
    const rule = { description: "Kafka of topic", ip_protocol: "tcp", from_port: 9098, to_port: 9098 };
    expect(resources(stack, VpcSecurityGroupEgressRule)).toEqual([
      expect.objectContaining({ ...rule, security_group_id: own, referenced_security_group_id: "sg-brokers" }),
    ]);
    expect(resources(stack, VpcSecurityGroupIngressRule)).toEqual([
      expect.objectContaining({ ...rule, security_group_id: "sg-brokers", referenced_security_group_id: own }),
    ]);
  });

  it("may make and raise its topic, and is run only when it may and can", () => {
    minimal();
    const kafka = statementsOf(stack, "orders_function_role").filter(({ actions }) => /^kafka/.test(actions[0]));
    expect(kafka).toHaveLength(2);
    const [made] = resources(stack, LambdaInvocation);
    expect(made.depends_on.map((one: string) => one.split(".")[0]).sort()).toEqual([
      "aws_iam_role_policy",
      "aws_vpc_security_group_egress_rule",
      "aws_vpc_security_group_ingress_rule",
    ]);
  });

  it.each<[Partial<TopicProps>, string]>([
    [{ topic: ".." }, 'topic must be 1 to 249 letters, digits, ., _ and -, got ".."'],
    [{ partitions: 0 }, "partitions must be between 1 and 10000, got 0"],
    [{ replicationFactor: 11 }, "replicationFactor must be between 1 and 10, got 11"],
    [{ retentionHours: 0.5 }, "retentionHours must be between 1 and 87600, got 0.5"],
  ])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(new Error(`t/orders: ${message}`));
  });
});
