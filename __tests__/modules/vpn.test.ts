import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecretsmanagerSecretVersion } from "@cdktf/provider-aws/lib/secretsmanager-secret-version";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { Network } from "../../modules/network";
import { SoftEtherVpn, type SoftEtherVpnProps, SsmHost } from "../../modules/vpn";
import { emptyStack, resources, statementsOf } from "../support/synth";

const IMAGE = `example/softether@sha256:${"0".repeat(64)}`;
let stack: TerraformStack;
let network: Network;
let key: EncryptionKey;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
  network = new Network(stack, "network", { name: "orders", key });
});

const softether = (over: Partial<SoftEtherVpnProps> = {}) =>
  new SoftEtherVpn(stack, "vpn", {
    name: "orders-vpn",
    region: "us-east-1",
    network,
    key,
    operatorCidr: "192.0.2.7/32",
    image: IMAGE,
    ...over,
  });

describe("SoftEtherVpn", () => {
  it("admits the operator's addresses on the ports of a VPN, and nobody to SSH", () => {
    softether();
    const rules = resources(stack, VpcSecurityGroupIngressRule);
    for (const rule of rules) expect(rule).toMatchObject({ cidr_ipv4: "192.0.2.7/32" });
    expect(rules.map(({ ip_protocol, from_port, to_port }) => `${ip_protocol} ${from_port} ${to_port}`).sort()).toEqual(
      ["tcp 443 443", "tcp 5555 5555", "udp 1194 1194", "udp 1701 1701", "udp 4500 4500", "udp 500 500"].sort(),
    );
    expect(resources(stack, LaunchTemplate)[0]).not.toHaveProperty("key_name");
  });

  it("runs the container of the given digest, and is told names and no secret", () => {
    softether();
    const [{ user_data }] = resources(stack, LaunchTemplate);
    expect(user_data).toContain(`IMAGE=${IMAGE}`);
    expect(user_data).toMatch(/", aws_secretsmanager_secret\.[\w-]+\.arn, "/);
    expect(resources(stack, SecretsmanagerSecretVersion)).toEqual([]);
    expect(resources(stack, SecretsmanagerSecret).map(({ name }) => name)).toEqual([
      "orders-vpn-admin-password",
      "orders-vpn-pre-shared-key",
    ]);
  });

  it("takes the metadata service's second version only, and encrypts its volume", () => {
    softether();
    expect(resources(stack, LaunchTemplate)).toMatchObject([
      {
        instance_type: "t3.nano",
        metadata_options: { http_endpoint: "enabled", http_tokens: "required", http_put_response_hop_limit: 1 },
        block_device_mappings: [{ ebs: { encrypted: "true" } }],
      },
    ]);
  });

  it("is one host, on demand or as a spot instance of two types", () => {
    softether();
    expect(resources(stack, AutoscalingGroup)).toMatchObject([{ min_size: 1, max_size: 1, desired_capacity: 1 }]);
    expect(resources(stack, AutoscalingGroup)[0]).not.toHaveProperty("mixed_instances_policy");
    stack = emptyStack();
    key = new EncryptionKey(stack, "key", { description: "test" });
    network = new Network(stack, "network", { name: "orders", key });
    softether({ spot: true });
    expect(resources(stack, AutoscalingGroup)[0].mixed_instances_policy).toMatchObject({
      instances_distribution: { on_demand_base_capacity: 0, on_demand_percentage_above_base_capacity: 0 },
      launch_template: { override: [{ instance_type: "t3.nano" }, { instance_type: "t3a.nano" }] },
    });
  });

  it("may read and make its two secrets and take its one address, and nothing else", () => {
    softether();
    const secret = expect.stringMatching(/^\$\{aws_secretsmanager_secret\.[\w-]+\.arn\}$/);
    expect(statementsOf(stack, "vpn_role")).toEqual([
      { actions: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], resources: [secret, secret] },
      { actions: ["secretsmanager:GetRandomPassword"], resources: ["*"] },
      expect.objectContaining({ resources: [expect.stringMatching(/^\$\{aws_kms_key\.\w+\.arn\}$/)] }),
      { actions: ["ec2:AssociateAddress"], resources: [expect.stringMatching(/^\$\{aws_eip\.\w+\.arn\}$/)] },
      {
        actions: ["ec2:AssociateAddress"],
        resources: [expect.stringMatching(/:instance\/\*$/)],
        condition: [
          { test: "StringEquals", variable: "aws:ResourceTag/aws:autoscaling:groupName", values: ["orders-vpn"] },
        ],
      },
    ]);
  });

  it.each<[Partial<SoftEtherVpnProps>, string]>([
    [
      { operatorCidr: "0.0.0.0/0" },
      `operatorCidr must be the operator's own addresses and not everyone's, got "0.0.0.0/0"`,
    ],
    [{ operatorCidr: "me" }, 'operatorCidr must be an IPv4 block without host bits, such as 192.0.2.7/32, got "me"'],
    [
      { image: "example/softether:latest" },
      'image must be a container by its digest, NAME@sha256: and 64 of 0-9 and a-f, got "example/softether:latest"',
    ],
  ])("refuses %j", (over, message) => {
    expect(() => softether(over)).toThrow(new Error(`t/vpn: ${message}`));
  });
});

describe("SsmHost", () => {
  const host = () => new SsmHost(stack, "vpn", { name: "orders-vpn", network });

  it("has no public address and no way in", () => {
    host();
    expect(resources(stack, LaunchTemplate)[0].network_interfaces).toMatchObject([
      { associate_public_ip_address: "false" },
    ]);
    const [{ security_group_ids }] = resources(stack, LaunchTemplate)[0].network_interfaces.map(
      (one: { security_groups: string[] }) => ({ security_group_ids: one.security_groups }),
    );
    const into = resources(stack, VpcSecurityGroupIngressRule).map(({ security_group_id }) => security_group_id);
    expect(into).not.toContain(security_group_ids[0]);
  });

  it("is reached by Session Manager through endpoints made for it", () => {
    host();
    const names = resources(stack, VpcEndpoint)
      .filter(({ vpc_endpoint_type }) => vpc_endpoint_type === "Interface")
      .map(({ service_name }) => service_name.split(".").at(-1));
    expect(names.sort()).toEqual(["ec2messages", "ssm", "ssmmessages"]);
  });

  it("may hold sessions, and nothing else", () => {
    host();
    expect(statementsOf(stack, "vpn_role")).toEqual([
      {
        actions: [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ],
        resources: ["*"],
      },
    ]);
  });
});
