-- How fast the car goes in each gear, and how hard it is driven there: the fast laps only.
SELECT
  gear,
  COUNT(*)      AS readings,
  AVG(speed)    AS mean_speed,
  MAX(speed)    AS top_speed,
  AVG(rpm)      AS mean_rpm,
  AVG(throttle) AS mean_throttle
FROM fast_laps
GROUP BY gear
ORDER BY gear
