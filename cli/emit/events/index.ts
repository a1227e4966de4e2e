export { type EventPair, eventPairs, generatedRecords } from "./generator";
export { type PutOptions, putAll, type StreamRecord } from "./put";
export { type EventFile, readEvents } from "./read";
export { type EventStream, keyFieldOf, STREAMS } from "./streams";
