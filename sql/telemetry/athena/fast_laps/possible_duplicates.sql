-- Rows that occur more than once: what a retried delivery looks like. Two true readings may also be alike.
SELECT speed, rpm, gear, throttle, COUNT(*) AS times
FROM fast_laps
GROUP BY speed, rpm, gear, throttle
HAVING COUNT(*) > 1
ORDER BY times DESC, speed DESC
LIMIT 100
