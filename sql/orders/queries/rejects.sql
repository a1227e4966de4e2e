-- Messages that are no orders and items that do not count, by reason; then what was too long to be read at all.
SELECT reason, COUNT(*) AS rejects, MIN(kafka_timestamp) AS first, MAX(kafka_timestamp) AS last
FROM order_rejects
GROUP BY reason
UNION ALL
SELECT error_reason, COUNT(*), MIN(stream_timestamp), MAX(stream_timestamp)
FROM sys_stream_scan_errors
WHERE mv_name = 'orders'
GROUP BY error_reason
ORDER BY 2 DESC;
