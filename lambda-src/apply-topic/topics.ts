/** A topic as the brokers have it. */
export interface TopicState {
  readonly partitions: number;
  /** Of the partition that has fewest. */
  readonly replicationFactor: number;
  /** -1 is without end. */
  readonly retentionMilliseconds: number;
  readonly minInsyncReplicas: number;
  /** `delete`, `compact` or both. */
  readonly cleanupPolicy: string;
  /** Bytes of a partition after which old messages go, whatever the retention; -1 is without limit. */
  readonly retentionBytes: number;
}

/** What a topic is made with; the rest is the cluster's own. */
export type NewTopic = Pick<
  TopicState,
  "partitions" | "replicationFactor" | "retentionMilliseconds" | "retentionBytes"
> &
  Partial<Pick<TopicState, "minInsyncReplicas">>;

/** The port to the brokers. */
export interface Topics {
  /** Undefined when there is none. */
  find(topic: string): Promise<TopicState | undefined>;
  /** Nothing happens when it is there already. */
  create(topic: string, wanted: NewTopic): Promise<void>;
  raisePartitions(topic: string, partitions: number): Promise<void>;
  setRetention(topic: string, milliseconds: number): Promise<void>;
}
