-- Empty: a view comes once, whatever was sent twice. Redshift enforces no key, so it is the loader that keeps it.
SELECT view_id, COUNT(*) AS times
FROM page_views
GROUP BY view_id
HAVING COUNT(*) > 1;
