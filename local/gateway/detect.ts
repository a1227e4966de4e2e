import type { Credential } from "./sigv4";

/** How a service words requests and errors. */
export type Protocol = "json" | "query" | "ec2" | "rest-json" | "s3";

export interface Target {
  /** Signing name. */
  readonly service: string;
  readonly protocol: Protocol;
}

/** What of a request says which service it is for. */
export interface Clues {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly credential: Credential | undefined;
}

/** Signing names by the first part of X-Amz-Target. Only those of our stacks: a request that is signed says its service itself. */
const BY_TARGET: Readonly<Record<string, string>> = {
  Firehose_20150804: "firehose",
  KinesisAnalytics_20150814: "kinesisanalytics",
  KinesisAnalytics_20180523: "kinesisanalytics",
  Kinesis_20131202: "kinesis",
  Logs_20140328: "logs",
  RedshiftData: "redshift-data",
  RedshiftServerless: "redshift-serverless",
  secretsmanager: "secretsmanager",
  TrentService: "kms",
};

const BY_SERVICE: Readonly<Record<string, Protocol>> = {
  apigateway: "rest-json",
  "execute-api": "rest-json",
  iam: "query",
  ec2: "ec2",
  kafka: "rest-json",
  lambda: "rest-json",
  redshift: "query",
  s3: "s3",
  scheduler: "rest-json",
  sns: "query",
  sts: "query",
};

/**
 * Which service a request is for: an API's own host first, then the scope of the signature, then the X-Amz-Target, and S3 for
 * what carries none of them (its keys are paths of any form). Undefined when nothing says it.
 */
export function detectService(clues: Clues): Target | undefined {
  if (isApiCall(clues)) return { service: "execute-api", protocol: "rest-json" };
  const target = clues.headers["x-amz-target"];
  const service = clues.credential?.service ?? (target === undefined ? undefined : BY_TARGET[target.split(".")[0]!]);
  if (service !== undefined) return { service, protocol: protocolOf(service, clues.headers) };
  const form = isForm(clues.headers);
  return target === undefined && !form ? { service: "s3", protocol: "s3" } : undefined;
}

/** The protocol that a request of an unknown service speaks, by its looks. */
export function protocolOf(service: string | undefined, headers: Readonly<Record<string, string>>): Protocol {
  if (headers["x-amz-target"] !== undefined) return "json";
  const known = service === undefined ? undefined : BY_SERVICE[service];
  if (known !== undefined) return known;
  return isForm(headers) ? "query" : "rest-json";
}

/** By `ID.execute-api.REGION.ANYTHING`, or where a client can set no host by the path that other emulators take. */
function isApiCall({ headers, path }: Clues): boolean {
  return (
    /^[a-z0-9]+\.execute-api\./i.test(headers.host ?? "") ||
    /^\/restapis\/[^/]+\/[^/]+\/_user_request_(\/|$)/.test(path)
  );
}

function isForm(headers: Readonly<Record<string, string>>): boolean {
  return headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
}
