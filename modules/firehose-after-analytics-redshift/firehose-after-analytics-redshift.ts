import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import type { CopyOptions } from "../../lambda-src/copy/options";
import type { Bucket } from "../bucket";
import type { StreamSource } from "../kinesis-data-firehose";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import { DeliveryStream } from "../support/delivery-stream";
import { type DeliveryLog, type DeliveryProps, deliveryLog, encryptedWith, policiesOf } from "../support/firehose";
import { type BackupProps, backupConfiguration } from "../support/firehose-backup";
import { checkBuffering, checkPlainPrefix, checkStreamName } from "../support/firehose-checks";
import { allow, serviceRole } from "../support/iam";
import { checkColumns, checkCopyOptions, checkTable } from "./copy";

const COMPRESSIONS = ["GZIP", "UNCOMPRESSED"] as const;

/** What the delivery stream must know of a warehouse and of its user there. */
export interface RedshiftTarget {
  /** `jdbc:redshift://HOST:PORT/DATABASE`. The host must be publicly accessible: Firehose has no other way in. */
  readonly jdbcUrl: string;

  /** Secret that is exactly `{"username": "...", "password": "..."}`: a user with INSERT on the table. */
  readonly secretArn: string;

  /** Key that encrypts the secret; of a warehouse in another account, that account's. */
  readonly key: { readonly arn: string };

  /**
   * Whether the warehouse sends COPY and UNLOAD through its VPC. Firehose cannot load such a warehouse.
   *
   * @default false
   */
  readonly enhancedVpcRouting?: boolean;
}

export interface FirehoseAfterAnalyticsRedshiftProps extends DeliveryProps {
  /** The warehouse the rows land in. */
  readonly target: RedshiftTarget;

  /** Table named in the COPY command, `table` or `schema.table`; it must exist (see `waitFor`). */
  readonly table: string;

  /** Columns in the order of a line's fields. Stated, so that a column added to the table later does not shift them. */
  readonly columns: readonly string[];

  /** Bucket where Firehose puts the files that COPY reads. Firehose never cleans it; give it a lifecycle. */
  readonly bucket: Bucket;

  /**
   * Data stream to read.
   *
   * @default - none: producers put records on the delivery stream itself (Direct PUT)
   */
  readonly source?: StreamSource;

  /**
   * ARN of the role to work with. It is given no rights here: the README lists those that it must have.
   *
   * @default - a role of its own, with exactly the rights it needs
   */
  readonly roleArn?: string;

  /**
   * Name of its own role, 1 to 64 characters, for a warehouse in another account whose policies name it beforehand.
   *
   * @default - one that Terraform makes
   */
  readonly roleName?: string;

  /**
   * What must be done before the first delivery: the migrations that make table and user.
   *
   * @default - nothing
   */
  readonly waitFor?: readonly ITerraformDependable[];

  /**
   * Options of COPY behind `MANIFEST`: as data, whose contradictions are all named at synth, or as the text of a COPY. Text must hold GZIP
   * with compression GZIP; data follows `compression` when it says nothing.
   *
   * @default "CSV", with compression GZIP "CSV GZIP"
   */
  readonly copyOptions?: CopyOptions | string;

  /**
   * Compression of the files.
   *
   * @default "UNCOMPRESSED"
   */
  readonly compression?: (typeof COMPRESSIONS)[number];

  /**
   * Start of the files' keys, taken literally.
   *
   * @default - none: Firehose's own YYYY/MM/DD/HH/
   */
  readonly prefix?: string;

  /**
   * Seconds Firehose keeps retrying a failed COPY, every 5 minutes, 0 to 7200. After that the manifest goes to `errors/manifests/`
   * in the bucket, for a load by hand; the files stay.
   *
   * @default 3600
   */
  readonly retryDurationSeconds?: number;

  /**
   * Copies of the records as they came, apart from the files that COPY reads.
   *
   * @default - none: the bucket keeps every record already
   */
  readonly backup?: BackupProps;
}

/**
 * The delivery stream behind the analytics application that loads a Redshift table.
 *
 * Records wait in a bucket and are loaded by COPY, so a row is in the table about one buffering interval after it was put. A COPY
 * whose answer is lost is repeated: rows can come twice, none is lost.
 *
 * @example
 * new FirehoseAfterAnalyticsRedshift(this, "load", {
 *   name: "telemetry-load", target, table: "fast_laps", columns: ["speed", "rpm"], bucket: staging, key, waitFor: [migrations],
 * });
 */
export class FirehoseAfterAnalyticsRedshift extends DeliveryStream {
  readonly deliveryStream: KinesisFirehoseDeliveryStream;

  /** ARN of the role that Firehose assumes to read the source, write the bucket and the log and read the secret; COPY reads the files with it too. */
  readonly roleArn: string;

