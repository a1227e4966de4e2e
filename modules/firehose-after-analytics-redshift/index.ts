export {
  FirehoseAfterAnalyticsRedshift,
  type FirehoseAfterAnalyticsRedshiftProps,
  type RedshiftTarget,
} from "./firehose-after-analytics-redshift";
