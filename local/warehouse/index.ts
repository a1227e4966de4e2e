export type { ObjectStore, ObjectStores, Reader } from "./copy/files";
export type { CopyCredentials } from "./copy/options";
export { SqlError } from "./errors";
export { type FileFormat, FileQueries, type FileTable } from "./files/query-engine";
export { Session } from "./session";
export { quoteName, quoteString, split, tokenize } from "./sql/tokens";
export type { StreamRecord, StreamSchema, Streams, StreamTopic } from "./streaming";
export { Warehouse, type WarehouseSettings } from "./warehouse";
export { Warehouses, type Workgroup } from "./warehouses";
