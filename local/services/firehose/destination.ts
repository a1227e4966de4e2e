import { AwsError } from "../../gateway/types";
import { checkPrefixes } from "./prefix";
import { parseJdbcUrl } from "./redshift-loader";
import type { Destination, ExtendedS3Shape, ProcessorShape, RedshiftShape, S3Shape } from "./shapes";

/** Reads, completes and checks the destination of CreateDeliveryStream and UpdateDestination. */

type Input = Readonly<Record<string, unknown>>;

const OTHERS = [
  "ElasticsearchDestination",
  "AmazonopensearchserviceDestination",
  "AmazonOpenSearchServerlessDestination",
  "SplunkDestination",
  "HttpEndpointDestination",
  "SnowflakeDestination",
  "IcebergDestination",
];

export function readDestination(input: Input): Destination {
  refuseOthers(input, "Configuration");
  const s3 = (input.ExtendedS3DestinationConfiguration ?? input.S3DestinationConfiguration) as
    | ExtendedS3Shape
    | undefined;
  const redshift = input.RedshiftDestinationConfiguration as RedshiftShape | undefined;
  if (s3 && redshift) throw invalid("Exactly one destination configuration is supported for a Firehose");
  if (s3) return checked({ kind: "s3", config: completeExtended(s3) });
  if (redshift) return checked({ kind: "redshift", config: completeRedshift(redshift) });
  throw invalid("Exactly one destination configuration is supported for a Firehose");
}

/** Values that an update leaves out stay as they are. */
export function updateDestination(destination: Destination, input: Input): Destination {
  refuseOthers(input, "Update");
  const s3 = (input.ExtendedS3DestinationUpdate ?? input.S3DestinationUpdate) as ExtendedS3Shape | undefined;
  const redshift = input.RedshiftDestinationUpdate as (RedshiftShape & { readonly S3Update?: S3Shape }) | undefined;
  if (destination.kind === "s3" && s3) return checked({ kind: "s3", config: { ...destination.config, ...s3 } });
  if (destination.kind === "redshift" && redshift) {
    const { S3Update, ...rest } = redshift;
    const S3Configuration = { ...destination.config.S3Configuration, ...S3Update };
    return checked({ kind: "redshift", config: { ...destination.config, ...rest, S3Configuration } });
  }
  throw invalid("The destination type of a Firehose cannot be changed here: delete it and make another");
}

const invalid = (message: string) => new AwsError("InvalidArgumentException", message);
const notCarried = (what: string) => invalid(`The local AWS does not carry ${what}`);

/** AWS words a value outside its range so. */
export function outOfRange(value: unknown, at: string, rule: string): AwsError {
  const said = typeof value === "string" ? value : JSON.stringify(value);
  return new AwsError(
    "ValidationException",
    `1 validation error detected: Value '${said}' at '${at}' failed to satisfy constraint: Member must ${rule}`,
  );
}

function refuseOthers(input: Input, ending: string): void {
  const other = OTHERS.find((name) => input[name + ending] !== undefined);
  if (other) throw notCarried(`the destination ${other}; it delivers to S3 and Redshift`);
}

function completeS3(config: S3Shape): S3Shape {
  return {
    ...config,
    BufferingHints: {
      SizeInMBs: config.BufferingHints?.SizeInMBs ?? 5,
      IntervalInSeconds: config.BufferingHints?.IntervalInSeconds ?? 300,
    },
    CompressionFormat: config.CompressionFormat ?? "UNCOMPRESSED",
    EncryptionConfiguration: config.EncryptionConfiguration ?? { NoEncryptionConfig: "NoEncryption" },
    CloudWatchLoggingOptions: config.CloudWatchLoggingOptions ?? { Enabled: false },
  };
}

const completeExtended = (config: ExtendedS3Shape): ExtendedS3Shape => ({
  ...config,
  ...completeS3(config),
  S3BackupMode: config.S3BackupMode ?? "Disabled",
});

const completeRedshift = (config: RedshiftShape): RedshiftShape => ({
  ...config,
  RetryOptions: { DurationInSeconds: config.RetryOptions?.DurationInSeconds ?? 3600 },
  S3BackupMode: config.S3BackupMode ?? "Disabled",
  CloudWatchLoggingOptions: config.CloudWatchLoggingOptions ?? { Enabled: false },
  S3Configuration: completeS3(config.S3Configuration ?? {}),
});

