export type { BackupProps } from "../support/firehose-backup";
export { DataFirehose, type DataFirehoseProps, type StreamSource } from "./data-firehose";
export type { RecordFormat, SchemaTable } from "./format";
export type { Partitioning } from "./partitioning";
export type { Processor, ProcessorHints } from "./processor";
