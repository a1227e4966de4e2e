-- Temperature and pressure of the front tires in each gear, last and this year: what lies nested in the records.
SELECT
  gear,
  COUNT(*)                           AS readings,
  AVG(temperatures.tires.front_left)  AS mean_temperature_left,
  AVG(temperatures.tires.front_right) AS mean_temperature_right,
  AVG(pressures.tires.front_left)     AS mean_pressure_left,
  AVG(pressures.tires.front_right)    AS mean_pressure_right
FROM telemetry
WHERE year >= YEAR(CURRENT_DATE) - 1
GROUP BY gear
ORDER BY gear
