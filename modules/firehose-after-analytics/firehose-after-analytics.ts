import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import type { Construct } from "constructs";
import type { Bucket } from "../bucket";
import { checkOneOf } from "../support/check";
import { DeliveryStream } from "../support/delivery-stream";
import { type DeliveryProps, deliveryLog, encryptedWith, policiesOf } from "../support/firehose";
import {
  checkBuffering,
  checkObjects,
  checkPrefixes,
  checkStreamName,
  ERROR_PREFIX,
  type ObjectProps,
} from "../support/firehose-checks";
import { serviceRole } from "../support/iam";

const COMPRESSIONS = ["GZIP", "UNCOMPRESSED"] as const;

export interface FirehoseAfterAnalyticsProps extends DeliveryProps, ObjectProps {
  /** Bucket the selected records land in. */
  readonly bucket: Bucket;

  /**
   * Start of the objects' keys. May hold `!{timestamp:PATTERN}` (in `timeZone`, of the object's oldest record) and `!{firehose:random-string}`.
   *
   * @default - none: Firehose's own YYYY/MM/DD/HH/
   */
  readonly prefix?: string;

  /**
   * Compression of the objects.
   *
   * @default "UNCOMPRESSED"
   */
  readonly compression?: (typeof COMPRESSIONS)[number];
}

/**
 * The delivery stream behind the analytics application: what the application selects lands in a bucket, as CSV lines.
 *
 * The lines, their newlines included, are the application's; nothing is transformed here.
 *
 * @example
 * const processed = new FirehoseAfterAnalytics(this, "processed", { name: "telemetry-processed", bucket, key });
 * processed.grantPut(analytics.role);
 */
export class FirehoseAfterAnalytics extends DeliveryStream {
  readonly deliveryStream: KinesisFirehoseDeliveryStream;

  /** Role Firehose assumes to write the bucket and the log. */
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: FirehoseAfterAnalyticsProps) {
    super(scope, id);
    checkStreamName(this, props.name);
    const buffering = checkBuffering(this, props);
    const compression = checkOneOf(this, "compression", props.compression ?? "UNCOMPRESSED", COMPRESSIONS);
    const objects = checkObjects(this, props);
    const prefix = props.prefix ?? "";
    const errorPrefix = props.errorPrefix ?? ERROR_PREFIX;
    checkPrefixes(this, prefix, errorPrefix);

    this.role = serviceRole(this, "role", "firehose.amazonaws.com");
    const log = deliveryLog(this, this.role, props);
    const granted = policiesOf(this, () => props.bucket.grantWrite(this.role));

    this.deliveryStream = new KinesisFirehoseDeliveryStream(this, "stream", {
      name: props.name,
      destination: "extended_s3",
      serverSideEncryption: encryptedWith(props.key),
      extendedS3Configuration: {
        roleArn: this.role.arn,
        bucketArn: props.bucket.arn,
        ...buffering,
        compressionFormat: compression,
        ...(prefix === "" ? {} : { prefix }),
        ...(errorPrefix === "" ? {} : { errorOutputPrefix: errorPrefix }),
        ...objects,
        cloudwatchLoggingOptions: log.options,
      },
      dependsOn: [...granted, ...log.rights],
    });
  }
}
