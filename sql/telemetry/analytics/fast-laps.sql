-- Readings of a car at 200 km/h and above. Plain SQL: the statements beside this file wrap it for Flink.
SELECT speed, rpm, gear, throttle
FROM telemetry
WHERE speed >= 200
