/** What a cluster asks of its brokers. */
export interface WantedBrokers {
  readonly arn: string;
  readonly name: string;
  /** Brokers of the cluster, as applied. */
  readonly nodes: number;
  /** As applied: `3.9.x.kraft`. */
  readonly kafkaVersion: string;
  /** `server.properties` of the applied configuration's revision, a `name=value` a line; empty without a configuration. */
  readonly serverProperties: string;
}

/** The port to what really serves Kafka: the control plane knows nothing else of it. */
export interface Brokers {
  /**
   * Brings a cluster's brokers to what is wanted: starts them on the first call for an ARN; later it changes their number or restarts them with other
   * settings, their topics kept. Resolves, when all of them serve, with their addresses (`127.0.0.1:PORT`). Rejects with a line for people.
   */
  apply(wanted: WantedBrokers): Promise<readonly string[]>;
  /** Stops a cluster's brokers and forgets their topics. */
  remove(arn: string): Promise<void>;
  /** Stops all of them. */
  close(): Promise<void>;
}
