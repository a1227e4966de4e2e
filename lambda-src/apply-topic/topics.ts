/** A topic as the brokers have it. */
export interface TopicState {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly retentionMilliseconds: number;
  readonly minInsyncReplicas: number;
}

/** The port to the brokers. */
export interface Topics {
  /** Undefined when there is none. */
  find(topic: string): Promise<TopicState | undefined>;
  /** Nothing happens when it is there already. */
  create(topic: string, state: Omit<TopicState, "minInsyncReplicas"> & Partial<TopicState>): Promise<void>;
  raisePartitions(topic: string, partitions: number): Promise<void>;
  setRetention(topic: string, milliseconds: number): Promise<void>;
}
