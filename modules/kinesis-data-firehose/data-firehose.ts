import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import type { Construct } from "constructs";
import type { Bucket } from "../bucket";
import { ConfigError, checkOneOf } from "../support/check";
import { DeliveryStream } from "../support/delivery-stream";
import { type DeliveryLog, type DeliveryProps, deliveryLog, encryptedWith, policiesOf } from "../support/firehose";
import { type BackupProps, backupConfiguration } from "../support/firehose-backup";
import {
  checkBuffering,
  checkObjects,
  checkPrefixes,
  checkStreamName,
  ERROR_PREFIX,
  type ObjectProps,
} from "../support/firehose-checks";
import { serviceRole } from "../support/iam";
import { checkFormat, conversion, type RecordFormat } from "./format";
import {
  checkPartitioning,
  type Partitioning,
  partitionFolders,
  partitionProcessor,
  partitionRetries,
} from "./partitioning";
import { type Processor, type ProcessorHints, processorParameters } from "./processor";

const COMPRESSIONS = ["GZIP", "UNCOMPRESSED"] as const;
const BY_HOUR = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/";

/** What a delivery stream reads from; `DataStream` satisfies it. */
export interface StreamSource {
  readonly arn: string;
  grantRead(grantee: IamRole): void;
}

export interface DataFirehoseProps extends DeliveryProps, ObjectProps, ProcessorHints {
  /** Bucket the objects land in. */
  readonly bucket: Bucket;

  /**
   * Data stream to read.
   *
   * @default - none: producers put records on the delivery stream itself (Direct PUT)
   */
  readonly source?: StreamSource;

  /**
   * Whether records are encrypted with `key` while they wait inside Firehose. For Direct PUT only: with a source, encrypt the source.
   *
   * @default true without a source
   */
  readonly encryptAtRest?: boolean;

  /**
   * Function that transforms the records.
   *
   * @default - records are delivered as they came
   */
  readonly processor?: Processor;

  /**
   * Start of the objects' keys. May hold `!{timestamp:PATTERN}` (in `timeZone`, of the object's oldest record) and
   * `!{firehose:random-string}`, with `partitioning` also `!{partitionKeyFromQuery:KEY}`.
   *
   * @default - a partition an hour, in the form Athena and Glue read: year=/month=/day=/hour=/; before it a folder a partition key
   */
  readonly prefix?: string;

  /**
   * Compression of the objects. Not with `format`, which has its own.
   *
   * @default "GZIP", with `format` none
   */
  readonly compression?: (typeof COMPRESSIONS)[number];

  /**
   * Parquet or ORC with the columns of a Glue table. The buffer is then 64 to 128 MB, by default 128.
   *
   * @default - JSON lines as the records are
   */
  readonly format?: RecordFormat;

  /**
   * Objects apart by values in the records. The buffer is then 64 to 128 MB, by default 64, and not zero seconds.
   *
   * @default - by time alone
   */
  readonly partitioning?: Partitioning;

  /**
   * Copies of the records as they came, before `processor` and `format`.
   *
   * @default - none
   */
  readonly backup?: BackupProps;
}

/**
 * A Firehose delivery stream that writes records to a bucket, transformed by a function if one is given.
 *
 * A record that the function refuses lands under the error prefix, byte for byte, with the reason; the rest goes on. Delivery is at
 * least once: a producer that repeats a put whose answer was lost makes a duplicate.
 *
 * @example
 * new DataFirehose(this, "raw", { name: "telemetry-raw", source: stream, processor: transform, bucket: raw, key });
 */
export class DataFirehose extends DeliveryStream {
  readonly deliveryStream: KinesisFirehoseDeliveryStream;

