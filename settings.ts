import { readFileSync } from "node:fs";
import * as v from "valibot";

/**
 * The typed settings of every stack, from one JSON file. The only place that reads the environment at synth.
 *
 * What a setting means for AWS (ranges, combinations) is checked by the construct that uses it; here it is only that the file
 * holds what it may hold, each value of the right kind.
 */

const oneOf = <const T extends readonly string[]>(allowed: T) =>
  v.picklist(allowed, ({ input }) => `must be one of ${allowed.join(", ")}, got ${JSON.stringify(input)}`);
const text = v.string(({ input }) => `must be text, got ${JSON.stringify(input)}`);
const boolean = v.boolean(({ input }) => `must be true or false, got ${JSON.stringify(input)}`);
const number = v.number(({ input }) => `must be a number, got ${JSON.stringify(input)}`);
/** valibot by itself takes a list for an object. */
const object = v.custom<Record<string, unknown>>(
  (input) => typeof input === "object" && input !== null && !Array.isArray(input),
  ({ input }) => `must be an object, got ${JSON.stringify(input)}`,
);
/** An object with these entries and no others. */
const section = <const E extends v.ObjectEntries>(entries: E) => v.pipe(object, v.strictObject(entries));
/** An object of such values under names of the person's own. */
const record = <const S extends v.GenericSchema>(of: S) => v.pipe(object, v.record(v.string(), of));
const texts = v.array(text, ({ input }) => `must be a list, got ${JSON.stringify(input)}`);

const backend = v.variant(
  "kind",
  [
    v.strictObject({ kind: v.literal("local") }),
    v.strictObject({
      kind: v.literal("s3"),
      /** Bucket of the state; it must exist. */
      bucket: text,
      region: text,
      /** DynamoDB table that locks the state; it must exist. */
      lockTable: text,
    }),
    v.strictObject({
      kind: v.literal("hcp"),
      organization: text,
      /** Before the stack's name in the name of its workspace. */
      workspacePrefix: v.optional(text, ""),
    }),
  ],
  // Of a text in the place of the whole object it is not the kind that is wrong.
  ({ input, expected }) =>
    expected === "Object"
      ? `must be an object such as {"kind": "local"}, got ${JSON.stringify(input)}`
      : `must be one of local, s3, hcp, got ${JSON.stringify(input)}`,
);

/** Of one delivery stream: what is left out is taken from the stack's, or is the construct's default. */
const delivery = {
  /** Megabytes after which it writes a file, 1 to 128; 64 to 128 with a columnar format or partitions. */
  bufferingSizeMb: v.optional(number),
  /** Seconds after which it writes a file, 0 to 900; 0 does not gather. */
  bufferingIntervalSeconds: v.optional(number),
  /** Start of the keys of what fails; with `!{firehose:error-output-type}`. */
  errorPrefix: v.optional(text),
  /** Ending of the files' names in place of Firehose's own. */
  fileExtension: v.optional(text),
  /** Of the dates in the files' keys, such as `Europe/Berlin`. */
  timeZone: v.optional(text),
};

/** From the data stream to the raw bucket. */
const rawDelivery = section({
  ...delivery,
  /** `json`: lines as the records are. `parquet`, `orc`: the columns of the Glue table. */
  format: v.optional(oneOf(["json", "parquet", "orc"]), "json"),
  /** GZIP or UNCOMPRESSED with `json`; SNAPPY, GZIP, UNCOMPRESSED with `parquet`; SNAPPY, ZLIB, NONE with `orc`. */
  compression: v.optional(oneOf(["GZIP", "UNCOMPRESSED", "SNAPPY", "ZLIB", "NONE"])),
  /** Folders by what the records hold, by the name of the key. Chosen once: a change replaces the delivery stream. */
  partitioning: v.optional(
    record(
      section({
        /** Where the value stands in a record: a JQ 1.6 expression such as `.gear`. */
        expression: text,
        /** Values that Athena looks for; a record with another is kept, and no query finds it. */
        values: texts,
      }),
    ),
  ),
  /** Seconds Firehose keeps trying to deliver a partition, 0 to 7200. */
  partitioningRetrySeconds: v.optional(number),
  /** Whether the records as they came are kept too, under `source/`. Once on, AWS does not turn it off. */
  backup: v.optional(boolean, false),
  /** Whether records are encrypted while they wait inside Firehose: with engine `sql`, else the data stream's own encryption counts. */
  encryptAtRest: v.optional(boolean),
});

/** From the analytics application to the processed bucket of `telemetry-lake`. */
const processedDelivery = section({ ...delivery, compression: v.optional(oneOf(["GZIP", "UNCOMPRESSED"])) });

