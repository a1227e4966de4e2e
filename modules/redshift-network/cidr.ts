import type { Construct } from "constructs";
import { ConfigError } from "../support/check";
import { type Block, blockOf, overlap } from "../support/cidr";

/** Refuses subnets that are not whole blocks inside the VPC's, or that overlap. Tokens pass. */
export function checkSubnets(scope: Construct, vpcCidr: string, subnetCidrs: readonly string[]): void {
  if (subnetCidrs.length < 2) {
    throw new ConfigError(scope, `subnetCidrs must name at least 2 subnets, got ${subnetCidrs.length}`);
  }
  const vpc = blockOf(scope, "vpcCidr", vpcCidr);
  const seen: Block[] = [];
  for (const cidr of subnetCidrs) {
    const block = blockOf(scope, "subnetCidrs", cidr);
    if (!vpc || !block) continue;
    if (block.first < vpc.first || block.last > vpc.last) {
      throw new ConfigError(scope, `subnetCidrs must lie inside the VPC's ${vpcCidr}, got "${cidr}"`);
    }
    const other = seen.find((one) => overlap(one, block));
    if (other) throw new ConfigError(scope, `subnetCidrs must not overlap, got "${other.cidr}" and "${cidr}"`);
    seen.push(block);
  }
}