  /** Role Firehose assumes to read the source, invoke the function, write the bucket and the log. */
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: DataFirehoseProps) {
    super(scope, id);
    checkStreamName(this, props.name);
    const { format, partitioning, backup } = props;
    const buffering = this.buffering(props);
    const compression = checkOneOf(
      this,
      "compression",
      props.compression ?? (format ? "UNCOMPRESSED" : "GZIP"),
      COMPRESSIONS,
    );
    const objects = checkObjects(this, props);
    const prefix = props.prefix ?? `${partitioning ? partitionFolders(partitioning) : ""}${BY_HOUR}`;
    const errorPrefix = props.errorPrefix ?? ERROR_PREFIX;
    checkPrefixes(this, prefix, errorPrefix, Object.keys(partitioning?.keys ?? {}));
    this.checkEncryption(props);
    this.checkBackup(props);
    const processing = this.processing(props);

    this.role = serviceRole(this, "role", "firehose.amazonaws.com");
    const log = deliveryLog(this, this.role, props);
    const granted = policiesOf(this, () => {
      props.bucket.grantWrite(this.role);
      props.source?.grantRead(this.role);
      props.processor?.grantInvoke(this.role);
      format?.table.grantReadSchema(this.role);
      if (backup && backup.bucket !== props.bucket) backup.bucket.grantWrite(this.role);
    });

    this.deliveryStream = new KinesisFirehoseDeliveryStream(this, "stream", {
      name: props.name,
      destination: "extended_s3",
      ...(props.source
        ? { kinesisSourceConfiguration: { kinesisStreamArn: props.source.arn, roleArn: this.role.arn } }
        : {}),
      ...(props.source || props.encryptAtRest === false ? {} : { serverSideEncryption: encryptedWith(props.key) }),
      extendedS3Configuration: {
        roleArn: this.role.arn,
        bucketArn: props.bucket.arn,
        ...buffering,
        compressionFormat: compression,
        ...(prefix === "" ? {} : { prefix }),
        ...(errorPrefix === "" ? {} : { errorOutputPrefix: errorPrefix }),
        ...objects,
        cloudwatchLoggingOptions: log.options,
        ...processing,
        ...(format ? conversion(format, this.role) : {}),
        ...(partitioning ? partitionRetries(partitioning) : {}),
        ...(backup ? this.backup(backup, log, { bucket: props.bucket, prefix }) : {}),
      },
      dependsOn: [...granted, ...log.rights],
    });
  }

  private checkEncryption({ source, encryptAtRest }: DataFirehoseProps): void {
    if (source && encryptAtRest) {
      throw new ConfigError(
        this,
        "encryptAtRest is for Direct PUT; with a source, encrypt the source and leave it out",
      );
    }
  }

  private checkBackup({ backup, processor, format }: DataFirehoseProps): void {
    if (backup && !processor && !format) {
      throw new ConfigError(
        this,
        "backup has no use without processor or format: the bucket already holds the records as they came; leave it out",
      );
    }
  }

  /** Conversion and partitioning each ask for a larger buffer; the larger default counts. */
  private buffering(props: DataFirehoseProps) {
    const { format, partitioning } = props;
    const sizes = [
      ...(format ? [checkFormat(this, format, props)] : []),
      ...(partitioning ? [checkPartitioning(this, partitioning, props)] : []),
    ];
    return checkBuffering(this, sizes.length === 0 ? props : { ...props, bufferingSizeMb: Math.max(...sizes) });
  }

  private backup(backup: BackupProps, log: DeliveryLog, data: { readonly bucket: Bucket; readonly prefix: string }) {
    return { s3BackupMode: "Enabled", s3BackupConfiguration: backupConfiguration(this, backup, this.role, log, data) };
  }

  private processing(props: DataFirehoseProps) {
    const lambda = this.lambda(props);
    const processors = [...(props.partitioning ? [partitionProcessor(props.partitioning)] : []), ...lambda];
    return processors.length === 0 ? {} : { processingConfiguration: { enabled: true, processors } };
  }

  private lambda(props: DataFirehoseProps) {
    if (props.processor) {
      return [{ type: "Lambda", parameters: processorParameters(this, props.processor, props) }];
    }
    for (const hint of ["processorBufferSizeMb", "processorBufferIntervalSeconds", "processorRetries"] as const) {
      if (props[hint] !== undefined) {
        throw new ConfigError(this, `${hint} ${props[hint]} has no use without processor; give one or leave it out`);
      }
    }
    return [];
  }
}
