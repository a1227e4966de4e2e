-- Rows of each hour and table, by the loads that brought them.
SELECT table_name, source_hour, SUM(files) AS files, SUM(rows) AS rows, MAX(loaded_at) AS last_load
FROM redstream.loads
WHERE state <> 'abandoned'
GROUP BY table_name, source_hour
ORDER BY table_name, source_hour;
