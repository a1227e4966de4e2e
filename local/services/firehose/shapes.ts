/** The API's own shapes, as far as they are carried: https://docs.aws.amazon.com/firehose/latest/APIReference/Welcome.html */

export interface CloudWatchLoggingOptions {
  readonly Enabled?: boolean;
  readonly LogGroupName?: string;
  readonly LogStreamName?: string;
}

export interface ProcessorShape {
  readonly Type: string;
  readonly Parameters?: readonly { readonly ParameterName: string; readonly ParameterValue: string }[];
}

export interface S3Shape {
  readonly RoleARN?: string;
  readonly BucketARN?: string;
  readonly Prefix?: string;
  readonly ErrorOutputPrefix?: string;
  readonly BufferingHints?: { readonly SizeInMBs?: number; readonly IntervalInSeconds?: number };
  readonly CompressionFormat?: string;
  readonly EncryptionConfiguration?: {
    readonly NoEncryptionConfig?: string;
    readonly KMSEncryptionConfig?: { readonly AWSKMSKeyARN: string };
  };
  readonly CloudWatchLoggingOptions?: CloudWatchLoggingOptions;
}

interface ProcessingShape {
  readonly ProcessingConfiguration?: { readonly Enabled?: boolean; readonly Processors?: readonly ProcessorShape[] };
  readonly S3BackupMode?: string;
  readonly S3BackupConfiguration?: S3Shape;
}

export interface ConversionShape {
  readonly Enabled?: boolean;
  readonly SchemaConfiguration?: {
    readonly RoleARN?: string;
    readonly DatabaseName?: string;
    readonly TableName?: string;
    readonly VersionId?: string;
  };
  readonly InputFormatConfiguration?: {
    readonly Deserializer?: {
      readonly OpenXJsonSerDe?: {
        readonly CaseInsensitive?: boolean;
        readonly ColumnToJsonKeyMappings?: Readonly<Record<string, string>>;
        readonly ConvertDotsInJsonKeysToUnderscores?: boolean;
      };
      readonly HiveJsonSerDe?: unknown;
    };
  };
  readonly OutputFormatConfiguration?: {
    readonly Serializer?: { readonly ParquetSerDe?: { readonly Compression?: string }; readonly OrcSerDe?: unknown };
  };
}

export interface ExtendedS3Shape extends S3Shape, ProcessingShape {
  readonly DataFormatConversionConfiguration?: ConversionShape;
  readonly DynamicPartitioningConfiguration?: {
    readonly Enabled?: boolean;
    readonly RetryOptions?: { readonly DurationInSeconds?: number };
  };
  readonly FileExtension?: string;
  readonly CustomTimeZone?: string;
}

export interface RedshiftShape extends ProcessingShape {
  readonly RoleARN?: string;
  readonly ClusterJDBCURL?: string;
  readonly CopyCommand?: {
    readonly DataTableName: string;
    readonly DataTableColumns?: string;
    readonly CopyOptions?: string;
  };
  readonly Username?: string;
  readonly Password?: string;
  readonly RetryOptions?: { readonly DurationInSeconds?: number };
  readonly S3Configuration?: S3Shape;
  readonly CloudWatchLoggingOptions?: CloudWatchLoggingOptions;
  readonly SecretsManagerConfiguration?: {
    readonly Enabled?: boolean;
    readonly SecretARN?: string;
    readonly RoleARN?: string;
  };
}

/** What a delivery stream delivers to, as it was configured, AWS's defaults filled in. */
export type Destination =
  | { readonly kind: "s3"; readonly config: ExtendedS3Shape }
  | { readonly kind: "redshift"; readonly config: RedshiftShape };

export interface KinesisSourceShape {
  readonly KinesisStreamARN: string;
  readonly RoleARN: string;
}

export interface EncryptionInput {
  readonly KeyType?: string;
  readonly KeyARN?: string;
}
