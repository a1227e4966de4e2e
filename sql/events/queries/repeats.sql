-- Requests that stand in the table more than once: repeats of the sender, or of a delivery.
SELECT request_id, COUNT(*) AS times
FROM public.events
GROUP BY request_id
HAVING COUNT(*) > 1
ORDER BY times DESC, request_id
LIMIT 100;
