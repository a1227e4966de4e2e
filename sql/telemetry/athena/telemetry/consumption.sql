-- Fuel and lap time over all records of last and this year. EXTRA2 is fuel_consumption * lap_time, added on the way.
SELECT
  COUNT(*)              AS records,
  AVG(fuel_consumption) AS mean_fuel_consumption,
  AVG(lap_time)         AS mean_lap_time,
  MIN(lap_time)         AS best_lap_time,
  AVG(extra2)           AS mean_extra2
FROM telemetry
WHERE year >= YEAR(CURRENT_DATE) - 1
