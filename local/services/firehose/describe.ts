import type { DeliveryStream } from "./delivery-stream";
import type { Destination } from "./shapes";

type Json = Readonly<Record<string, unknown>>;

const seconds = (at: Date) => at.getTime() / 1000;

/** DescribeDeliveryStream's answer: https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html */
export function describe(stream: DeliveryStream): Json {
  return {
    DeliveryStreamName: stream.name,
    DeliveryStreamARN: stream.arn,
    DeliveryStreamStatus: stream.status,
    DeliveryStreamType: stream.kinesis ? "KinesisStreamAsSource" : "DirectPut",
    DeliveryStreamEncryptionConfiguration: stream.encryption
      ? { Status: "ENABLED", KeyType: stream.encryption.KeyType, KeyARN: stream.encryption.KeyARN }
      : { Status: "DISABLED" },
    VersionId: String(stream.version),
    CreateTimestamp: seconds(stream.createdAt),
    LastUpdateTimestamp: seconds(stream.updatedAt),
    ...(stream.kinesis
      ? {
          Source: {
            KinesisStreamSourceDescription: {
              KinesisStreamARN: stream.kinesis.KinesisStreamARN,
              RoleARN: stream.kinesis.RoleARN,
              DeliveryStartTimestamp: seconds(stream.createdAt),
            },
          },
        }
      : {}),
    Destinations: [{ DestinationId: stream.destinationId, ...describeDestination(stream.destination) }],
    HasMoreDestinations: false,
  };
}

function describeDestination(destination: Destination): Json {
  if (destination.kind === "redshift") {
    const { Password: _, S3Configuration, S3BackupConfiguration, ...rest } = destination.config;
    const backup = S3BackupConfiguration ? { S3BackupDescription: S3BackupConfiguration } : {};
    return { RedshiftDestinationDescription: { ...rest, S3DestinationDescription: S3Configuration, ...backup } };
  }
  // AWS answers with both, whichever was used to make it.
  const { S3BackupConfiguration, ...extended } = destination.config;
  const {
    RoleARN,
    BucketARN,
    Prefix,
    ErrorOutputPrefix,
    BufferingHints,
    CompressionFormat,
    EncryptionConfiguration,
    CloudWatchLoggingOptions,
  } = destination.config;
  return {
    S3DestinationDescription: {
      RoleARN,
      BucketARN,
      Prefix,
      ErrorOutputPrefix,
      BufferingHints,
      CompressionFormat,
      EncryptionConfiguration,
      CloudWatchLoggingOptions,
    },
    ExtendedS3DestinationDescription: {
      ...extended,
      ...(S3BackupConfiguration ? { S3BackupDescription: S3BackupConfiguration } : {}),
    },
  };
}
