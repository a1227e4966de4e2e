import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError } from "../support/check";

interface Block {
  readonly first: number;
  readonly last: number;
}

/** VPCs and subnets have 16 to 28 mask bits. */
const BITS = { min: 16, max: 28 };

/** Refuses subnets that are not whole blocks inside the VPC's, or that overlap. Tokens pass. */
export function checkSubnets(scope: Construct, vpcCidr: string, subnetCidrs: readonly string[]): void {
  if (subnetCidrs.length < 2) {
    throw new ConfigError(scope, `subnetCidrs must name at least 2 subnets, got ${subnetCidrs.length}`);
  }
  const vpc = blockOf(scope, "vpcCidr", vpcCidr);
  const seen: { readonly cidr: string; readonly block: Block }[] = [];
  for (const cidr of subnetCidrs) {
    const block = blockOf(scope, "subnetCidrs", cidr);
    if (!vpc || !block) continue;
    if (block.first < vpc.first || block.last > vpc.last) {
      throw new ConfigError(scope, `subnetCidrs must lie inside the VPC's ${vpcCidr}, got "${cidr}"`);
    }
    const other = seen.find((one) => one.block.first <= block.last && block.first <= one.block.last);
    if (other) throw new ConfigError(scope, `subnetCidrs must not overlap, got "${other.cidr}" and "${cidr}"`);
    seen.push({ cidr, block });
  }
}

function blockOf(scope: Construct, prop: string, cidr: string): Block | undefined {
  if (Token.isUnresolved(cidr)) return undefined;
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr)?.slice(1).map(Number);
  const [a = 256, b = 256, c = 256, d = 256, bits = 99] = parts ?? [];
  const size = 2 ** (32 - bits);
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  if (Math.max(a, b, c, d) > 255 || bits < BITS.min || bits > BITS.max || first % size !== 0) {
    throw new ConfigError(
      scope,
      `${prop} must be an IPv4 block with ${BITS.min} to ${BITS.max} mask bits and no host bits, such as 10.0.1.0/24, got "${cidr}"`,
    );
  }
  return { first, last: first + size - 1 };
}
