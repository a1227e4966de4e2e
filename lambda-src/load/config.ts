import type { Connection, Warehouse } from "../data-api/connection";
import { isColumnar, type LoadTable, readTables } from "./table";

/**
 * What the three functions of the load read of their environment. The constructs fill it; every value is text.
 * Those with a question mark may be left out or empty.
 */
export interface LoadEnv {
  /** The bucket; it must be versioned. */
  readonly BUCKET: string;
  /** Name of the ledger's DynamoDB table. */
  readonly LEDGER_TABLE: string;
  /** The allow-list, JSON of `LoadTable[]`. */
  readonly TABLES: string;
  /** One of the two, where the Data API is the way to the warehouse. */
  readonly CLUSTER_IDENTIFIER?: string;
  readonly WORKGROUP_NAME?: string;
  readonly DATABASE: string;
  /** Log in with this Secrets Manager secret. @default - the Data API's IAM auth, as `IAMR:<role>` */
  readonly SECRET_ARN?: string;
  /**
   * In place of the Data API: a connection to the warehouse's host by a driver, as the user of this SecureString of SSM, `{"username", "password"}`.
   * The three go together, and without CLUSTER_IDENTIFIER, WORKGROUP_NAME, SECRET_ARN and DATA_API_ROLE.
   */
  readonly LOGIN_PARAMETER?: string;
  readonly WAREHOUSE_HOST?: string;
  readonly WAREHOUSE_PORT?: string;
  /** What stands in COPY's IAM_ROLE: a role's ARN, two joined by a comma (a chain), or `default`. */
  readonly COPY_ROLE: string;
  /** Region of the bucket, when the warehouse is in another one: not with tables of Parquet or ORC files. */
  readonly BUCKET_REGION?: string;
  /** Role of the warehouse's account that is assumed for the Data API, and the external id that it asks for. */
  readonly DATA_API_ROLE?: string;
  readonly DATA_API_EXTERNAL_ID?: string;
  /** Files in one COPY, 1 to 10000. @default 1000 */
  readonly MAX_FILES?: string;
  /** Bytes in one COPY, at least 1; a bigger file goes alone. @default 1073741824 */
  readonly MAX_BYTES?: string;
  /** How long a worker's claim holds: at least the function's own timeout. @default 900 */
  readonly LEASE_SECONDS?: string;
  /** Days for which the ledger keeps finished items, at least 1. @default 90 */
  readonly FINISHED_DAYS?: string;
  /** JSON list of key prefixes that are nobody's table: neither loaded nor set aside. `.redstream/` always is one. @default [] */
  readonly IGNORED_PREFIXES?: string;
}

/** Where manifests are: no table, and in the bucket's own rule no event. */
export const OWN_PREFIX = ".redstream/";

/** The way to the warehouse. */
export type Reach =
  | {
      readonly by: "dataApi";
      readonly connection: Connection;
      readonly role: { readonly arn: string; readonly externalId: string | undefined } | undefined;
    }
  | {
      readonly by: "driver";
      readonly host: string;
      readonly port: number;
      readonly database: string;
      /** Name of the SecureString with the user and its password. */
      readonly parameter: string;
      /** `HOST:PORT` of a local run, which speaks for the warehouse and without TLS. */
      readonly local: string | undefined;
    };

/** The same, read and checked. */
export interface LoadConfig {
  readonly bucket: string;
  readonly ledgerTable: string;
  readonly tables: readonly LoadTable[];
  readonly reach: Reach;
  readonly copyRole: string;
  readonly bucketRegion: string | undefined;
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly leaseMilliseconds: number;
  readonly finishedDays: number;
  readonly ignoredPrefixes: readonly string[];
}

const NEEDED = ["BUCKET", "LEDGER_TABLE", "TABLES", "DATABASE", "COPY_ROLE"] as const;

const DRIVER = ["LOGIN_PARAMETER", "WAREHOUSE_HOST", "WAREHOUSE_PORT"] as const;
const DATA_API = ["CLUSTER_IDENTIFIER", "WORKGROUP_NAME", "SECRET_ARN", "DATA_API_ROLE"] as const;

/**
 * Set by a local run, in what its emulator gives every function, and by nothing else: where its warehouses listen, without TLS. No construct
 * sets it, so that it is in no function's configuration on AWS.
 */
const LOCAL_WAREHOUSES = "REDSTREAM_LOCAL_WAREHOUSES";

