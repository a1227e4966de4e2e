export { createKinesisAnalyticsV2 } from "./service";
