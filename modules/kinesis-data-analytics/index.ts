export { AnalyticsApplication, type AnalyticsApplicationProps } from "./analytics-application";
export { SqlApplication, type SqlApplicationProps } from "./sql-application";
