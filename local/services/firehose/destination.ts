import { AwsError } from "../../gateway/types";
import { checkPrefixes } from "./prefix";
import { parseJdbcUrl } from "./redshift-loader";
import { partitionKeysOf } from "./settings";
import type { ConversionShape, Destination, ExtendedS3Shape, ProcessorShape, RedshiftShape, S3Shape } from "./shapes";
import { isTimeZone } from "./time-zone";

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
  const s3 = (input.ExtendedS3DestinationUpdate ?? input.S3DestinationUpdate) as
    | (ExtendedS3Shape & BackupUpdate)
    | undefined;
  const redshift = input.RedshiftDestinationUpdate as
    | (RedshiftShape & BackupUpdate & { readonly S3Update?: S3Shape })
    | undefined;
  if (destination.kind === "s3" && s3) {
    const { S3BackupUpdate, ...rest } = s3;
    const config = {
      ...destination.config,
      ...rest,
      ...updateBackup(destination.config, s3.S3BackupMode, S3BackupUpdate),
    };
    if (isPartitioned(config) !== isPartitioned(destination.config)) {
      throw invalid("Dynamic partitioning can be enabled or disabled only when a Firehose is created");
    }
    return checked({ kind: "s3", config });
  }
  if (destination.kind === "redshift" && redshift) {
    const { S3Update, S3BackupUpdate, ...update } = redshift;
    const rest = { ...update, ...updateBackup(destination.config, update.S3BackupMode, S3BackupUpdate) };
    const S3Configuration = { ...destination.config.S3Configuration, ...S3Update };
    return checked({ kind: "redshift", config: { ...destination.config, ...rest, S3Configuration } });
  }
  throw invalid("The destination type of a Firehose cannot be changed here: delete it and make another");
}

interface BackupUpdate {
  readonly S3BackupUpdate?: S3Shape;
}

/** A backup can be turned on, but not off: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationUpdate.html */
function updateBackup(config: ExtendedS3Shape | RedshiftShape, mode: string | undefined, update: S3Shape | undefined) {
  if (config.S3BackupMode === "Enabled" && mode === "Disabled")
    throw invalid("S3BackupMode cannot be disabled once enabled");
  return update ? { S3BackupConfiguration: completeS3({ ...config.S3BackupConfiguration, ...update }) } : {};
}

const isPartitioned = (config: ExtendedS3Shape) => config.DynamicPartitioningConfiguration?.Enabled === true;

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

const completeBackup = ({ S3BackupMode = "Disabled", S3BackupConfiguration }: ExtendedS3Shape) => ({
  S3BackupMode,
  ...(S3BackupConfiguration ? { S3BackupConfiguration: completeS3(S3BackupConfiguration) } : {}),
});

const completeExtended = (config: ExtendedS3Shape): ExtendedS3Shape => ({
  ...config,
  ...completeS3(config),
  ...completeBackup(config),
});

const completeRedshift = (config: RedshiftShape): RedshiftShape => ({
  ...config,
  RetryOptions: { DurationInSeconds: config.RetryOptions?.DurationInSeconds ?? 3600 },
  ...completeBackup(config),
  CloudWatchLoggingOptions: config.CloudWatchLoggingOptions ?? { Enabled: false },
  S3Configuration: completeS3(config.S3Configuration ?? {}),
});

function checked(destination: Destination): Destination {
  if (destination.kind === "s3") {
    const { config } = destination;
    checkS3(config, "extendedS3DestinationConfiguration");
    checkExtended(config);
  } else {
    checkRedshift(destination.config);
  }
  const { ProcessingConfiguration: processing } = destination.config;
  checkBackup(destination.config);
  if (processing?.Enabled) checkProcessors(processing.Processors ?? []);
  return destination;
}

