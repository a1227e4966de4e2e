import { TemplateError } from "./error";
import { type Shim, toNumber, toText, type Value } from "./java";

/** What a template may change of the request to the service and of the answer to the client. */
export interface Overrides {
  status?: number;
  readonly responseHeaders: Map<string, string>;
  readonly requestHeaders: Map<string, string>;
}

export const noOverrides = (): Overrides => ({ responseHeaders: new Map(), requestHeaders: new Map() });

/**
 * `$context` for mapping templates, by dotted name, as AWS's list of variables has them:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#context-variable-reference
 */
const KNOWN = new Set(
  `accountId apiId awsEndpointRequestId deploymentId domainName domainPrefix extendedRequestId httpMethod isCanaryRequest path protocol
  requestId requestTime requestTimeEpoch resourceId resourcePath stage wafResponseCode webaclArn
  authorizer.principalId
  error.message error.messageString error.responseType error.validationErrorString
  identity.accountId identity.apiKey identity.apiKeyId identity.caller identity.cognitoAuthenticationProvider
  identity.cognitoAuthenticationType identity.cognitoIdentityId identity.cognitoIdentityPoolId identity.principalOrgId
  identity.sourceIp identity.user identity.userAgent identity.userArn
  identity.clientCert.clientCertPem identity.clientCert.subjectDN identity.clientCert.issuerDN identity.clientCert.serialNumber
  identity.clientCert.validity.notBefore identity.clientCert.validity.notAfter
  requestOverride.header responseOverride.header responseOverride.status`.split(/\s+/),
);
const GROUPS = new Set([...KNOWN].flatMap((name) => name.split(".").map((_, n, parts) => parts.slice(0, n).join("."))));

/** Facts of one request by the dotted names of the reference; what this request does not have is empty. */
export type Facts = Readonly<Record<string, string | number>>;

/** `$context` over `facts`, writing the overrides a template sets. */
export function contextShim(facts: Facts, overrides: Overrides): Shim {
  return group("", facts, overrides);
}

/** Value of a dotted name, for parameter mappings and gateway responses. Throws TemplateError for a name outside the reference. */
export function contextValue(facts: Facts, name: string): string {
  if (!KNOWN.has(name)) throw new TemplateError(`$context.${name} is not in API Gateway's reference`);
  return String(facts[name] ?? "");
}

function group(prefix: string, facts: Facts, overrides: Overrides): Shim {
  const headers = HEADERS[prefix]?.(overrides);
  return {
    get(name) {
      if (headers) return headers.get(name) ?? "";
      const full = prefix + name;
      if (GROUPS.has(full) || HEADERS[`${full}.`]) return group(`${full}.`, facts, overrides);
      return factOf(facts, full);
    },
    call(name, [key]): Value {
      if (name === "get" && headers) return headers.get(toText(key)) ?? "";
      if (name === "get" && prefix) return factOf(facts, prefix + toText(key));
      throw new TemplateError(`$context has no ${prefix}${name}()`);
    },
    set(name, value) {
      if (headers) headers.set(name, toText(value));
      else if (prefix + name === "responseOverride.status") overrides.status = statusOf(value);
      else
        throw new TemplateError(
          `$context.${prefix}${name} cannot be set; responseOverride.status and the overrides of headers can`,
        );
    },
  };
}

const HEADERS: Readonly<Record<string, (overrides: Overrides) => Map<string, string>>> = {
  "requestOverride.header.": ({ requestHeaders }) => requestHeaders,
  "responseOverride.header.": ({ responseHeaders }) => responseHeaders,
};

function factOf(facts: Facts, name: string): Value {
  const value = contextValue(facts, name);
  return typeof facts[name] === "number" ? BigInt(value) : value;
}

function statusOf(value: Value): number {
  const status = typeof value === "string" ? Number(value) : toNumber(value);
  if (status === undefined || !Number.isInteger(status) || status < 100 || status > 599) {
    throw new TemplateError(`$context.responseOverride.status must be a status from 100 to 599, got ${toText(value)}`);
  }
  return status;
}
