import { readFileSync } from "node:fs";
import * as path from "node:path";
import { Testing } from "cdktf";
import { checkTypes } from "../../local/inert";
import { parseSettings } from "../../settings";
import { OrdersInfra } from "../../stacks/orders-infra";
import { OrdersProducer } from "../../stacks/orders-producer";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

/** Both stacks: one reads the other's state, which only a synth of the whole app knows. */
function synthesized(orders: object = {}, more: object = {}): { readonly infra: Json; readonly producer: Json } {
  const app = Testing.app();
  const settings = parseSettings({ ...more, orders }, "test");
  new OrdersProducer(app, "orders-producer", settings, new OrdersInfra(app, "orders-infra", settings));
  app.synth();
  const read = (name: string) => JSON.parse(readFileSync(path.join(app.outdir, "stacks", name, "cdk.tf.json"), "utf8"));
  return { infra: read("orders-infra"), producer: read("orders-producer") };
}

const PROD = { profile: "prod", backend: { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" } };
const only = (blocks: Json): Json => {
  expect(Object.keys(blocks)).toHaveLength(1);
  return Object.values(blocks)[0];
};

const SOFTETHER = { kind: "softether", operatorCidr: "192.0.2.7/32", image: `a/vpn@sha256:${"0".repeat(64)}` };

/** Ids of what holds data or is known outside; under another one Terraform replaces the live thing. */
const STATEFUL = {
  infra: [
    "aws_kms_key.key_F64E54E4",
    "aws_msk_cluster.kafka_cluster_4FCB1297",
    "aws_redshiftserverless_namespace.warehouse_namespace_B7079888",
    "aws_s3_bucket.logs_bucket_5A22438C",
    "aws_vpc.network_vpc_4E8F0223",
    "random_id.suffix",
  ],
  producer: ["aws_kms_key.key_F64E54E4", "aws_sqs_queue.producer_failures_queue_3AEAA9E3", "random_id.suffix"],
};
const TYPES = [
  "aws_kms_key",
  "aws_msk_cluster",
  "aws_redshiftserverless_namespace",
  "aws_s3_bucket",
  "aws_sqs_queue",
  "aws_vpc",
  "random_id",
];

describe("orders-infra and orders-producer", () => {
  it.each(["infra", "producer"] as const)("keep the ids of what holds data (%s)", (name) => {
    const { resource } = synthesized()[name];
    expect(TYPES.flatMap((type) => Object.keys(resource[type] ?? {}).map((id) => `${type}.${id}`)).sort()).toEqual(
      STATEFUL[name],
    );
  });

  it.each([
    ["as they are", {}],
    ["with a serverless cluster", { kafka: "serverless" }],
    ["found by names", { lookup: "dataSources" }],
    ["with a VPN", { vpn: { ...SOFTETHER, spot: true } }],
    ["with a host of Session Manager", { vpn: { kind: "ssm" } }],
    ["with a NAT gateway a zone and a password of Terraform's", { nat: "perAz", adminPassword: "terraform" }],
  ])("hold no type that the local AWS does not know, %s", (_, orders) => {
    const { infra, producer } = synthesized(orders);
    expect(() => checkTypes(infra)).not.toThrow();
    expect(() => checkTypes(producer)).not.toThrow();
  });

  it("give the warehouse's default role the topic, and no right beside it", () => {
    const { infra } = synthesized();
    const of = only(infra.resource.aws_redshiftserverless_namespace).default_iam_role_arn;
    const role = /aws_iam_role\.([\w-]+)\.arn/.exec(of)![1];
    const policies: Json[] = Object.values(infra.resource.aws_iam_role_policy);
    const own = policies.filter((policy) => policy.role.includes(`aws_iam_role.${role}.`));
    const actions = own.flatMap(({ policy }) => {
      const document = /data\.aws_iam_policy_document\.([\w-]+)\.json/.exec(policy)![1]!;
      return infra.data.aws_iam_policy_document[document].statement.flatMap((one: Json) => one.actions);
    });
    expect(actions).toEqual([
      "kafka-cluster:Connect",
      "kafka-cluster:DescribeTopic",
      "kafka-cluster:ReadData",
      "kafka-cluster:DescribeGroup",
      "kafka-cluster:AlterGroup",
    ]);
    expect(infra.resource).not.toHaveProperty("aws_iam_role_policy_attachment");
  });

  it("run the SQL once the topic is there and the warehouse may and can read it", () => {
    const { infra } = synthesized();
    const invocations: Json[] = Object.values(infra.resource.aws_lambda_invocation);
    const migrations = invocations.find(({ input }) => input.includes("migrations"));
    expect(migrations.depends_on.map((one: string) => one.replace(/_[0-9A-F]{8}$/, "")).sort()).toEqual([
      "aws_iam_role_policy.kafka_consume-warehouse-copy-role-orders",
      "aws_iam_role_policy.migrations_run-sql",
      "aws_lambda_invocation.topic_apply",
      "aws_vpc_security_group_egress_rule.kafka_from-warehouse-out",
      "aws_vpc_security_group_ingress_rule.kafka_from-warehouse-in",
    ]);
  });

  it("cross by the state of the first stack, wherever it is kept", () => {
    const state = (more: object) => only(synthesized({}, more).producer.data.terraform_remote_state);
    expect(state({})).toMatchObject({
      backend: "local",
      config: { path: "../../../.terraform-state/orders-infra/terraform.tfstate" },
    });
    expect(state(PROD)).toMatchObject({
      backend: "s3",
      config: { bucket: "state", key: "redstream/orders-infra.tfstate" },
    });
    expect(state({ backend: { kind: "hcp", organization: "acme" } })).toMatchObject({
      backend: "remote",
      config: { organization: "acme", workspaces: { name: "orders-infra" } },
    });
  });

  it("cross by names and tags when they are told to, without a right to the other's state", () => {
    const { producer } = synthesized({ lookup: "dataSources" }, { prefix: "acme" });
    expect(producer.data).not.toHaveProperty("terraform_remote_state");
    expect(only(producer.data.aws_vpc)).toMatchObject({ tags: { Name: "acme-orders" } });
    expect(only(producer.data.aws_subnets)).toMatchObject({ tags: { Tier: "Private" } });
    expect(only(producer.data.aws_msk_cluster)).toMatchObject({ cluster_name: "acme-orders" });
    expect(only(producer.data.aws_security_group)).toMatchObject({ name: "acme-orders-brokers" });
  });

  it("send nothing until they are told to", () => {
    expect(only(synthesized().producer.resource.aws_cloudwatch_event_rule)).toMatchObject({ state: "DISABLED" });
    const { producer } = synthesized({ enableTrigger: true, producers: 3 });
    expect(only(producer.resource.aws_cloudwatch_event_rule)).toMatchObject({ state: "ENABLED" });
    expect(Object.keys(producer.resource.aws_cloudwatch_event_target)).toHaveLength(3);
  });

  it("have no way in for a person until one is asked for", () => {
    const { infra } = synthesized();
    for (const type of ["aws_launch_template", "aws_autoscaling_group", "aws_eip", "aws_secretsmanager_secret"]) {
      expect(infra.resource).not.toHaveProperty(type);
    }
    expect(synthesized({ vpn: { kind: "none" } }).infra).toEqual(infra);
  });

  it.each([["softether", SOFTETHER] as const, ["ssm", { kind: "ssm" }] as const])(
    "admit a host of kind %s to the brokers' port and the warehouse's, each by a rule out of its group and one into theirs",
    (_, vpn) => {
      const { infra } = synthesized({ vpn });
      const rules: Json[] = ["ingress", "egress"].flatMap((way) =>
        Object.values(infra.resource[`aws_vpc_security_group_${way}_rule`]).map((rule: Json) => ({ way, ...rule })),
      );
      const own = only(infra.resource.aws_launch_template).network_interfaces[0].security_groups[0];
      const between = (one: Json) => one.referenced_security_group_id === own || one.security_group_id === own;
      const opened = rules.filter(between).filter(({ from_port, cidr_ipv4 }) => from_port !== 443 && !cidr_ipv4);
      expect(opened.map(({ way, from_port, to_port }) => `${way} ${from_port} ${to_port}`).sort()).toEqual([
        "egress 5439 5439",
        "egress 9098 9098",
        "ingress 5439 5439",
        "ingress 9098 9098",
      ]);
    },
  );

  it("keep the ids of a VPN's secrets and address", () => {
    const { resource } = synthesized({ vpn: SOFTETHER }).infra;
    expect([...Object.keys(resource.aws_secretsmanager_secret).sort(), ...Object.keys(resource.aws_eip)]).toEqual([
      "vpn-softether_admin-password_3F949DE1",
      "vpn-softether_pre-shared-key_5F896CAF",
      "vpn-softether_address_9C8CE0C6",
    ]);
  });

  it("keep cluster, data and logs with profile prod", () => {
    const { infra } = synthesized({}, PROD);
    expect(only(infra.resource.aws_msk_cluster).lifecycle).toMatchObject({ prevent_destroy: true });
    expect(only(infra.resource.aws_redshiftserverless_namespace).lifecycle).toEqual({ prevent_destroy: true });
    expect(only(infra.resource.aws_s3_bucket)).toMatchObject({ force_destroy: false });
  });

  it("hold nothing of the machine that synthesized them", () => {
    const { infra, producer } = synthesized();
    for (const stack of [infra, producer]) expect(JSON.stringify(stack)).not.toContain(`${process.cwd()}/`);
  });

  it.each<[object, string]>([
    [{ brokers: 4 }, "orders-infra/kafka: brokers must be a multiple of the 3 zones, got 4"],
    [
      { vpcCidr: "10.0.0.0/24", baseRpus: 128 },
      'orders-infra/network: vpcCidr must be larger: a private subnet needs 47 free addresses, and an eighth of "10.0.0.0/24" (/27) has 27',
    ],
    [
      { vpcCidr: "10.0.0.1/16" },
      `orders-infra/network: vpcCidr must be an IPv4 block with 16 to 28 mask bits and no host bits, such as 10.0.1.0/24, got "10.0.0.1/16"`,
    ],
    [
      { replicationFactor: 6 },
      "orders-infra/topic: replicationFactor must be between 2, the replicas that acknowledge a message, and 3, the brokers, got 6",
    ],
    [
      { replicationFactor: 1 },
      "orders-infra/topic: replicationFactor must be between 2, the replicas that acknowledge a message, and 3, the brokers, got 1",
    ],
    [
      { kafka: "serverless", replicationFactor: 2 },
      "orders-infra/topic: replicationFactor must be 3, as AWS sets it in a serverless cluster, got 2",
    ],
    [{ partitions: 0 }, "orders-infra/topic: partitions must be between 1 and 10000, got 0"],
    [
      { kafkaVersion: "2.8.1" },
      'orders-infra/kafka: kafkaVersion must be one of 3.7.x, 3.7.x.kraft, 3.8.x, 3.8.x.kraft, 3.9.x, 3.9.x.kraft, 4.0.x.kraft, 4.1.x.kraft, got "2.8.1"',
    ],
    [{ volumeGb: 0 }, "orders-infra/kafka: volumeGb must be between 1 and 16384, got 0"],
    [{ durationSeconds: 900 }, "orders-producer/producer: durationSeconds must be between 1 and 840, got 900"],
    [{ ordersPerSecond: 0 }, "orders-producer/producer: ordersPerSecond must be between 1 and 100000, got 0"],
    [{ dailyRpuHours: 0 }, "orders-infra/warehouse: dailyRpuHours must be between 1 and 1000000, got 0"],
    [
      { baseRpus: 12 },
      "orders-infra/warehouse: baseRpus must be 4, a multiple of 8 up to 512 or a multiple of 32 from there to 1024, got 12",
    ],
    [{ baseRpus: 64, maxRpus: 32 }, "orders-infra/warehouse: maxRpus must be at least baseRpus, got 32 and 64"],
    [{ producers: 6 }, "orders-producer/producer: producers must be between 1 and 5, got 6"],
    [
      { kafka: "serverless", brokers: 3 },
      'orders-infra: orders.brokers is for orders.kafka "provisioned", got kafka "serverless" and brokers 3',
    ],
    [
      { kafka: "serverless", lookup: "dataSources" },
      'orders-producer: orders.lookup "dataSources" is for orders.kafka "provisioned": the provider finds no serverless cluster by its name; use lookup "remoteState"',
    ],
    [
      { vpn: { kind: "softether", image: SOFTETHER.image } },
      'orders-infra: orders.vpn.operatorCidr is missing: with kind "softether" it must be the addresses you will connect from, such as 192.0.2.7/32 (https://checkip.amazonaws.com shows yours)',
    ],
    [
      { vpn: { kind: "softether", operatorCidr: "192.0.2.7/32" } },
      'orders-infra: orders.vpn.image is missing: with kind "softether" it must be the server\'s container by its digest, which `docker buildx imagetools inspect siomiz/softethervpn` shows: siomiz/softethervpn@sha256:DIGEST',
    ],
    [
      { vpn: { ...SOFTETHER, operatorCidr: "0.0.0.0/0" } },
      "orders-infra/vpn-softether: operatorCidr must be the operator's own addresses and not everyone's, got \"0.0.0.0/0\"",
    ],
    [
      { vpn: { kind: "ssm", operatorCidr: "192.0.2.7/32" } },
      'orders-infra: orders.vpn.operatorCidr is for orders.vpn.kind "softether", got kind "ssm" and operatorCidr "192.0.2.7/32"',
    ],
    [
      { vpn: { spot: true } },
      'orders-infra: orders.vpn.spot is for orders.vpn.kind "softether" or "ssm", got kind "none" and spot true',
    ],
    [{ vpn: { kind: "openvpn" } }, 'test: orders.vpn.kind must be one of none, softether, ssm, got "openvpn"'],
    [
      { vpcCidr: "192.168.0.0/16", vpn: SOFTETHER },
      `orders-infra/network: vpcCidr "192.168.0.0/16" must not overlap with the VPN's clients "192.168.30.0/24"`,
    ],
    [{ lookup: "dns" }, 'test: orders.lookup must be one of remoteState, dataSources, got "dns"'],
  ])("refuse %j in one line", (orders, message) => {
    expect(() => synthesized(orders)).toThrow(new Error(message));
  });
});
