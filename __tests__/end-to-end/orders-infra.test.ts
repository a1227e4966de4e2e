import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Applied, changesOf } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { synthesizeWith } from "./support/synthesized";

const INFRA = "orders-infra";
const PRODUCER = "orders-producer";

let orders: Applied;
let aws: AwsCommand;
let synthesized: string;
let outputs: Readonly<Record<string, string>>;

/** Tests of this file go on from one another: two stacks on one local AWS, from an empty account to an empty account. */
beforeAll(async () => {
  [synthesized, orders] = await Promise.all([synthesizeWith(), Applied.start(INFRA, 60)]);
  aws = await awsCommand(orders.gateway);
}, 600_000);

afterAll(() => orders?.stop());

const terraform = (stack: string, from = synthesized) => orders.take(from, stack).terraform;

async function applied(stack: string) {
  const made = terraform(stack);
  await made.init();
  await made.apply();
  outputs = { ...outputs, ...((await made.output()) as Record<string, string>) };
  return made;
}

describe("the orders", () => {
  it("have their network, brokers, topic and warehouse, planned again without a change", async () => {
    const infra = await applied(INFRA);
    expect(changesOf(await infra.plan())).toEqual([]);
  }, 600_000);

  it("are served by as many real brokers as were applied, with the applied settings", async () => {
    const arn = outputs.kafka_cluster_arn!;
    const { ClusterInfo } = await aws("kafka", "describe-cluster-v2", "--cluster-arn", arn);
    expect(ClusterInfo).toMatchObject({ State: "ACTIVE", Provisioned: { NumberOfBrokerNodes: 3 } });
    const { NodeInfoList } = await aws("kafka", "list-nodes", "--cluster-arn", arn);
    expect(NodeInfoList).toHaveLength(3);
    expect(outputs.kafka_bootstrap_servers!.split(",")).toHaveLength(3);
  }, 60_000);

  it("have their producers in a stack of its own, which reads the other's state, planned again without a change", async () => {
    const producer = await applied(PRODUCER);
    expect(changesOf(await producer.plan())).toEqual([]);
  }, 600_000);

  it("find the same by names as by the state", async () => {
    const byNames = terraform(PRODUCER, await synthesizeWith({ orders: { lookup: "dataSources" } }));
    await byNames.init();
    expect(changesOf(await byNames.plan())).toEqual([]);
  }, 600_000);

  it("are sent by the deployed function to the topic, all of them acknowledged", async () => {
    const lambda = new LambdaClient(orders.gateway.aws.internal);
    const answer = await lambda.send(
      new InvokeCommand({
        FunctionName: outputs.producer_function,
        Qualifier: "live",
        Payload: JSON.stringify({ orders: 200, orders_per_second: 0, seed: "e2e" }),
      }),
    );
    expect(JSON.parse(Buffer.from(answer.Payload!).toString())).toMatchObject({
      topic: "orders",
      acknowledged: 200,
      unacknowledged: 0,
    });
    const { Attributes } = await new SQSClient(orders.gateway.aws.internal).send(
      new GetQueueAttributesCommand({
        QueueUrl: outputs.producer_failures_queue,
        AttributeNames: ["ApproximateNumberOfMessages"],
      }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: "0" });
  }, 120_000);

  it("leave nothing when they are destroyed", async () => {
    await terraform(PRODUCER).destroy();
    await terraform(INFRA).destroy();
    expect(await leftovers(orders, aws)).toEqual(NOTHING);
    expect(await aws("kafka", "list-clusters-v2")).toEqual({ ClusterInfoList: [] });
    expect(await aws("kafka", "list-configurations")).toEqual({ Configurations: [] });
    expect(await aws("redshift-serverless", "list-namespaces")).toEqual({ namespaces: [] });
    expect(await aws("events", "list-rules")).toEqual({ Rules: [] });
    expect((await new SQSClient(orders.gateway.aws.internal).send(new ListQueuesCommand({}))).QueueUrls ?? []).toEqual(
      [],
    );
  }, 600_000);
});
