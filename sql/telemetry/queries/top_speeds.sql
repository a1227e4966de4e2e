-- The ten fastest readings.
SELECT speed, rpm, gear, throttle
FROM public.demo_cluster_dbtable
ORDER BY speed DESC, rpm DESC
LIMIT 10;
