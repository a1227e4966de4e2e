-- A CSV line of each row. NULL is an empty field: without COALESCE it would make the whole line NULL.
INSERT INTO fast_laps
SELECT
  COALESCE(CAST(speed AS STRING), '') || ',' ||
  COALESCE(CAST(rpm AS STRING), '') || ',' ||
  COALESCE(CAST(gear AS STRING), '') || ',' ||
  COALESCE(CAST(throttle AS STRING), '') || CHR(10)
FROM (${select})
