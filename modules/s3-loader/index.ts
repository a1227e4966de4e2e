export { OWN_PREFIX } from "../../lambda-src/load/config";
export type { LoadTable } from "../../lambda-src/load/table";
export type { DriverLogin } from "./inside";
export { Ledger, REJECTS_INDEX } from "./ledger";
export { S3Loader, type S3LoaderProps } from "./s3-loader";
export { type ForeignLoadTarget, LOADS, type LoadTarget, loadsInto } from "./warehouse";
export { BucketRole, type BucketRoleProps, WarehouseAccess, type WarehouseAccessProps } from "./warehouse-access";
