export { AnalyticsApplication, type AnalyticsApplicationProps } from "./analytics-application";
