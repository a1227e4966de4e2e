import { BlockList, isIP } from "node:net";
import { misconfigured } from "./fault";
import type { Json } from "./template";

/** What a resource policy says of a call; `silent` when no statement is about it. */
export type Verdict = "allow" | "deny" | "silent";

export interface Call {
  /** ARN of the caller, undefined for an unsigned call. */
  readonly principal: string | undefined;
  /** `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/VERB/PATH`. */
  readonly resource: string;
  readonly sourceIp: string;
}

/**
 * Evaluates an API's resource policy for `execute-api:Invoke`. Conditions known here: IpAddress and NotIpAddress on `aws:SourceIp`; another
 * one is refused by name, not passed over.
 */
export function judge(policy: Json, call: Call): Verdict {
  const effects = listOf(member(policy, "Statement"))
    .filter((statement) => isAbout(statement, call))
    .map((statement) => member(statement, "Effect"));
  if (effects.includes("Deny")) return "deny";
  return effects.includes("Allow") ? "allow" : "silent";
}

function isAbout(statement: Json, { principal, resource, sourceIp }: Call): boolean {
  for (const name of ["NotAction", "NotPrincipal", "NotResource"]) {
    if (member(statement, name) !== undefined)
      throw misconfigured(`resource policy: ${name} is not evaluated by the local AWS`);
  }
  return (
    textsOf(member(statement, "Action")).some((action) => matches(action.toLowerCase(), "execute-api:invoke")) &&
    textsOf(member(statement, "Resource")).some((pattern) => matches(expand(pattern, resource), resource)) &&
    isPrincipal(member(statement, "Principal"), principal) &&
    meets(member(statement, "Condition"), sourceIp)
  );
}

function isPrincipal(given: Json | undefined, principal: string | undefined): boolean {
  if (given === "*") return true;
  const named = textsOf(member(given, "AWS"));
  return named.includes("*") || (principal !== undefined && named.includes(principal));
}

function meets(condition: Json | undefined, sourceIp: string): boolean {
  if (!(condition instanceof Map)) return true;
  for (const [operator, keys] of condition) {
    for (const [key, cidrs] of keys instanceof Map ? keys : []) {
      if ((operator !== "IpAddress" && operator !== "NotIpAddress") || key.toLowerCase() !== "aws:sourceip") {
        throw misconfigured(`resource policy: the condition ${operator} on ${key} is not evaluated by the local AWS`);
      }
      if (isIn(sourceIp, textsOf(cidrs)) !== (operator === "IpAddress")) return false;
    }
  }
  return true;
}

function isIn(address: string, cidrs: readonly string[]): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", prefix] = cidr.split("/");
    const family = isIP(network) === 6 ? "ipv6" : "ipv4";
    list.addSubnet(network, prefix === undefined ? (family === "ipv6" ? 128 : 32) : Number(prefix), family);
  }
  return list.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}

/** AWS's short form `execute-api:/STAGE/...` means this API. */
const expand = (pattern: string, resource: string) =>
  pattern.startsWith("execute-api:/") ? `${resource.split("/")[0]}/${pattern.slice("execute-api:/".length)}` : pattern;

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

const member = (of: Json | undefined, name: string): Json | undefined => (of instanceof Map ? of.get(name) : undefined);
const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const textsOf = (value: Json | undefined): string[] => listOf(value).map(String);
