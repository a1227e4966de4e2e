import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError } from "./check";

/** A range of IPv4 addresses, as numbers. */
export interface Block {
  readonly cidr: string;
  readonly first: number;
  readonly last: number;
  /** Mask bits. */
  readonly bits: number;
}

/** VPCs and subnets have 16 to 28 mask bits: VPC user guide, "VPC CIDR blocks" and "Subnet CIDR blocks", seen 2026-11-21. */
const BITS = { min: 16, max: 28 };

/** Addresses of every subnet that AWS keeps for itself: VPC user guide, "Subnet sizing". */
const KEPT_BY_AWS = 5;

/** The block that `cidr` names; undefined for a token. Refuses what CreateVpc and CreateSubnet do. */
export function blockOf(scope: Construct, prop: string, cidr: string): Block | undefined {
  const block = read(cidr);
  if (block === undefined) return undefined;
  if (block === "malformed" || block.bits < BITS.min || block.bits > BITS.max) {
    throw new ConfigError(
      scope,
      `${prop} must be an IPv4 block with ${BITS.min} to ${BITS.max} mask bits and no host bits, such as 10.0.1.0/24, got "${cidr}"`,
    );
  }
  return block;
}

/** As `blockOf`, for addresses that are not a VPC's: a person's own, an office's. Any number of mask bits. */
export function anyBlockOf(scope: Construct, prop: string, cidr: string): Block | undefined {
  const block = read(cidr);
  if (block === "malformed") {
    throw new ConfigError(
      scope,
      `${prop} must be an IPv4 block without host bits, such as 192.0.2.7/32, got ${JSON.stringify(cidr)}`,
    );
  }
  return block;
}

export const overlap = (one: Block, other: Block): boolean => one.first <= other.last && other.first <= one.last;

/** Addresses of a subnet of so many mask bits that are free for its users. */
export const freeAddresses = (bits: number): number => 2 ** (32 - bits) - KEPT_BY_AWS;

function read(cidr: string): Block | "malformed" | undefined {
  if (Token.isUnresolved(cidr)) return undefined;
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr)?.slice(1).map(Number);
  const [a = 256, b = 256, c = 256, d = 256, bits = 99] = parts ?? [];
  const size = 2 ** (32 - bits);
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  if (Math.max(a, b, c, d) > 255 || bits > 32 || first % size !== 0) return "malformed";
  return { cidr, first, last: first + size - 1, bits };
}
