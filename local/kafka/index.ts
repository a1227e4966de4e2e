export { type ClusterOptions, KafkaCluster } from "./cluster";
export { type Configuration, fitted, readProperties } from "./properties";
export { type KafkaStreamsOptions, kafkaStreams } from "./streams";