function checked(destination: Destination): Destination {
  if (destination.kind === "s3") {
    const { config } = destination;
    checkS3(config, "extendedS3DestinationConfiguration");
    checkPrefixes(config.Prefix ?? "", config.ErrorOutputPrefix);
    if (config.DataFormatConversionConfiguration?.Enabled) throw notCarried("record format conversion");
    if (config.DynamicPartitioningConfiguration?.Enabled) throw notCarried("dynamic partitioning");
    if (config.CustomTimeZone && config.CustomTimeZone !== "UTC") throw notCarried("a CustomTimeZone other than UTC");
  } else {
    checkRedshift(destination.config);
  }
  const { ProcessingConfiguration: processing, S3BackupMode } = destination.config;
  if (S3BackupMode === "Enabled") throw notCarried("S3BackupMode Enabled");
  if (processing?.Enabled) checkProcessors(processing.Processors ?? []);
  return destination;
}

function checkS3(config: S3Shape, at: string): void {
  if (!/^arn:[^:]+:iam::\d{12}:role\/.+/.test(config.RoleARN ?? "")) {
    throw outOfRange(config.RoleARN ?? null, `${at}.roleARN`, "be the ARN of a role");
  }
  if (!/^arn:[^:]+:s3:::[a-z0-9.-]{3,63}$/.test(config.BucketARN ?? "")) {
    throw outOfRange(config.BucketARN ?? null, `${at}.bucketARN`, "be the ARN of a bucket");
  }
  const { SizeInMBs = 5, IntervalInSeconds = 300 } = config.BufferingHints ?? {};
  checkNumber(SizeInMBs, 1, 128, `${at}.bufferingHints.sizeInMBs`);
  checkNumber(IntervalInSeconds, 0, 900, `${at}.bufferingHints.intervalInSeconds`);
  if (config.CompressionFormat !== "UNCOMPRESSED" && config.CompressionFormat !== "GZIP") {
    throw notCarried(`the compression ${config.CompressionFormat}; it knows UNCOMPRESSED and GZIP`);
  }
}

function checkRedshift(config: RedshiftShape): void {
  const at = "redshiftDestinationConfiguration";
  checkS3({ ...config.S3Configuration, RoleARN: config.S3Configuration?.RoleARN ?? "" }, `${at}.s3Configuration`);
  if (/!\{/.test(config.S3Configuration?.Prefix ?? "")) {
    throw invalid("Prefix of a Redshift destination must not contain expressions");
  }
  if (!parseJdbcUrl(config.ClusterJDBCURL ?? "")) {
    throw outOfRange(
      config.ClusterJDBCURL ?? null,
      `${at}.clusterJDBCURL`,
      "satisfy regular expression pattern: jdbc:(redshift|postgresql)://HOST:PORT/DATABASE",
    );
  }
  if (!config.CopyCommand?.DataTableName) throw outOfRange(null, `${at}.copyCommand.dataTableName`, "not be null");
  checkNumber(config.RetryOptions?.DurationInSeconds ?? 3600, 0, 7200, `${at}.retryOptions.durationInSeconds`);
  const secret = config.SecretsManagerConfiguration;
  if (secret?.Enabled ? !secret.SecretARN : !config.Username || !config.Password) {
    throw invalid("Either Username and Password or an enabled SecretsManagerConfiguration with SecretARN is required");
  }
}

function checkProcessors(processors: readonly ProcessorShape[]): void {
  for (const { Type, Parameters = [] } of processors) {
    if (Type !== "Lambda") throw notCarried(`the processor ${Type}; it knows Lambda`);
    const value = (name: string) => Parameters.find(({ ParameterName }) => ParameterName === name)?.ParameterValue;
    if (!/^arn:[^:]+:lambda:/.test(value("LambdaArn") ?? "")) throw invalid("A Lambda processor needs a LambdaArn");
    checkParameter("BufferSizeInMBs", value("BufferSizeInMBs"), 0.2, 3);
    checkParameter("BufferIntervalInSeconds", value("BufferIntervalInSeconds"), 0, 900);
    checkParameter("NumberOfRetries", value("NumberOfRetries"), 0, 300);
  }
  if (processors.length > 1) throw notCarried("more than one processor");
}

function checkParameter(name: string, value: string | undefined, min: number, max: number): void {
  if (value === undefined || (Number(value) >= min && Number(value) <= max)) return;
  throw invalid(`Parameter ${name} must be between ${min} and ${max}, got ${value}`);
}

function checkNumber(value: unknown, min: number, max: number, at: string): void {
  if (!Number.isInteger(value)) throw outOfRange(value, at, "be a whole number");
  if ((value as number) < min) throw outOfRange(value, at, `have value greater than or equal to ${min}`);
  if ((value as number) > max) throw outOfRange(value, at, `have value less than or equal to ${max}`);
}
