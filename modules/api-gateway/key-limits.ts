import type { Construct } from "constructs";
import { ConfigError, checkInteger } from "../support/check";

const LIMITS = ["keyRequestsPerSecond", "keyBurstRequests", "keyRequestsPerDay"] as const;
type KeyLimits = { readonly [name in (typeof LIMITS)[number]]?: number };

/** What one key may do. Refuses limits where there is no key, and such as the stage's own would never let a key come near. */
export function checkKeyLimits(scope: Construct, auth: string, limits: KeyLimits, rate: number, burst: number) {
  const given = LIMITS.find((name) => limits[name] !== undefined);
  if (auth !== "apiKey" && given !== undefined) {
    throw new ConfigError(scope, `${given} is for auth "apiKey", got auth "${auth}"`);
  }
  const { keyRequestsPerSecond = rate, keyBurstRequests = burst, keyRequestsPerDay = 10_000_000 } = limits;
  if (keyRequestsPerSecond > rate) {
    throw new ConfigError(
      scope,
      `keyRequestsPerSecond must be at most requestsPerSecond, which limits all callers, got ${keyRequestsPerSecond} and ${rate}`,
    );
  }
  if (keyBurstRequests > burst) {
    throw new ConfigError(
      scope,
      `keyBurstRequests must be at most burstRequests, which limits all callers, got ${keyBurstRequests} and ${burst}`,
    );
  }
  return {
    requestsPerSecond: checkInteger(scope, "keyRequestsPerSecond", keyRequestsPerSecond, 1, 10_000),
    burstRequests: checkInteger(scope, "keyBurstRequests", keyBurstRequests, 1, 5000),
    requestsPerDay: checkInteger(scope, "keyRequestsPerDay", keyRequestsPerDay, 1, 1_000_000_000),
  };
}
