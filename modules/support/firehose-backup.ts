import type { Construct } from "constructs";
import type { Bucket } from "../bucket";
import { ConfigError, checkInteger, checkOneOf } from "./check";
import type { DeliveryLog } from "./firehose";
import { checkPrefixes } from "./firehose-checks";

const COMPRESSIONS = ["GZIP", "UNCOMPRESSED"] as const;

/**
 * A copy of every record as it came, before anything is made of it. AWS lets it be turned on later, but never off again: that is
 * another delivery stream.
 */
export interface BackupProps {
  /** Bucket of the copies; it may be the one the data goes to. */
  readonly bucket: Bucket;

  /**
   * Start of the copies' keys, apart from the data's. May hold `!{timestamp:PATTERN}` and `!{firehose:random-string}`; Firehose adds
   * YYYY/MM/DD/HH/ to one without a date.
   *
   * @default "source/"
   */
  readonly prefix?: string;

  /**
   * Start of the keys of copies that fail. Must hold `!{firehose:error-output-type}`.
   *
   * @default - errors/source/, the type of error, the date
   */
  readonly errorPrefix?: string;

  /**
   * Compression of the copies.
   *
   * @default "GZIP"
   */
  readonly compression?: (typeof COMPRESSIONS)[number];

  /**
   * Megabytes after which an object is written, 1 to 128, before compression.
   *
   * @default 5
   */
  readonly bufferingSizeMb?: number;

  /**
   * Seconds after which an object is written, 60 to 900: zero buffering is not for backups.
   *
   * @default 300
   */
  readonly bufferingIntervalSeconds?: number;
}

/** Ranges of https://docs.aws.amazon.com/firehose/latest/dev/create-configure-backup.html */
export function backupConfiguration(
  scope: Construct,
  props: BackupProps,
  role: { readonly arn: string },
  log: DeliveryLog,
  data: { readonly bucket: Bucket; readonly prefix: string },
) {
  const prefix = props.prefix ?? "source/";
  const errorPrefix = props.errorPrefix ?? "errors/source/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/";
  checkPrefixes(scope, prefix, errorPrefix, [], { prefix: "backup.prefix", errorPrefix: "backup.errorPrefix" });
  if (props.bucket === data.bucket && prefix === data.prefix) {
    throw new ConfigError(
      scope,
      `backup.prefix and prefix are both ${JSON.stringify(prefix)} in one bucket, which would mix the copies with the data; change one`,
    );
  }
  return {
    roleArn: role.arn,
    bucketArn: props.bucket.arn,
    bufferingSize: checkInteger(scope, "backup.bufferingSizeMb", props.bufferingSizeMb ?? 5, 1, 128),
    bufferingInterval: checkInteger(
      scope,
      "backup.bufferingIntervalSeconds",
      props.bufferingIntervalSeconds ?? 300,
      60,
      900,
    ),
    compressionFormat: checkOneOf(scope, "backup.compression", props.compression ?? "GZIP", COMPRESSIONS),
    ...(prefix === "" ? {} : { prefix }),
    ...(errorPrefix === "" ? {} : { errorOutputPrefix: errorPrefix }),
    cloudwatchLoggingOptions: log.options,
  };
}
