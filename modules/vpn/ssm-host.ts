import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import type { Network } from "../network";
import { allow, serviceRole } from "../support/iam";
import { SingleHost } from "./single-host";

/** What Session Manager needs of a host: https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html */
const SESSION_ACTIONS = [
  "ssm:UpdateInstanceInformation",
  "ssmmessages:CreateControlChannel",
  "ssmmessages:CreateDataChannel",
  "ssmmessages:OpenControlChannel",
  "ssmmessages:OpenDataChannel",
];
const ENDPOINTS = ["ssm", "ssmmessages", "ec2messages"];

export interface SsmHostProps {
  readonly name: string;
  readonly network: Network;
  /**
   * Whether the host is a spot instance.
   *
   * @default false
   */
  readonly spot?: boolean;
}

/**
 * A host in a private subnet through which Session Manager forwards ports: no address, no open port, no key. Who may use it is who may
 * `ssm:StartSession`, and every session is in CloudTrail.
 *
 * @example
 * const vpn = new SsmHost(this, "vpn", { name: "orders-vpn", network });
 * // aws ssm start-session --target INSTANCE --document-name AWS-StartPortForwardingSessionToRemoteHost --parameters host=HOST,portNumber=5439
 */
export class SsmHost extends Construct {
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { name, network, spot = false }: SsmHostProps) {
    super(scope, id);
    const role = serviceRole(this, "role", "ec2.amazonaws.com");
    // Session Manager knows no narrower resource for these.
    const rights = allow(this, "sessions", role, { actions: SESSION_ACTIONS, on: ["*"] });
    this.securityGroup = new SecurityGroup(this, "security-group", {
      name,
      description: "Session Manager's host: nothing comes in",
      vpcId: network.vpc.id,
      tags: { Name: name },
    });
    for (const service of ENDPOINTS) network.endpoint(service, { id: "vpn", securityGroup: this.securityGroup });
    new SingleHost(this, "host", {
      name,
      role,
      subnets: network.privateSubnets,
      securityGroupId: this.securityGroup.id,
      publicAddress: false,
      spot,
      waitFor: [rights],
    });
  }

  get securityGroupId(): string {
    return this.securityGroup.id;
  }
}
