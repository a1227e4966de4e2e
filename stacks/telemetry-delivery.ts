import type { Construct } from "constructs";
import type { Bucket } from "../modules/bucket";
import type { FirehoseAfterAnalyticsProps } from "../modules/firehose-after-analytics";
import type { DataFirehoseProps, RecordFormat, SchemaTable } from "../modules/kinesis-data-firehose";
import { type DeliverySettings, SettingsError, type TelemetrySettings } from "../settings";

/** Settings of the two delivery streams as their constructs take them. What a setting means for AWS is checked there, under the same name. */

type Objects = Pick<
  FirehoseAfterAnalyticsProps,
  "bufferingSizeMb" | "bufferingIntervalSeconds" | "errorPrefix" | "fileExtension" | "timeZone"
>;

/** Where the raw delivery goes, and by which columns a columnar format takes the records. */
export interface RawLake {
  readonly bucket: Bucket;
  readonly table: SchemaTable;
}

type RawProps = Objects &
  Pick<DataFirehoseProps, "compression" | "format" | "partitioning" | "backup" | "encryptAtRest">;

export function rawDeliveryProps(scope: Construct, settings: TelemetrySettings, { bucket, table }: RawLake): RawProps {
  const { raw, engine } = settings;
  const at = scope.node.path;
  if (raw.encryptAtRest && engine !== "sql") {
    throw new SettingsError(
      `${at}: telemetry.raw.encryptAtRest true contradicts telemetry.engine ${JSON.stringify(engine)}, with which the delivery stream reads a Kinesis data stream, whose own encryption counts; leave it out`,
    );
  }
  if (raw.partitioningRetrySeconds !== undefined && !raw.partitioning) {
    throw new SettingsError(
      `${at}: telemetry.raw.partitioningRetrySeconds ${raw.partitioningRetrySeconds} has no use without telemetry.raw.partitioning; give that or leave it out`,
    );
  }
  const { format, compression } = raw;
  if (format === "json") checkNamed(scope, "raw", raw.fileExtension, compression ?? "GZIP");
  return {
    ...objects(settings, raw),
    // Which go with which is the construct's to say: a settings file may hold any of them.
    ...(format === "json"
      ? { compression: compression as DataFirehoseProps["compression"] }
      : { format: { type: format === "parquet" ? "PARQUET" : "ORC", table, compression } as RecordFormat }),
    partitioning: raw.partitioning && {
      keys: Object.fromEntries(Object.entries(raw.partitioning).map(([key, { expression }]) => [key, expression])),
      retrySeconds: raw.partitioningRetrySeconds,
    },
    backup: raw.backup ? { bucket } : undefined,
    encryptAtRest: raw.encryptAtRest,
  };
}

export function processedDeliveryProps(
  scope: Construct,
  settings: TelemetrySettings,
): Objects & Pick<FirehoseAfterAnalyticsProps, "compression"> {
  const { compression, ...processed } = settings.processed;
  checkNamed(scope, "processed", processed.fileExtension, compression ?? "UNCOMPRESSED");
  return { ...objects(settings, processed), compression };
}

/** A delivery's own buffer counts, else that of both. */
const objects = (both: TelemetrySettings, own: Omit<DeliverySettings, "compression">): Objects => ({
  bufferingSizeMb: own.bufferingSizeMb ?? both.bufferingSizeMb,
  bufferingIntervalSeconds: own.bufferingIntervalSeconds ?? both.bufferingIntervalSeconds,
  errorPrefix: own.errorPrefix,
  fileExtension: own.fileExtension,
  timeZone: own.timeZone,
});

/**
 * Athena tells a compressed file by its name: https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html. Firehose would write
 * under any.
 */
function checkNamed(scope: Construct, which: "raw" | "processed", extension: string | undefined, compression: string) {
  if (extension === undefined || extension.endsWith(".gz") === (compression === "GZIP")) return;
  const rule = compression === "GZIP" ? "must end in .gz" : "must not end in .gz";
  throw new SettingsError(
    `${scope.node.path}: telemetry.${which}.fileExtension ${rule} with telemetry.${which}.compression ${compression}, by which Athena tells what to unpack, got ${JSON.stringify(extension)}`,
  );
}
