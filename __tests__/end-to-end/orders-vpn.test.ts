import { Applied, changesOf } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { synthesizeWith } from "./support/synthesized";

const IMAGE = `siomiz/softethervpn@sha256:${"0".repeat(64)}`;
/** Beside the way in, what else may be set otherwise: a cluster without brokers of one's own, a password of Terraform's, a way out. */
const OTHERWISE = { kafka: "serverless", adminPassword: "terraform", nat: "one" };
const withVpn = (vpn: object, more: object = {}) => synthesizeWith({ orders: { ...OTHERWISE, vpn, ...more } });

let orders: Applied;
let aws: AwsCommand;

/** Tests of this file go on from one another: one stack on one local AWS, whose way in changes from one kind to the other. No host is started by either. */
beforeAll(async () => {
  orders = await Applied.start("orders-infra", 60);
  aws = await awsCommand(orders.gateway);
}, 600_000);

afterAll(() => orders?.stop());

async function applied(vpn: object) {
  const { terraform } = orders.take(await withVpn(vpn));
  await terraform.init();
  await terraform.apply();
  return terraform;
}

describe("the way into the network of the orders", () => {
  it("is a VPN on a spot instance, with a serverless cluster, a password of Terraform's and one NAT gateway, planned again without a change", async () => {
    const terraform = await applied({ kind: "softether", operatorCidr: "192.0.2.7/32", image: IMAGE, spot: true });
    expect(changesOf(await terraform.plan())).toEqual([]);
    expect(await terraform.output()).toMatchObject({ vpn_address: expect.stringMatching(/^[\d.]+$/) });
    const { ClusterInfoList } = await aws("kafka", "list-clusters-v2");
    expect(ClusterInfoList).toMatchObject([{ ClusterType: "SERVERLESS", State: "ACTIVE" }]);
    expect((await aws("ec2", "describe-nat-gateways")).NatGateways).toHaveLength(1);
  }, 600_000);

  it("becomes a host of Session Manager with its endpoints, planned again without a change", async () => {
    const terraform = await applied({ kind: "ssm" });
    expect(changesOf(await terraform.plan())).toEqual([]);
    const { AutoScalingGroups } = await aws("autoscaling", "describe-auto-scaling-groups");
    expect(AutoScalingGroups).toHaveLength(1);
    expect(await terraform.output()).toMatchObject({ vpn_host_group: AutoScalingGroups[0].AutoScalingGroupName });
  }, 600_000);

  it.each([
    ["none", "delete aws_eip, delete aws_nat_gateway, delete aws_route"],
    ["perAz", "create aws_eip, create aws_nat_gateway, update aws_route"],
  ])(
    "may have %s for NAT gateways, as a plan says",
    async (nat, expected) => {
      const { terraform } = orders.take(await withVpn({ kind: "ssm" }, { nat }));
      await terraform.init();
      const changes = changesOf(await terraform.plan()).map((change) => change.replace(/^(\S+ \w+)\..*$/, "$1"));
      expect([...new Set(changes)].sort().join(", ")).toBe(expected);
    },
    600_000,
  );

  it("leaves nothing when it is destroyed", async () => {
    const { terraform } = orders.take(await withVpn({ kind: "ssm" }));
    await terraform.init();
    await terraform.destroy();
    expect(await leftovers(orders, aws)).toEqual(NOTHING);
    expect(await aws("autoscaling", "describe-auto-scaling-groups")).toEqual({ AutoScalingGroups: [] });
    expect(await aws("ec2", "describe-launch-templates")).toEqual({ LaunchTemplates: [] });
  }, 600_000);
});
