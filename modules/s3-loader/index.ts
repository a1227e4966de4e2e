export { checkTables } from "./checks";
export { Ledger, REJECTS_INDEX } from "./ledger";
export { DEFAULT_LEDGER_DAYS, DEFAULT_LOOKBACK_DAYS, LOADS, S3Loader, type S3LoaderProps } from "./s3-loader";
export { type LoadTarget, loadsInto } from "./warehouse";
