/** What MSK offers. The provider takes any text for these, and AWS says so only after a quarter of an hour of an apply. */

/**
 * Kafka versions under support: developer guide, "Supported Apache Kafka versions", seen 2026-11-21 (3.6.0 ended 2026-06-01). `x` is AWS's: it applies the patches.
 * Versions with `.kraft` keep their metadata without ZooKeeper.
 */
export const KAFKA_VERSIONS = [
  "3.7.x",
  "3.7.x.kraft",
  "3.8.x",
  "3.8.x.kraft",
  "3.9.x",
  "3.9.x.kraft",
  "4.0.x.kraft",
  "4.1.x.kraft",
] as const;
export type KafkaVersion = (typeof KAFKA_VERSIONS)[number];

const M5 = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"] as const;
const M7G = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"] as const;

/** Standard brokers, whose volumes and settings are the customer's: developer guide, "Amazon MSK broker sizes", seen 2026-11-21. */
export const INSTANCE_TYPES = [
  "kafka.t3.small",
  ...M5.map((size) => `kafka.m5.${size}` as const),
  ...M7G.map((size) => `kafka.m7g.${size}` as const),
] as const;
export type InstanceType = (typeof INSTANCE_TYPES)[number];

/** Gigabytes of a broker's volume: API reference, "EBSStorageInfo". */
export const VOLUME_GB = { min: 1, max: 16384 };

/** Brokers of a cluster: developer guide, "Amazon MSK quota". A cluster without ZooKeeper may have 60, one with it 30. */
export const mostBrokers = (version: string): number => (version.endsWith(".kraft") ? 60 : 30);

/** https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html */
export const MONITORING = ["DEFAULT", "PER_BROKER", "PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION"] as const;
export type Monitoring = (typeof MONITORING)[number];

/** Name of a cluster or a configuration: API reference, "CreateCluster". */
export const CLUSTER_NAME = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9-]{0,63}$/,
  rule: "1 to 64 letters, digits and -, not a - first",
};