  private readonly ownRole: IamRole | undefined;

  constructor(scope: Construct, id: string, props: FirehoseAfterAnalyticsRedshiftProps) {
    super(scope, id);
    checkStreamName(this, props.name);
    this.checkTarget(props.target);
    const buffering = checkBuffering(this, props);
    const compression = checkOneOf(this, "compression", props.compression ?? "UNCOMPRESSED", COMPRESSIONS);
    const dataTableName = checkTable(this, props.table);
    const dataTableColumns = checkColumns(this, props.columns);
    const copyOptions = checkCopyOptions(this, props.copyOptions ?? { format: "csv" }, compression, props.columns);
    const prefix = checkPlainPrefix(this, props.prefix ?? "");
    const retryDuration = checkInteger(this, "retryDurationSeconds", props.retryDurationSeconds ?? 3600, 0, 7200);

    const role = this.createRole(props);
    this.ownRole = role;
    this.roleArn = role?.arn ?? props.roleArn!;
    const log = deliveryLog(this, role, props);
    const granted = role ? this.grantAll(role, props) : [];

    this.deliveryStream = new KinesisFirehoseDeliveryStream(this, "stream", {
      name: props.name,
      destination: "redshift",
      ...(props.source
        ? { kinesisSourceConfiguration: { kinesisStreamArn: props.source.arn, roleArn: this.roleArn } }
        : { serverSideEncryption: encryptedWith(props.key) }),
      redshiftConfiguration: {
        clusterJdbcurl: props.target.jdbcUrl,
        roleArn: this.roleArn,
        dataTableName,
        dataTableColumns,
        copyOptions,
        retryDuration,
        ...this.backup(props, prefix, log),
        secretsManagerConfiguration: { enabled: true, secretArn: props.target.secretArn, roleArn: this.roleArn },
        s3Configuration: {
          roleArn: this.roleArn,
          bucketArn: props.bucket.arn,
          ...buffering,
          compressionFormat: compression,
          ...(prefix === "" ? {} : { prefix }),
          cloudwatchLoggingOptions: log.options,
        },
        cloudwatchLoggingOptions: log.options,
      },
      dependsOn: [...granted, ...log.rights, ...(props.waitFor ?? [])],
    });
  }

  /** The role that was made here. */
  get role(): IamRole {
    if (!this.ownRole) throw new ConfigError(this, "roleArn is given, so there is no role of its own to work with");
    return this.ownRole;
  }

  private backup({ backup, bucket }: FirehoseAfterAnalyticsRedshiftProps, prefix: string, log: DeliveryLog) {
    if (!backup) return { s3BackupMode: "Disabled" };
    const s3BackupConfiguration = backupConfiguration(this, backup, { arn: this.roleArn }, log, { bucket, prefix });
    return { s3BackupMode: "Enabled", s3BackupConfiguration };
  }

  private checkTarget({ jdbcUrl, enhancedVpcRouting }: RedshiftTarget): void {
    checkMatch(
      this,
      "target.jdbcUrl",
      jdbcUrl,
      /^jdbc:(redshift|postgresql):\/\/[A-Za-z0-9.-]+:\d{1,5}\/[A-Za-z0-9_$-]+$/,
      "jdbc:redshift://HOST:PORT/DATABASE",
    );
    if (enhancedVpcRouting === true) {
      throw new ConfigError(
        this,
        "target has enhancedVpcRouting, which Firehose cannot load through; turn it off or load by another way",
      );
    }
  }

  private createRole({ roleArn, roleName }: FirehoseAfterAnalyticsRedshiftProps): IamRole | undefined {
    if (roleArn === undefined) return serviceRole(this, "role", "firehose.amazonaws.com", [], roleName);
    checkMatch(this, "roleArn", roleArn, /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/, "arn:aws:iam::ACCOUNT:role/NAME");
    if (roleName !== undefined) {
      throw new ConfigError(this, `roleName ${roleName} contradicts roleArn ${roleArn}: leave one out`);
    }
    return undefined;
  }

  private grantAll(role: IamRole, props: FirehoseAfterAnalyticsRedshiftProps): ITerraformDependable[] {
    return policiesOf(this, () => {
      props.bucket.grantWrite(role);
      props.bucket.grantRead(role);
      this.readSecret(role, props.target);
      props.source?.grantRead(role);
      if (props.backup && props.backup.bucket !== props.bucket) props.backup.bucket.grantWrite(role);
    });
  }

  private readSecret(role: IamRole, { secretArn, key }: RedshiftTarget): void {
    allow(
      this,
      "read-secret",
      role,
      { actions: ["secretsmanager:GetSecretValue"], on: [secretArn] },
      { actions: ["kms:Decrypt"], on: [key.arn] },
    );
  }
}
