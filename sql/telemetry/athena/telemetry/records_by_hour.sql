-- Records of last and this year by the hour (UTC) that Firehose files them under, with those whose EXTRA2 is missing.
SELECT
  year,
  month,
  day,
  hour,
  COUNT(*)                 AS records,
  COUNT(*) - COUNT(extra2) AS without_extra2
FROM telemetry
WHERE year >= YEAR(CURRENT_DATE) - 1
GROUP BY year, month, day, hour
ORDER BY year, month, day, hour
