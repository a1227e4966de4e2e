export { DataFirehose, type DataFirehoseProps, type StreamSource } from "./data-firehose";
export type { Processor, ProcessorHints } from "./processor";
