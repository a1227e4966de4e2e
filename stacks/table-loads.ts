import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Bucket } from "../modules/bucket";
import type { EncryptionKey } from "../modules/encryption-key";
import { Alarms } from "../modules/observability";
import type { IamLogin } from "../modules/query-runner";
import { type LoadTable, loadsInto, S3Loader, type S3LoaderProps } from "../modules/s3-loader";

/** Days that manifests are kept: as long as a load that is looked into can be. */
export const MANIFEST_DAYS = 14;

export interface TableLoadsProps
  extends Pick<S3LoaderProps, "target" | "roleName" | "disposable" | "logRetentionDays"> {
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;
  readonly key: EncryptionKey;
  /** Bucket that Firehose writes; each table's files under its name. */
  readonly bucket: Bucket;
  readonly tables: readonly LoadTable[];
}

/**
 * What stands behind Firehose with delivery `loader`: Firehose stops at the bucket, and the files are loaded from there, each version once, into a
 * warehouse that nobody reaches from outside.
 */
export class TableLoads extends Construct {
  private readonly loader: S3Loader;
  private readonly alarms: Alarms;
  private readonly props: TableLoadsProps;

  constructor(scope: Construct, id: string, props: TableLoadsProps) {
    super(scope, id);
    this.props = props;
    const { nameOf, tables, ...rest } = props;
    this.alarms = new Alarms(this, "alarms", { name: nameOf("alarms"), key: props.key });
    this.loader = new S3Loader(this, "loader", {
      ...rest,
      name: nameOf("load"),
      // Firehose has gathered already: its prefix names the hour, and what it sets aside is nobody's table.
      tables: tables.map((table) => ({ ...table, datedKeys: true })),
      ignoredPrefixes: ["errors/"],
      alarms: this.alarms,
    });
  }

  /** The database user of the loading function, for the migrations to make. */
  get login(): IamLogin {
    return { roleName: this.loader.function.role.name, grants: loadsInto(this.props.tables) };
  }

  /** Begins to load once the tables are there; those of another stack are already. */
  start(...ready: ITerraformDependable[]): void {
    this.loader.start(...ready);
  }

  /** What `redstream` reads of it. */
  get outputs(): Readonly<Record<string, string>> {
    const { loader, alarms, props } = this;
    return {
      loader_bucket: props.bucket.name,
      loader_queue_url: loader.queue.queue.url,
      loader_dead_letter_url: loader.queue.deadLetters.url,
      loader_ledger: loader.ledger.name,
      loader_function: loader.function.fn.functionName,
      loader_tables: props.tables.map(({ schema = "public", name }) => `${schema}.${name}`).join(","),
      sweep_state_machine: loader.sweep.machine.arn,
      alarm_topic: alarms.topic.arn,
    };
  }
}
