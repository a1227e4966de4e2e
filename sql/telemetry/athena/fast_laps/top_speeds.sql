-- The ten fastest readings.
SELECT speed, rpm, gear, throttle
FROM fast_laps
ORDER BY speed DESC, rpm DESC
LIMIT 10
