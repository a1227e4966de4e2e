import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import type { Network } from "../network";
import { ConfigError, checkMatch } from "../support/check";
import { anyBlockOf } from "../support/cidr";
import { allow, serviceRole } from "../support/iam";
import { SingleHost } from "./single-host";
import { TCP_PORTS, UDP_PORTS, userData } from "./user-data";

/** Addresses that the server gives to those who connect, SecureNAT's own default: they may not be the network's too. */
export const CLIENT_CIDR = "192.168.30.0/24";

export interface SoftEtherVpnProps {
  /** Name of the host and start of its secrets' names. */
  readonly name: string;
  readonly region: string;
  readonly network: Network;
  /** Key that encrypts the secrets. */
  readonly key: EncryptionKey;
  /** The operator's addresses, which alone are admitted: `192.0.2.7/32`. Never everyone. */
  readonly operatorCidr: string;
  /** Container of the server, `NAME@sha256:DIGEST`: what was tried is what runs. */
  readonly image: string;
  /**
   * Whether the host is a spot instance. It is cheaper, and taken away at times; another takes its place and address.
   *
   * @default false
   */
  readonly spot?: boolean;
  /** @default "dev" */
  readonly profile?: "dev" | "prod";
}

/**
 * A VPN into the network, as the original's: SoftEther in a container on one host with an Elastic IP, for one operator's addresses. Without SSH.
 *
 * Pre-shared key and admin password (user `operator`) are made by the host at its first start, and are in Secrets Manager and nowhere else.
 *
 * @example
 * const vpn = new SoftEtherVpn(this, "vpn", { name: "orders-vpn", region, network, key, operatorCidr: "192.0.2.7/32", image });
 * kafka.admit({ id: "vpn", securityGroupId: vpn.securityGroupId });
 */
export class SoftEtherVpn extends Construct {
  /** The address that stays. */
  readonly address: Eip;
  readonly preSharedKey: SecretsmanagerSecret;
  readonly adminPassword: SecretsmanagerSecret;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: SoftEtherVpnProps) {
    super(scope, id);
    const { name, network, region } = props;
    const operator = anyBlockOf(this, "operatorCidr", props.operatorCidr);
    if (operator?.bits === 0) {
      throw new ConfigError(
        this,
        `operatorCidr must be the operator's own addresses and not everyone's, got "${operator.cidr}"`,
      );
    }
    checkMatch(
      this,
      "image",
      props.image,
      /^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}$/,
      "a container by its digest, NAME@sha256: and 64 of 0-9 and a-f",
    );

    const role = serviceRole(this, "role", "ec2.amazonaws.com");
    this.preSharedKey = this.secret("pre-shared-key", props);
    this.adminPassword = this.secret("admin-password", props);
    this.address = new Eip(this, "address", { domain: "vpc", tags: { Name: name } });
    this.securityGroup = this.admitOperator(props);
    const partition = new DataAwsPartition(this, "partition").partition;
    const account = new DataAwsCallerIdentity(this, "account").accountId;
    const rights = allow(
      this,
      "start",
      role,
      {
        actions: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        on: [this.preSharedKey.arn, this.adminPassword.arn],
      },
      // It has no resource.
      { actions: ["secretsmanager:GetRandomPassword"], on: ["*"] },
      props.key.use,
      { actions: ["ec2:AssociateAddress"], on: [this.address.arn] },
      {
        actions: ["ec2:AssociateAddress"],
        on: [`arn:${partition}:ec2:${region}:${account}:instance/*`],
        when: [{ test: "StringEquals", variable: "aws:ResourceTag/aws:autoscaling:groupName", values: [name] }],
      },
    );
    new SingleHost(this, "host", {
      name,
      role,
      subnets: network.publicSubnets,
      securityGroupId: this.securityGroup.id,
      publicAddress: true,
      spot: props.spot ?? false,
      userData: Fn.base64encode(
        Fn.join("", [
          ...userData({
            region,
            allocationId: this.address.allocationId,
            preSharedKeyArn: this.preSharedKey.arn,
            adminPasswordArn: this.adminPassword.arn,
            image: props.image,
          }),
        ]),
      ),
      waitFor: [rights],
    });
  }

  get securityGroupId(): string {
    return this.securityGroup.id;
  }

  private secret(what: string, { name, key, profile }: SoftEtherVpnProps): SecretsmanagerSecret {
    return new SecretsmanagerSecret(this, what, {
      name: `${name}-${what}`,
      description: `VPN ${name}: made by its host at the first start`,
      kmsKeyId: key.arn,
      recoveryWindowInDays: profile === "prod" ? 30 : 0,
    });
  }

  private admitOperator({ name, network, operatorCidr }: SoftEtherVpnProps): SecurityGroup {
    const group = new SecurityGroup(this, "security-group", {
      name,
      description: "VPN: the operator's addresses",
      vpcId: network.vpc.id,
      tags: { Name: name },
    });
    const ports = [
      ...UDP_PORTS.map((port) => ["udp", port] as const),
      ...TCP_PORTS.map((port) => ["tcp", port] as const),
    ];
    for (const [ipProtocol, port] of ports) {
      new VpcSecurityGroupIngressRule(this, `${ipProtocol}-${port}`, {
        securityGroupId: group.id,
        description: "VPN of the operator",
        cidrIpv4: operatorCidr,
        ipProtocol,
        fromPort: port,
        toPort: port,
      });
    }
    new VpcSecurityGroupEgressRule(this, "https", {
      securityGroupId: group.id,
      description: "AWS and the container's registry",
      cidrIpv4: "0.0.0.0/0",
      ipProtocol: "tcp",
      fromPort: 443,
      toPort: 443,
    });
    return group;
  }
}
