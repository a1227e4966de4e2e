-- How fast the car goes in each gear, and how hard it is driven there.
SELECT
  gear,
  COUNT(*)      AS readings,
  AVG(speed)    AS mean_speed,
  MAX(speed)    AS top_speed,
  AVG(rpm)      AS mean_rpm,
  AVG(throttle) AS mean_throttle
FROM public.demo_cluster_dbtable
GROUP BY gear
ORDER BY gear;
