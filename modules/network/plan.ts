import type { Construct } from "constructs";
import { ConfigError } from "../support/check";
import { anyBlockOf, blockOf, freeAddresses, overlap } from "../support/cidr";

/** Zones of the network: what MSK spreads three brokers over, and what a Serverless workgroup with enhanced VPC routing asks for. */
export const ZONES = 3;

/** Bits that make a subnet of the VPC's block: an eighth each, six of which are taken. */
export const NEW_BITS = 3;

/** The smallest subnet that CreateSubnet takes. */
const SMALLEST_SUBNET_BITS = 28;

export interface AddressPlan {
  readonly vpcCidr: string;
  /** Free addresses that a private subnet must have at least. */
  readonly privateAddresses: number;
  /** Networks that will be connected with this one, by what they are called. */
  readonly apartFrom: Readonly<Record<string, string>>;
}

/** Refuses a VPC whose subnets are too small, or that shares addresses with a network it will be connected with. Tokens pass. */
export function checkPlan(scope: Construct, { vpcCidr, privateAddresses, apartFrom }: AddressPlan): void {
  const vpc = blockOf(scope, "vpcCidr", vpcCidr);
  if (!vpc) return;
  const bits = vpc.bits + NEW_BITS;
  if (bits > SMALLEST_SUBNET_BITS) {
    throw new ConfigError(
      scope,
      `vpcCidr must have at most ${SMALLEST_SUBNET_BITS - NEW_BITS} mask bits, as a subnet is an eighth of it and has at most ${SMALLEST_SUBNET_BITS}; got "${vpcCidr}", of which a subnet would have ${bits}`,
    );
  }
  const free = freeAddresses(bits);
  if (free < privateAddresses) {
    throw new ConfigError(
      scope,
      `vpcCidr must be larger: a private subnet needs ${privateAddresses} free addresses, and an eighth of "${vpcCidr}" (/${bits}) has ${free}`,
    );
  }
  for (const [name, cidr] of Object.entries(apartFrom)) {
    const other = anyBlockOf(scope, name, cidr);
    if (other && overlap(vpc, other)) {
      throw new ConfigError(scope, `vpcCidr "${vpcCidr}" must not overlap with ${name} "${cidr}"`);
    }
  }
}
