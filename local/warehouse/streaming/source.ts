/** An external schema over a Kafka cluster: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html */
export interface StreamSchema {
  readonly name: string;
  readonly source: "kafka" | "msk";
  readonly authentication: "none" | "iam";
  /** ARN of the role, `default`, or null with AUTHENTICATION none. */
  readonly role: string | null;
  /** Bootstrap servers; one of `uri` and `clusterArn` is given. */
  readonly uri: string | null;
  readonly clusterArn: string | null;
}

/** One record of a topic. */
export interface StreamRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** C: given by who made it; L: given by the broker; U: neither. */
  readonly timestampType: "C" | "L" | "U";
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

/** Offsets of a partition: the first record it still has, and the one after its last. */
export interface PartitionRange {
  readonly partition: number;
  readonly first: bigint;
  readonly end: bigint;
}

/** What a read gave: records in the order of their offsets, and the offset to go on from, by partition. */
export interface Reading {
  readonly records: readonly StreamRecord[];
  readonly next: ReadonlyMap<number, bigint>;
}

/** A topic as a refresh reads it. */
export interface StreamTopic {
  /** @throws Error when the brokers cannot be reached or have no such topic */
  ranges(): Promise<readonly PartitionRange[]>;
  /** Some records from each offset on; at least one of them moves on. */
  read(from: ReadonlyMap<number, bigint>): Promise<Reading>;
}

/** The port to Kafka: the warehouse knows neither brokers nor AWS. */
export interface Streams {
  /** @throws Error with one line when the schema's cluster is not known */
  topic(schema: StreamSchema, name: string): Promise<StreamTopic>;
  close(): Promise<void>;
}
