import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Bucket } from "../modules/bucket";
import type { EncryptionKey } from "../modules/encryption-key";
import { Alarms } from "../modules/observability";
import { type IamLogin, namesColumn } from "../modules/query-runner";
import { Replay } from "../modules/replay";
import { type LoadTable, loadsInto, S3Loader, type S3LoaderProps } from "../modules/s3-loader";
import { SettingsError } from "../settings";

/** Days that manifests are kept: as long as a load that is looked into can be. */
export const MANIFEST_DAYS = 14;

/** Names of the functions' roles, for a warehouse in another account whose policies name them beforehand. */
export interface LoadRoleNames {
  readonly loader: string;
  readonly replay: string;
}

export interface TableLoadsProps extends Pick<S3LoaderProps, "target" | "disposable" | "logRetentionDays"> {
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;
  readonly key: EncryptionKey;
  /** Bucket that Firehose writes; each table's files under its name. */
  readonly bucket: Bucket;
  readonly tables: readonly LoadTable[];

  /** @default - names that Terraform makes */
  readonly roleNames?: LoadRoleNames;
}

/**
 * What stands behind Firehose with delivery `loader`: Firehose stops at the bucket, and the files are loaded from there, each version once, into a
 * warehouse that nobody reaches from outside. Any past hour of them can be loaded again.
 */
export class TableLoads extends Construct {
  /** For more of the stack to ring. */
  readonly alarms: Alarms;

  private readonly loader: S3Loader;
  private readonly replay: Replay;
  private readonly props: TableLoadsProps;

  constructor(scope: Construct, id: string, props: TableLoadsProps) {
    super(scope, id);
    this.props = props;
    const { nameOf, tables, roleNames, ...rest } = props;
    const { key, bucket, logRetentionDays } = props;
    this.alarms = new Alarms(this, "alarms", { name: nameOf("alarms"), key });
    this.loader = new S3Loader(this, "loader", {
      ...rest,
      name: nameOf("load"),
      roleName: roleNames?.loader,
      // Firehose has gathered already: its prefix names the hour, and what it sets aside is nobody's table.
      tables: tables.map((table) => ({ ...table, datedKeys: true })),
      ignoredPrefixes: ["errors/"],
      alarms: this.alarms,
    });
    this.replay = new Replay(this, "replay", {
      name: nameOf("replay"),
      roleName: roleNames?.replay,
      key,
      loader: this.loader,
      bucket,
      alarms: this.alarms,
      logRetentionDays,
    });
  }

  /** The database users of the functions, for the migrations of a warehouse beside them to make. */
  get logins(): readonly IamLogin[] {
    const grants = loadsInto(this.props.tables);
    return [this.loader, this.replay].map((one) => ({ roleName: one.function.role.name, grants }));
  }

  /** Begins to load once the tables are there; those of another stack are already. */
  start(...ready: ITerraformDependable[]): void {
    this.loader.start(...ready);
  }

  get outputs(): Readonly<Record<string, string>> {
    return loaderOutputs({ ...this.props, loader: this.loader, replay: this.replay, alarms: this.alarms });
  }
}

export interface LoaderParts {
  readonly bucket: Bucket;
  readonly tables: readonly LoadTable[];
  readonly loader: S3Loader;
  readonly replay: Replay;
  readonly alarms: Alarms;
}

/** What `redstream` reads of a loader and its replay. */
export function loaderOutputs({
  bucket,
  tables,
  loader,
  replay,
  alarms,
}: LoaderParts): Readonly<Record<string, string>> {
  return {
    loader_bucket: bucket.name,
    loader_queue_url: loader.queue.queue.url,
    loader_dead_letter_url: loader.queue.deadLetters.url,
    loader_ledger: loader.ledger.name,
    loader_function: loader.function.fn.functionName,
    loader_tables: tables.map(({ schema = "public", name }) => `${schema}.${name}`).join(","),
    sweep_state_machine: loader.sweep.machine.arn,
    replay_state_machine: replay.machine.arn,
    replay_function: replay.function.fn.functionName,
    alarm_topic: alarms.topic.arn,
  };
}

/**
 * A load writes each file's hour into its rows, and a replay replaces rows by it: a table without the column would let no load through, and say so only in the
 * dead-letter queue. `datasets` are the folders of `sql/` that make the tables; a file that adds the column belongs into the last.
 */
export function checkHourColumns(scope: Construct, datasets: readonly string[], tables: readonly LoadTable[]): void {
  const folders = datasets.map((dataset) => `sql/${dataset}`);
  for (const { schema = "public", name, hourColumn } of tables) {
    if (hourColumn === undefined || namesColumn(scope, folders, name, hourColumn)) continue;
    throw new SettingsError(
      `${scope.node.path}: table ${name} must have a column ${hourColumn}, into which a load writes the hour of the file and by which a replay replaces rows: no file of ${folders.join(" or ")} names both; add one to ${folders.at(-1)}, such as ALTER TABLE ${schema}.${name} ADD COLUMN ${hourColumn} TIMESTAMP`,
    );
  }
}
