import { isIP } from "node:net";
import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError } from "../support/check";

/** Widest network that an allow-list may hold; a shorter prefix is a good part of the internet. */
const SHORTEST_PREFIX = { 4: 8, 6: 32 } as const;
const LONGEST_PREFIX = { 4: 32, 6: 128 } as const;

/** Refuses what is no network in CIDR form, and networks so wide that they are no allow-list. */
export function checkAllowList(scope: Construct, prop: string, cidrs: readonly string[]): readonly string[] {
  if (cidrs.length === 0)
    throw new ConfigError(scope, `${prop} is empty; name the networks that may call, such as "203.0.113.0/24"`);
  for (const cidr of cidrs) {
    if (!Token.isUnresolved(cidr)) checkCidr(scope, prop, cidr);
  }
  return cidrs;
}

function checkCidr(scope: Construct, prop: string, cidr: string): void {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const family = isIP(address);
  if (family !== 4 && family !== 6) {
    throw new ConfigError(
      scope,
      `${prop} must hold networks in CIDR form, such as "203.0.113.0/24", got ${JSON.stringify(cidr)}`,
    );
  }
  const length = Number(prefix);
  if (!(length >= SHORTEST_PREFIX[family] && length <= LONGEST_PREFIX[family])) {
    throw new ConfigError(
      scope,
      `${prop} must hold IPv${family} prefixes between /${SHORTEST_PREFIX[family]} and /${LONGEST_PREFIX[family]}, got ${JSON.stringify(cidr)}`,
    );
  }
}
