-- Messages and the last offset of each partition.
SELECT kafka_partition, COUNT(*) AS messages, MAX(kafka_offset) AS last_offset
FROM orders
GROUP BY kafka_partition
ORDER BY kafka_partition;