/** Rules between the parts of an S3 destination, which the API answers one by one. */
function checkExtended(config: ExtendedS3Shape): void {
  const { BufferingHints, FileExtension = "", CustomTimeZone = "", DataFormatConversionConfiguration: format } = config;
  const keys = isPartitioned(config) ? partitionKeysOf(config).map(({ name }) => name) : [];
  checkPrefixes(config.Prefix ?? "", config.ErrorOutputPrefix, keys);
  if (!/^$|^\.[0-9a-z!\-_.*'()]{1,127}$/.test(FileExtension)) {
    throw invalid(
      `FileExtension must match \\.[0-9a-z!\\-_.*'()]+ and have at most 128 characters, got ${FileExtension}`,
    );
  }
  if (CustomTimeZone !== "" && !(/^[a-zA-Z/_]{1,50}$/.test(CustomTimeZone) && isTimeZone(CustomTimeZone))) {
    throw invalid(`CustomTimeZone ${CustomTimeZone} is not supported`);
  }
  const extracts = config.ProcessingConfiguration?.Enabled
    ? config.ProcessingConfiguration.Processors?.some(({ Type }) => Type === "MetadataExtraction")
    : false;
  if (isPartitioned(config)) {
    if (!extracts) throw notCarried("dynamic partitioning without a MetadataExtraction processor");
    if ((BufferingHints?.SizeInMBs ?? 5) < 64) {
      throw invalid("BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.");
    }
    if (BufferingHints?.IntervalInSeconds === 0) {
      throw invalid("BufferingHints.IntervalInSeconds must be greater than 0 when Dynamic Partitioning is enabled.");
    }
    const retry = config.DynamicPartitioningConfiguration?.RetryOptions?.DurationInSeconds ?? 300;
    checkNumber(retry, 0, 7200, "dynamicPartitioningConfiguration.retryOptions.durationInSeconds");
  } else if (extracts) {
    throw invalid("MetadataExtraction processor is supported only when Dynamic Partitioning is enabled");
  }
  if (format && format.Enabled !== false) checkConversion(config, format);
}

function checkConversion(config: ExtendedS3Shape, format: ConversionShape): void {
  if ((config.BufferingHints?.SizeInMBs ?? 5) < 64) {
    throw invalid("BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.");
  }
  if (config.CompressionFormat !== "UNCOMPRESSED") {
    throw invalid("CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.");
  }
  const { RoleARN, DatabaseName, TableName, VersionId = "LATEST" } = format.SchemaConfiguration ?? {};
  if (!RoleARN || !DatabaseName || !TableName) {
    throw invalid(
      "SchemaConfiguration with RoleARN, DatabaseName and TableName is required for data format conversion",
    );
  }
  if (VersionId !== "LATEST") throw notCarried(`version ${VersionId} of a schema; it knows LATEST`);
  const { OrcSerDe, ParquetSerDe } = format.OutputFormatConfiguration?.Serializer ?? {};
  if (OrcSerDe) throw notCarried("the format ORC (nothing here writes it); it knows Parquet");
  const compression = ParquetSerDe?.Compression ?? "SNAPPY";
  if (!["SNAPPY", "GZIP", "UNCOMPRESSED"].includes(compression)) {
    throw outOfRange(compression, "parquetSerDe.compression", "satisfy enum value set: [GZIP, SNAPPY, UNCOMPRESSED]");
  }
  const { OpenXJsonSerDe: openX, HiveJsonSerDe } = format.InputFormatConfiguration?.Deserializer ?? {};
  if (HiveJsonSerDe || !openX) throw notCarried("a deserializer but OpenXJsonSerDe");
  if (openX.CaseInsensitive === false) throw notCarried("OpenXJsonSerDe with CaseInsensitive false");
  if (openX.ConvertDotsInJsonKeysToUnderscores) throw notCarried("ConvertDotsInJsonKeysToUnderscores");
  if (Object.keys(openX.ColumnToJsonKeyMappings ?? {}).length > 0) throw notCarried("ColumnToJsonKeyMappings");
}

function checkBackup({ S3BackupMode, S3BackupConfiguration: backup }: ExtendedS3Shape | RedshiftShape): void {
  if (S3BackupMode !== "Enabled") return;
  if (!backup) throw invalid("S3BackupConfiguration is required when S3BackupMode is Enabled");
  const at = "s3BackupConfiguration";
  checkS3(backup, at);
  checkPrefixes(backup.Prefix ?? "", backup.ErrorOutputPrefix);
  if (backup.BufferingHints?.IntervalInSeconds === 0) {
    throw outOfRange(0, `${at}.bufferingHints.intervalInSeconds`, "have value greater than or equal to 60");
  }
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
    if (Type === "MetadataExtraction") continue;
    if (Type !== "Lambda") throw notCarried(`the processor ${Type}; it knows Lambda and MetadataExtraction`);
    const value = (name: string) => Parameters.find(({ ParameterName }) => ParameterName === name)?.ParameterValue;
    if (!/^arn:[^:]+:lambda:/.test(value("LambdaArn") ?? "")) throw invalid("A Lambda processor needs a LambdaArn");
    checkParameter("BufferSizeInMBs", value("BufferSizeInMBs"), 0.2, 3);
    checkParameter("BufferIntervalInSeconds", value("BufferIntervalInSeconds"), 0, 900);
    checkParameter("NumberOfRetries", value("NumberOfRetries"), 0, 300);
  }
  const types = processors.map(({ Type }) => Type);
  if (new Set(types).size !== types.length) throw notCarried("two processors of one type");
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
