import type { LogPlace } from "./error-log";
import type { S3Config } from "./object-writer";
import type { ConversionConfig } from "./parquet";
import { type PartitionKey, parseQuery } from "./partition-query";
import type { ProcessorConfig } from "./processor";
import type { RedshiftConfig } from "./redshift-loader";
import type { CloudWatchLoggingOptions, Destination, ExtendedS3Shape, S3Shape } from "./shapes";

const MB = 1024 * 1024;

/** What a configured destination means for the delivery. */
export interface DeliverySettings {
  readonly roleArn: string;
  readonly s3: S3Config & { readonly roleArn: string };
  readonly compression: Compression;
  /** Parquet in place of the records as they are. */
  readonly conversion: ConversionConfig | undefined;
  /** Where the partition keys stand in a record, with dynamic partitioning. */
  readonly partitionKeys: readonly PartitionKey[] | undefined;
  readonly backup: BackupSettings | undefined;
  readonly bufferBytes: number;
  readonly bufferSeconds: number;
  readonly log: LogPlace | undefined;
  readonly processor: (ProcessorConfig & { readonly bufferBytes: number; readonly bufferSeconds: number }) | undefined;
  readonly redshift: (RedshiftConfig & { readonly secretRoleArn: string }) | undefined;
}

type Compression = "GZIP" | "UNCOMPRESSED";

/** Copies of the records as they came. */
export interface BackupSettings {
  readonly s3: DeliverySettings["s3"];
  readonly compression: Compression;
  readonly bufferBytes: number;
  readonly bufferSeconds: number;
  readonly log: LogPlace | undefined;
}

export function settingsOf(destination: Destination): DeliverySettings {
  const { config } = destination;
  const s3: ExtendedS3Shape =
    destination.kind === "s3" ? destination.config : (destination.config.S3Configuration ?? {});
  return {
    roleArn: config.RoleARN ?? "",
    s3: s3Settings(s3),
    compression: compressionOf(s3),
    conversion: conversionSettings(s3),
    partitionKeys: s3.DynamicPartitioningConfiguration?.Enabled ? partitionKeysOf(s3) : undefined,
    backup: config.S3BackupMode === "Enabled" ? backupSettings(config.S3BackupConfiguration ?? {}) : undefined,
    ...bufferOf(s3),
    log: logPlace(config.CloudWatchLoggingOptions) ?? logPlace(s3.CloudWatchLoggingOptions),
    processor: processorSettings(config.ProcessingConfiguration),
    redshift: destination.kind === "redshift" ? redshiftSettings(destination.config) : undefined,
  };
}

function s3Settings(
  s3: S3Shape & { readonly FileExtension?: string; readonly CustomTimeZone?: string },
): DeliverySettings["s3"] {
  return {
    roleArn: s3.RoleARN ?? "",
    bucket: (s3.BucketARN ?? "").split(":::")[1] ?? "",
    prefix: s3.Prefix ?? "",
    errorPrefix: s3.ErrorOutputPrefix || undefined,
    fileExtension: s3.FileExtension ?? "",
    timeZone: s3.CustomTimeZone || "UTC",
    kmsKeyArn: s3.EncryptionConfiguration?.KMSEncryptionConfig?.AWSKMSKeyARN,
  };
}

const compressionOf = (s3: S3Shape): Compression => (s3.CompressionFormat === "GZIP" ? "GZIP" : "UNCOMPRESSED");

const bufferOf = ({ BufferingHints }: S3Shape) => ({
  bufferBytes: (BufferingHints?.SizeInMBs ?? 5) * MB,
  bufferSeconds: BufferingHints?.IntervalInSeconds ?? 300,
});

const backupSettings = (s3: S3Shape): BackupSettings => ({
  s3: s3Settings(s3),
  compression: compressionOf(s3),
  ...bufferOf(s3),
  log: logPlace(s3.CloudWatchLoggingOptions),
});

function conversionSettings(s3: ExtendedS3Shape): ConversionConfig | undefined {
  const conversion = s3.DataFormatConversionConfiguration;
  if (!conversion || conversion.Enabled === false) return undefined;
  const { RoleARN, DatabaseName, TableName } = conversion.SchemaConfiguration ?? {};
  return {
    roleArn: RoleARN ?? "",
    database: DatabaseName ?? "",
    table: TableName ?? "",
    compression: conversion.OutputFormatConfiguration?.Serializer?.ParquetSerDe?.Compression ?? "SNAPPY",
  };
}

/** The partition keys of the MetadataExtraction processor. */
export function partitionKeysOf(s3: ExtendedS3Shape): readonly PartitionKey[] {
  const extraction = s3.ProcessingConfiguration?.Processors?.find(({ Type }) => Type === "MetadataExtraction");
  const query = extraction?.Parameters?.find(({ ParameterName }) => ParameterName === "MetadataExtractionQuery");
  return query ? parseQuery(query.ParameterValue) : [];
}

function logPlace(options: CloudWatchLoggingOptions | undefined): LogPlace | undefined {
  if (!options?.Enabled || !options.LogGroupName || !options.LogStreamName) return undefined;
  return { group: options.LogGroupName, stream: options.LogStreamName };
}

/** Defaults as on https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
function processorSettings(processing: ExtendedS3Shape["ProcessingConfiguration"]): DeliverySettings["processor"] {
  const lambda = processing?.Enabled ? processing.Processors?.find(({ Type }) => Type === "Lambda") : undefined;
  if (!lambda) return undefined;
  const values = new Map(lambda.Parameters?.map((p) => [p.ParameterName, p.ParameterValue]));
  return {
    lambdaArn: values.get("LambdaArn") ?? "",
    retries: Number(values.get("NumberOfRetries") ?? 3),
    bufferBytes: Number(values.get("BufferSizeInMBs") ?? 1) * MB,
    bufferSeconds: Number(values.get("BufferIntervalInSeconds") ?? 60),
  };
}

function redshiftSettings(config: Extract<Destination, { kind: "redshift" }>["config"]): DeliverySettings["redshift"] {
  const secret = config.SecretsManagerConfiguration;
  return {
    jdbcUrl: config.ClusterJDBCURL ?? "",
    roleArn: config.RoleARN ?? "",
    table: config.CopyCommand?.DataTableName ?? "",
    columns: config.CopyCommand?.DataTableColumns ?? "",
    options: config.CopyCommand?.CopyOptions ?? "",
    retrySeconds: config.RetryOptions?.DurationInSeconds ?? 3600,
    login: secret?.Enabled
      ? { secretArn: secret.SecretARN ?? "" }
      : { user: config.Username ?? "", password: config.Password ?? "" },
    secretRoleArn: secret?.RoleARN ?? config.RoleARN ?? "",
  };
}
