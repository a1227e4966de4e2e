-- One row a message of the topic, as it came. An error in this SELECT would stop the refresh, so it parses and judges nothing: what is not JSON stands in
-- unreadable, byte for byte, with data NULL. One topic is read by one view: others stand on this one.
CREATE MATERIALIZED VIEW public.orders AUTO REFRESH YES AS
SELECT
  kafka_partition,
  kafka_offset,
  kafka_timestamp_type,
  kafka_timestamp,
  kafka_key,
  kafka_headers,
  refresh_time,
  kafka_value IS NULL AS tombstone,
  CASE WHEN CAN_JSON_PARSE(kafka_value) THEN JSON_PARSE(kafka_value) END AS data,
  CASE WHEN NOT CAN_JSON_PARSE(kafka_value) THEN kafka_value END AS unreadable
FROM kafka_orders.:"topic";
