import { type JsonCaller, jsonCall } from "./json-call";

export interface KinesisRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
  readonly data: Buffer;
}

/** What one read of a shard gives. */
export interface KinesisPage {
  readonly records: readonly KinesisRecord[];
  /** Undefined when the shard is closed and read to its end. */
  readonly next: string | undefined;
  readonly millisBehind: number;
}

interface Answer {
  readonly Records?: readonly {
    readonly SequenceNumber: string;
    readonly PartitionKey: string;
    /** Seconds, with a fraction. */
    readonly ApproximateArrivalTimestamp: number;
    readonly Data: string;
  }[];
  readonly NextShardIterator?: string;
  readonly MillisBehindLatest?: number;
}

/**
 * GetRecords without the SDK, whose reading of a page of 10,000 records takes longer than all that is done with them. The stream is named beside the
 * iterator, so that the call can be authorized on it. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
 */
export async function readPage(caller: JsonCaller, streamArn: string, iterator: string): Promise<KinesisPage> {
  const asked = { StreamARN: streamArn, ShardIterator: iterator };
  const page = await jsonCall<Answer>(caller, "kinesis", "Kinesis_20131202.GetRecords", asked);
  return {
    records: (page.Records ?? []).map((record) => ({
      sequenceNumber: record.SequenceNumber,
      partitionKey: record.PartitionKey,
      arrivedAt: Math.round(record.ApproximateArrivalTimestamp * 1000),
      data: Buffer.from(record.Data, "base64"),
    })),
    next: page.NextShardIterator,
    millisBehind: page.MillisBehindLatest ?? 0,
  };
}
