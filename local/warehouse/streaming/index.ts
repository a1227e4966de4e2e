export { AutoRefresh } from "./auto-refresh";
export { STREAM_TABLES } from "./catalogue";
export type { PartitionRange, Reading, StreamRecord, StreamSchema, Streams, StreamTopic } from "./source";