/** @throws Error that names everything that is missing or wrong, for whoever deploys it */
export function readLoadEnv(env: NodeJS.ProcessEnv): LoadConfig {
  const missing: string[] = NEEDED.filter((name) => !env[name]);
  const byDriver = DRIVER.some((name) => env[name]);
  if (byDriver) missing.unshift(...DRIVER.filter((name) => !env[name]));
  else if (!env.CLUSTER_IDENTIFIER === !env.WORKGROUP_NAME)
    missing.unshift("either CLUSTER_IDENTIFIER or WORKGROUP_NAME");
  if (missing.length > 0) throw new Error(`set ${missing.join(", ")} in the function's environment`);
  const tables = readTables(env.TABLES!);
  const columnar = env.BUCKET_REGION ? tables.find(isColumnar) : undefined;
  if (columnar) {
    throw new Error(
      `BUCKET_REGION must be left out with table ${columnar.name}: COPY reads ${columnar.copy.format} files in the warehouse's own region only`,
    );
  }
  return {
    bucket: env.BUCKET!,
    ledgerTable: env.LEDGER_TABLE!,
    tables,
    reach: byDriver ? driverOf(env) : dataApiOf(env),
    copyRole: readRole(env.COPY_ROLE!),
    bucketRegion: env.BUCKET_REGION || undefined,
    maxFiles: whole(env, "MAX_FILES", 1000, 1, 10_000),
    maxBytes: whole(env, "MAX_BYTES", 1_073_741_824, 1),
    leaseMilliseconds: whole(env, "LEASE_SECONDS", 900, 1) * 1000,
    finishedDays: whole(env, "FINISHED_DAYS", 90, 1),
    ignoredPrefixes: [OWN_PREFIX, ...readPrefixes(env.IGNORED_PREFIXES)],
  };
}

function dataApiOf(env: NodeJS.ProcessEnv): Reach {
  const where: Warehouse = env.WORKGROUP_NAME
    ? { WorkgroupName: env.WORKGROUP_NAME }
    : { ClusterIdentifier: env.CLUSTER_IDENTIFIER! };
  return {
    by: "dataApi",
    connection: { ...where, Database: env.DATABASE!, ...(env.SECRET_ARN ? { SecretArn: env.SECRET_ARN } : {}) },
    role: env.DATA_API_ROLE ? { arn: env.DATA_API_ROLE, externalId: env.DATA_API_EXTERNAL_ID || undefined } : undefined,
  };
}

function driverOf(env: NodeJS.ProcessEnv): Reach {
  const useless = DATA_API.filter((name) => env[name]);
  if (useless.length > 0)
    throw new Error(`${useless.join(", ")} must be left out with LOGIN_PARAMETER: a driver does not use the Data API`);
  return {
    by: "driver",
    host: env.WAREHOUSE_HOST!,
    port: whole(env, "WAREHOUSE_PORT", 5439, 1, 65_535),
    database: env.DATABASE!,
    parameter: env.LOGIN_PARAMETER!,
    local: localOf(env[LOCAL_WAREHOUSES]),
  };
}

/** Only an address of this machine: no setting takes the TLS off a connection that leaves it. */
function localOf(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (/^127\.0\.0\.1:\d{1,5}$/.test(text)) return text;
  throw new Error(
    `${LOCAL_WAREHOUSES} must be 127.0.0.1:PORT, and is for local runs alone; got ${JSON.stringify(text)}`,
  );
}

/** It stands in a literal of the COPY, so only what an ARN can hold passes. */
function readRole(text: string): string {
  const arn = "arn:aws[a-z-]*:iam::\\d{12}:role/[\\w+=,.@/-]+?";
  if (text === "default" || new RegExp(`^${arn}(,${arn})?$`).test(text)) return text;
  throw new Error(`COPY_ROLE must be default, a role's ARN or two joined by a comma, got ${JSON.stringify(text)}`);
}

export function readPrefixes(text: string | undefined): readonly string[] {
  if (!text) return [];
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value) && value.every((prefix) => typeof prefix === "string" && prefix !== "")) return value;
  throw new Error(`IGNORED_PREFIXES must be a JSON list of prefixes, got ${text}`);
}

/** A whole number of the environment. */
export function whole(
  env: NodeJS.ProcessEnv,
  name: string,
  otherwise: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const text = env[name];
  if (!text) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new Error(`${name} must be a whole number ${bounds}, got ${JSON.stringify(text)}`);
}
