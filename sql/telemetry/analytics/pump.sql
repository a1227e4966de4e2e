-- The SELECT as the SQL engine of the original pipeline ran it: its rows are pumped into the stream that the output is made of.
-- ${select} is fast-laps.sql, as SELECT STREAM and with the columns' names in quotes.
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (
  "speed"    DOUBLE,
  "rpm"      INTEGER,
  "gear"     INTEGER,
  "throttle" DOUBLE
);
CREATE OR REPLACE PUMP "STREAM_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
${select};
