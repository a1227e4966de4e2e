export { AccountLogging } from "./account-logging";
export { IngestApi, type IngestApiProps, type IngestTarget, type PutTarget } from "./ingest-api";
