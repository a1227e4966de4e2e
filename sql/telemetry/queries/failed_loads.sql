-- Redshift only: why a COPY failed, newest first. The file, line and column are those of the staged object.
SELECT start_time, table_id, file_name, line_number, column_name, error_code, error_message
FROM sys_load_error_detail
ORDER BY start_time DESC
LIMIT 50;
