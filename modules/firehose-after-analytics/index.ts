export { FirehoseAfterAnalytics, type FirehoseAfterAnalyticsProps } from "./firehose-after-analytics";
