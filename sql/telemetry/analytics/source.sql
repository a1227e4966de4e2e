-- The stream as a table. ${columns} is every field of lambda-src/events/telemetry.ts.
-- What is no JSON is passed over; the raw bucket keeps it. A start without a snapshot begins where ${source.position} says.
CREATE TABLE telemetry (
  ${columns}
) WITH (
  'connector' = 'kinesis',
  'stream' = '${source.stream}',
  'aws.region' = '${aws.region}',
  'scan.stream.initpos' = '${source.position}',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
)