const telemetry = section({
  /** How callers of the API prove who they are. `none` needs `allowedCidrs`. */
  auth: v.optional(oneOf(["iam", "apiKey", "cognito", "none"]), "iam"),
  /** Source addresses the API admits; required with `none`, allowed with `apiKey`. */
  allowedCidrs: v.optional(texts),
  /** Requests a day that the API key may make; with `apiKey` only. */
  keyRequestsPerDay: v.optional(number),
  /** Origin whose pages may call the API from a browser. */
  allowedOrigin: v.optional(text),
  /** Stack that sets the role with which API Gateway logs, one an account and Region; `none` where the account has one. */
  accountLogging: v.optional(oneOf(["telemetry-lake", "telemetry-warehouse", "none"]), "telemetry-warehouse"),
  /** Megabytes after which a delivery stream writes a file, 1 to 128. The constructs have the default. */
  bufferingSizeMb: v.optional(number),
  /** Seconds after which a delivery stream writes a file, 0 to 900. The constructs have the default. */
  bufferingIntervalSeconds: v.optional(number),
  raw: v.optional(rawDelivery, {}),
  processed: v.optional(processedDelivery, {}),
  /** What evaluates the analytics SELECT. */
  engine: v.optional(text, "flink"),
  /** Hours the data stream keeps a record, 24 to 8760. */
  retentionHours: v.optional(number, 24),
  /** Bytes that one Athena query may scan, at least 10,000,000. The construct has the default. */
  bytesScannedPerQuery: v.optional(number),
});

const warehouse = section({
  /** `provisioned`: a cluster. `serverless`: a namespace and a workgroup. */
  kind: v.optional(oneOf(["provisioned", "serverless"]), "provisioned"),
  /** Node type of a provisioned cluster. The construct has the default. */
  nodeType: v.optional(text),
  /** Compute nodes of a provisioned cluster; 1 is a single-node cluster. */
  nodes: v.optional(number),
  /** Processing units a serverless workgroup starts with, and may grow to. */
  baseRpus: v.optional(number),
  maxRpus: v.optional(number),
  /** RPU-hours a day after which a serverless workgroup stops until the next. */
  dailyRpuHours: v.optional(number),
  /** Who loads the warehouse: Firehose itself, at a public address, or a loader from the bucket at which Firehose stops. */
  delivery: v.optional(oneOf(["firehose", "loader"]), "firehose"),
  /** With profile `prod`: that the public address, without which Firehose reaches no warehouse, is accepted. */
  acknowledgePublicAddress: v.optional(boolean, false),
  /** Whether COPY goes through the VPC; not with delivery `firehose`. */
  enhancedVpcRouting: v.optional(boolean, false),
  database: v.optional(text, "telemetry"),
  /** Table of the fast laps; `sql/telemetry` creates it under this name. */
  table: v.optional(text, "demo_cluster_dbtable"),
  /** Options of Firehose's COPY. */
  copyOptions: v.optional(text, "CSV"),
  /** Compression of the files that COPY reads; its options must say the same. */
  compression: v.optional(oneOf(["GZIP", "UNCOMPRESSED"])),
  /** Whether the records as they came are kept too, under `source/`. Once on, AWS does not turn it off. */
  backup: v.optional(boolean, false),
  /** Seconds Firehose retries a failed COPY, 0 to 7200. */
  retryDurationSeconds: v.optional(number, 3600),
});

/** One of the two event streams. */
const eventStream = section({
  /** Shards, each for 1 MiB or 1,000 records a second. Left out, AWS sizes the stream (on demand). */
  shardCount: v.optional(number),
  /** Hours the stream keeps a record, 24 to 8760. */
  retentionHours: v.optional(number, 24),
});

