export type { Kafka, KafkaCaller } from "./kafka";
export { MskCluster, type MskClusterProps } from "./msk-cluster";
export { MskReference, type MskReferenceProps } from "./msk-reference";
export { MskServerless, type MskServerlessProps } from "./msk-serverless";
export { Topic, type TopicProps } from "./topic";
