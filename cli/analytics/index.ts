export { AnalyticsError, type AnalyticsOptions, start, status, stop } from "./control";
