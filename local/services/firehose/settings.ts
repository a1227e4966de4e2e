import type { LogPlace } from "./error-log";
import type { S3Config } from "./object-writer";
import type { ProcessorConfig } from "./processor";
import type { RedshiftConfig } from "./redshift-loader";
import type { CloudWatchLoggingOptions, Destination, ExtendedS3Shape, S3Shape } from "./shapes";

const MB = 1024 * 1024;

/** What a configured destination means for the delivery. */
export interface DeliverySettings {
  readonly roleArn: string;
  readonly s3: S3Config & { readonly roleArn: string };
  readonly bufferBytes: number;
  readonly bufferSeconds: number;
  readonly log: LogPlace | undefined;
  readonly processor: (ProcessorConfig & { readonly bufferBytes: number; readonly bufferSeconds: number }) | undefined;
  readonly redshift: (RedshiftConfig & { readonly secretRoleArn: string }) | undefined;
}

export function settingsOf(destination: Destination): DeliverySettings {
  const { config } = destination;
  const s3: ExtendedS3Shape =
    destination.kind === "s3" ? destination.config : (destination.config.S3Configuration ?? {});
  return {
    roleArn: config.RoleARN ?? "",
    s3: s3Settings(s3),
    bufferBytes: (s3.BufferingHints?.SizeInMBs ?? 5) * MB,
    bufferSeconds: s3.BufferingHints?.IntervalInSeconds ?? 300,
    log: logPlace(config.CloudWatchLoggingOptions) ?? logPlace(s3.CloudWatchLoggingOptions),
    processor: processorSettings(config.ProcessingConfiguration),
    redshift: destination.kind === "redshift" ? redshiftSettings(destination.config) : undefined,
  };
}

function s3Settings(s3: S3Shape & { readonly FileExtension?: string }): DeliverySettings["s3"] {
  return {
    roleArn: s3.RoleARN ?? "",
    bucket: (s3.BucketARN ?? "").split(":::")[1] ?? "",
    prefix: s3.Prefix ?? "",
    errorPrefix: s3.ErrorOutputPrefix || undefined,
    compression: s3.CompressionFormat === "GZIP" ? "GZIP" : "UNCOMPRESSED",
    fileExtension: s3.FileExtension ?? "",
    kmsKeyArn: s3.EncryptionConfiguration?.KMSEncryptionConfig?.AWSKMSKeyARN,
  };
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
