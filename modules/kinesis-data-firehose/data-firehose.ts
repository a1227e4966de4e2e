import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import { Construct } from "constructs";
import type { Bucket } from "../bucket";
import type { EncryptionKey } from "../encryption-key";
import { ConfigError, checkOneOf } from "../support/check";
import { allowPut, deliveryLog, encryptedWith, policiesOf } from "../support/firehose";
import { type BufferingProps, checkBuffering, checkPrefixes, checkStreamName } from "../support/firehose-checks";
import { serviceRole } from "../support/iam";
import { type Processor, type ProcessorHints, processorParameters } from "./processor";

const COMPRESSIONS = ["GZIP", "UNCOMPRESSED"] as const;

/** What a delivery stream reads from; `DataStream` satisfies it. */
export interface StreamSource {
  readonly arn: string;
  grantRead(grantee: IamRole): void;
}

export interface DataFirehoseProps extends BufferingProps, ProcessorHints {
  /** 1 to 64 letters, digits, `_`, `.` and `-`. */
  readonly name: string;

  /** Bucket the objects land in. */
  readonly bucket: Bucket;

  /** Key that encrypts the error log and what waits inside Firehose. */
  readonly key: EncryptionKey;

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
   * Start of the objects' keys. May hold `!{timestamp:PATTERN}` (UTC, of the object's oldest record) and `!{firehose:random-string}`.
   *
   * @default - a partition an hour, in the form Athena and Glue read: year=/month=/day=/hour=/
   */
  readonly prefix?: string;

  /**
   * Start of the keys of records that could not be processed. Must hold `!{firehose:error-output-type}`.
   *
   * @default - errors/, the type of error, the date
   */
  readonly errorPrefix?: string;

  /**
   * Compression of the objects.
   *
   * @default "GZIP"
   */
  readonly compression?: (typeof COMPRESSIONS)[number];

  /**
   * Days the error log is kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
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
export class DataFirehose extends Construct {
  /** The delivery stream itself, for anything these props do not cover. */
  readonly deliveryStream: KinesisFirehoseDeliveryStream;

  /** Role Firehose assumes to read the source, invoke the function, write the bucket and the log. */
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: DataFirehoseProps) {
    super(scope, id);
    checkStreamName(this, props.name);
    const buffering = checkBuffering(this, props);
    const compression = checkOneOf(this, "compression", props.compression ?? "GZIP", COMPRESSIONS);
    const prefix =
      props.prefix ?? "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/";
    const errorPrefix = props.errorPrefix ?? "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/";
    checkPrefixes(this, prefix, errorPrefix);
    this.checkEncryption(props);
    const processing = this.processing(props);

    this.role = serviceRole(this, "role", "firehose.amazonaws.com");
    const log = deliveryLog(this, this.role, props);
    const granted = policiesOf(this, () => {
      props.bucket.grantWrite(this.role);
      props.source?.grantRead(this.role);
      props.processor?.grantInvoke(this.role);
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
        cloudwatchLoggingOptions: log.options,
        ...processing,
      },
      dependsOn: [...granted, log.mayWrite],
    });
  }

  get arn(): string {
    return this.deliveryStream.arn;
  }

  get name(): string {
    return this.deliveryStream.name;
  }

  /** Lets `grantee` put records on this delivery stream, and nothing else. */
  grantPut(grantee: IamRole): void {
    if (this.deliveryStream.kinesisSourceConfigurationInput !== undefined) {
      throw new ConfigError(
        this,
        "grantPut has no use: a delivery stream with a source takes no puts; grant put on the source instead",
      );
    }
    allowPut(this, this.arn, grantee);
  }

  private checkEncryption({ source, encryptAtRest }: DataFirehoseProps): void {
    if (source && encryptAtRest) {
      throw new ConfigError(
        this,
        "encryptAtRest is for Direct PUT; with a source, encrypt the source and leave it out",
      );
    }
  }

  private processing(props: DataFirehoseProps) {
    if (props.processor) {
      const parameters = processorParameters(this, props.processor, props);
      return { processingConfiguration: { enabled: true, processors: [{ type: "Lambda", parameters }] } };
    }
    for (const hint of ["processorBufferSizeMb", "processorBufferIntervalSeconds", "processorRetries"] as const) {
      if (props[hint] !== undefined) {
        throw new ConfigError(this, `${hint} ${props[hint]} has no use without processor; give one or leave it out`);
      }
    }
    return {};
  }
}
