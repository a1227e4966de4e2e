import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, ListQueuesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { readTopics } from "../../cli/topics";
import { sumOfRuns } from "../../cli/up/schedule";
import { Applied, changesOf } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { synthesizeWith } from "./support/synthesized";

const INFRA = "orders-infra";
const PRODUCER = "orders-producer";
/** Little, so that a run of the schedule is soon over. */
const SETTINGS = { producers: 2, ordersPerSecond: 20, durationSeconds: 2 };

let orders: Applied;
let aws: AwsCommand;
let synthesized: string;
let outputs: Readonly<Record<string, string>>;

/** Tests of this file go on from one another: two stacks on one local AWS, from an empty account to an empty account. */
beforeAll(async () => {
  [synthesized, orders] = await Promise.all([synthesizeWith({ orders: SETTINGS }), Applied.start(INFRA, 60)]);
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

/** Messages that the brokers hold. */
async function held(): Promise<number> {
  const topics = await readTopics(outputs.kafka_bootstrap_servers!, 0);
  return topics.flatMap(({ partitions }) => partitions).reduce((sum, { first, end }) => sum + Number(end - first), 0);
}

/** Runs of the producers' function that ended, and what they said they sent. */
async function runs() {
  const group = `/aws/lambda/${outputs.producer_function}`;
  const { events } = await aws("logs", "filter-log-events", "--log-group-name", group);
  return sumOfRuns(events.map(({ message }: { readonly message: string }) => message));
}

/** Runs that failed. */
async function failures(): Promise<number> {
  const { Attributes } = await new SQSClient(orders.gateway.aws.internal).send(
    new GetQueueAttributesCommand({
      QueueUrl: outputs.producer_failures_queue,
      AttributeNames: ["ApproximateNumberOfMessages"],
    }),
  );
  return Number(Attributes!.ApproximateNumberOfMessages);
}

/** The same, each as the reason why. */
async function reasons(): Promise<readonly unknown[]> {
  const sqs = new SQSClient(orders.gateway.aws.internal);
  const found: unknown[] = [];
  for (;;) {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: outputs.producer_failures_queue,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
      }),
    );
    if (!Messages?.length) return found;
    for (const { Body, MessageAttributes } of Messages) {
      const { requestContext, responsePayload } = JSON.parse(Body!);
      const { functionArn, approximateInvokeCount } = requestContext ?? {};
      found.push(
        requestContext
          ? { functionArn, approximateInvokeCount, error: responsePayload.errorMessage }
          : Object.fromEntries(Object.entries(MessageAttributes!).map(([name, one]) => [name, one.StringValue])),
      );
    }
  }
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
    const byNames = terraform(PRODUCER, await synthesizeWith({ orders: { ...SETTINGS, lookup: "dataSources" } }));
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
    expect(await failures()).toBe(0);
  }, 120_000);

  it("are sent by the schedule once it is on, by each target once, and what fails is told of once and not tried again", async () => {
    const rule = outputs.producer_schedule!;
    const { Targets } = await aws("events", "list-targets-by-rule", "--rule", rule);
    const [{ Arn, DeadLetterConfig, RetryPolicy }] = Targets;
    // What the function refuses, and a function that is not there: neither is tried again.
    const broken = [
      { Id: "refused", Arn, RetryPolicy, DeadLetterConfig, Input: JSON.stringify({ orders: "many" }) },
      { Id: "gone", Arn: `${Arn}-gone`, RetryPolicy, DeadLetterConfig },
    ];
    await aws("events", "put-targets", "--rule", rule, "--targets", JSON.stringify(broken));
    // More than the rule's minute has gone since it was made, and it is off.
    expect(await held()).toBe(200);

    // Found by names this time, so that this is applied too.
    const settings = { ...SETTINGS, enableTrigger: true, lookup: "dataSources" };
    const on = terraform(PRODUCER, await synthesizeWith({ orders: settings }));
    await on.init();
    // The queue's policy names the rule, and what is read of a thing that changes is known after the apply.
    expect(changesOf(await on.plan()).sort()).toEqual([
      expect.stringMatching(/^update aws_cloudwatch_event_rule\./),
      expect.stringMatching(/^update aws_sqs_queue_policy\..* \(policy\)$/),
    ]);
    await on.apply();
    while ((await held()) === 200) await sleep(500);
    // It came round; the next time is a minute away.
    await aws("events", "disable-rule", "--name", rule);
    while ((await runs()).runs < 1 + SETTINGS.producers || (await failures()) < 2) await sleep(500);
    await aws("events", "remove-targets", "--rule", rule, "--ids", "refused", "gone");
    const off = terraform(PRODUCER);
    await off.init();
    await off.apply();

    expect(await runs()).toEqual({ runs: 1 + SETTINGS.producers, acknowledged: await held() });
    const found = await reasons();
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        {
          functionArn: Arn,
          approximateInvokeCount: 1,
          error: 'produce-orders: orders must be a whole number from 1 to 100000000, got "many"',
        },
        {
          RULE_ARN: expect.stringMatching(`:rule/${rule}$`),
          TARGET_ARN: `${Arn}-gone`,
          ERROR_CODE: "NO_RESOURCE",
          ERROR_MESSAGE: `there is no function ${Arn}-gone`,
        },
      ]),
    );
  }, 600_000);

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