const events = section({
  /** Whether the warehouse is in the account of the streams (`same`) or in another one (`other`). */
  accounts: v.optional(oneOf(["same", "other"]), "other"),
  /** Who loads the warehouse: Firehose itself, at a public address, or a loader from the bucket at which Firehose stops. */
  delivery: v.optional(oneOf(["firehose", "loader"]), "firehose"),
  /** Name of the bucket between streams and warehouse. Left out, one of this deployment's own. */
  bucketName: v.optional(text),
  /** ARN of the role Firehose works with. Left out, each delivery stream gets one with exactly its rights. */
  deliveryRoleArn: v.optional(text),
  user: v.optional(eventStream, {}),
  utm: v.optional(eventStream, {}),
  /** Megabytes after which Firehose loads, 1 to 128. */
  bufferingSizeMb: v.optional(number, 5),
  /** Seconds after which Firehose loads, 0 to 900. */
  bufferingIntervalSeconds: v.optional(number, 300),
  /** Seconds Firehose retries a failed COPY, 0 to 7200. */
  retryDurationSeconds: v.optional(number, 3600),
  /** Options of Firehose's COPY. Left out: json 'auto' TRUNCATECOLUMNS BLANKSASNULL EMPTYASNULL. */
  copyOptions: v.optional(text),
  /** Days after which files move to an archive class. Left out, they stay where they are. */
  archiveAfterDays: v.optional(number),
  archiveClass: v.optional(oneOf(["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]), "GLACIER"),
  /** A copy of every event in a columnar format, in a bucket of its own, which the warehouse queries as `event_lake`. `none`: there is no copy. */
  lakeFormat: v.optional(oneOf(["none", "parquet", "orc"]), "none"),
  database: v.optional(text, "tracking"),
});

/** How the files of a table are read: some of COPY's options, by their names in `lambda-src/copy`. */
const copy = section({
  format: oneOf(["csv", "json", "parquet", "orc", "avro", "delimited"]),
  compression: v.optional(oneOf(["gzip", "zstd", "bzip2", "lzop"])),
  delimiter: v.optional(text),
  ignoreHeader: v.optional(number),
  nullAs: v.optional(text),
  emptyAsNull: v.optional(boolean),
  blanksAsNull: v.optional(boolean),
  truncateColumns: v.optional(boolean),
  dateFormat: v.optional(text),
  timeFormat: v.optional(text),
  jsonpaths: v.optional(text),
});

const loadTable = section({
  /** First part of the keys of its files. */
  name: text,
  schema: v.optional(text),
  /** Columns that a file fills. */
  columns: texts,
  copy,
  /** Columns that name a row: the same in two files is one row. */
  dedupKey: v.optional(texts),
  /** Of rows with one key in one load, the greatest by these is kept. */
  dedupOrder: v.optional(texts),
  /** Column that gets the hour of the file, by which a replay replaces rows. */
  hourColumn: v.optional(text),
  /** Whether every key holds its hour. */
  datedKeys: v.optional(boolean),
});

const loader = section({
  /**
   * How the functions log in to the warehouse: by IAM as the user of their role, as the user of a secret of Secrets Manager, or as that of a SecureString of SSM;
   * the last by a driver, from inside of the warehouse's VPC.
   */
  auth: v.optional(oneOf(["iam", "secret", "ssm"]), "iam"),
  /** Folder of `sql/` whose migrations make the tables. */
  dataset: v.optional(text, "kpis"),
  database: v.optional(text, "kpis"),
  /** Tables that files may go to. Left out, those of `sql/kpis`. */
  tables: v.optional(v.array(loadTable, ({ input }) => `must be a list, got ${JSON.stringify(input)}`)),
  /** One COPY takes so many files (1 to 10,000) … The constructs have the defaults of these. */
  maxFiles: v.optional(number),
  /** … or megabytes … */
  maxBytesMb: v.optional(number),
  /** … or what has come in so many seconds (0 to 300). */
  maxWaitSeconds: v.optional(number),
  /** Seconds a load may take, 60 to 900. */
  timeoutSeconds: v.optional(number),
  /** Loads at once, 2 to 1000. */
  maxConcurrency: v.optional(number),
  /** Tries before a message goes to the dead-letter queue, 5 to 1000. */
  maxReceives: v.optional(number),
  /** Days the ledger remembers what is loaded. */
  ledgerDays: v.optional(number),
  /** Days the sweep looks back. */
  sweepLookbackDays: v.optional(number),
  /** Minutes between two sweeps, 1 to 1440. */
  sweepEveryMinutes: v.optional(number),
  /** Seconds the sweep leaves an object to its event. */
  sweepMinAgeSeconds: v.optional(number),
  /** Starts of keys that are nobody's table. */
  ignoredPrefixes: v.optional(texts),
  /** Days after which files move to an archive class. Left out, they stay where they are. */
  archiveAfterDays: v.optional(number),
  archiveClass: v.optional(oneOf(["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]), "GLACIER"),
});

/** A person's way into the network of the orders. */
const vpn = section({
  /** `softether`: a VPN for one operator's addresses. `ssm`: a host without an open port, through which Session Manager forwards. */
  kind: v.optional(oneOf(["none", "softether", "ssm"]), "none"),
  /** With `softether`, and required there: the addresses that alone are admitted, such as `192.0.2.7/32`. */
  operatorCidr: v.optional(text),
  /** With `softether`, and required there: the server's container by its digest, `NAME@sha256:DIGEST`. */
  image: v.optional(text),
  /** Whether the host is a spot instance. The construct has the default. */
  spot: v.optional(boolean),
});

const orders = section({
  /** `provisioned`: brokers of one's own. `serverless`: AWS's. */
  kafka: v.optional(oneOf(["provisioned", "serverless"]), "provisioned"),
  /** Of provisioned brokers: how many, and what. The construct has the defaults. */
  brokers: v.optional(number),
  kafkaVersion: v.optional(text),
  instanceType: v.optional(text),
  volumeGb: v.optional(number),
  maxVolumeGb: v.optional(number),
  monitoring: v.optional(text),
  /** Topic of the orders. Partitions and retention may be raised later, and are never lowered. */
  topic: v.optional(text, "orders"),
  partitions: v.optional(number, 3),
  replicationFactor: v.optional(number, 3),
  retentionHours: v.optional(number, 672),
  /** Addresses of the network, 16 to 25 mask bits. */
  vpcCidr: v.optional(text, "10.0.0.0/16"),
  /** NAT gateways: `none`, `one` or one in each zone (`perAz`). */
  nat: v.optional(text, "none"),
  vpn: v.optional(vpn, {}),
  /** Processing units that the warehouse starts with, and may grow to. */
  baseRpus: v.optional(number, 8),
  maxRpus: v.optional(number),
  /** RPU-hours a day after which the warehouse stops until the next. A view that follows a stream keeps 8 units awake all day: 192. */
  dailyRpuHours: v.optional(number, 192),
  database: v.optional(text, "main"),
  adminUser: v.optional(text, "master"),
  /** Who makes the superuser's password: `redshift`, or `terraform`, in whose state it then is. */
  adminPassword: v.optional(oneOf(["redshift", "terraform"]), "redshift"),
  /** How `orders-producer` finds `orders-infra`: by its state, or by names with data sources. */
  lookup: v.optional(oneOf(["remoteState", "dataSources"]), "remoteState"),
  /** Whether the producers' schedule is on. */
  enableTrigger: v.optional(boolean, false),
  /** Producers that begin each minute, 1 to 5, and what each sends. */
  producers: v.optional(number, 5),
  ordersPerSecond: v.optional(number, 100),
  durationSeconds: v.optional(number, 60),
});

const settings = section({
  /** `dev`: cheap and destroyable. `prod`: final snapshots, deletion protection, longer retention, a shared state. */
  profile: v.optional(oneOf(["dev", "prod"]), "dev"),
  region: v.optional(text, "us-east-1"),
  /** Starts the name of everything that is created. */
  prefix: v.optional(
    v.pipe(
      text,
      v.regex(
        /^[a-z][a-z0-9-]{0,11}$/,
        ({ input }) => `must be 1 to 12 of a-z, 0-9 and -, a letter first, got ${JSON.stringify(input)}`,
      ),
    ),
    "redstream",
  ),
  backend: v.optional(backend, { kind: "local" }),
  /** Days that logs for finding faults are kept; CloudWatch takes some numbers only. Left out: 30, with profile `prod` 365. */
  logRetentionDays: v.optional(number),
  telemetry: v.optional(telemetry, {}),
  warehouse: v.optional(warehouse, {}),
  events: v.optional(events, {}),
  loader: v.optional(loader, {}),
  orders: v.optional(orders, {}),
});

export type Settings = v.InferOutput<typeof settings>;
export type BackendSettings = Settings["backend"];
export type TelemetrySettings = Settings["telemetry"];
export type DeliverySettings = v.InferOutput<typeof processedDelivery>;
export type WarehouseSettings = Settings["warehouse"];
export type EventSettings = Settings["events"];
export type OrderSettings = Settings["orders"];

/** A settings file that cannot be used. The message is one line for the person who wrote it. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/** Checks settings that came from `source` and fills in the defaults. */
export function parseSettings(input: unknown, source: string): Settings {
  const result = v.safeParse(settings, input);
  if (!result.success) throw new SettingsError(`${source}: ${result.issues.map(describe).join("; ")}`);
  if (result.output.profile === "prod" && result.output.backend.kind === "local") {
    throw new SettingsError(
      `${source}: profile prod with a local state would leave the state on one laptop; set backend.kind to s3 or hcp`,
    );
  }
  return result.output;
}

/**
 * Reads the file that `REDSTREAM_SETTINGS` names, else `redstream.json` of the working folder, else takes the defaults.
 * A file named by the variable must be there.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const named = env.REDSTREAM_SETTINGS;
  const file = named ?? "redstream.json";
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && named === undefined) return parseSettings({}, "defaults");
    throw new SettingsError(`${file}: cannot be read (${code}); REDSTREAM_SETTINGS must name a JSON file`);
  }
  let input: unknown;
  try {
    // Some editors begin a file with a byte order mark, which JSON has none of.
    input = JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new SettingsError(`${file}: is not whole JSON (${(error as Error).message})`);
  }
  return parseSettings(input, file);
}

function describe(issue: v.BaseIssue<unknown>): string {
  const at = v.getDotPath(issue) || "the settings";
  if (issue.type === "strict_object") {
    return issue.expected === "never" ? `${at} is not a setting; see the README's table` : `${at} is missing`;
  }
  return `${at} ${issue.message}`;
}
