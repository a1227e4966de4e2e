-- One line a record. Format raw, because the connector puts no newline between records in any format: the line brings its own.
CREATE TABLE fast_laps (
  line STRING
) WITH (
  'connector' = 'firehose',
  'delivery-stream' = '${delivery.stream}',
  'aws.region' = '${aws.region}',
  'format' = 'raw'
)
