export { createKinesisAnalytics } from "./service";
