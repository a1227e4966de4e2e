-- Events of each topic, with the first and the last.
SELECT topic, COUNT(*) AS events, MIN(request_timestamp) AS first_event, MAX(request_timestamp) AS last_event
FROM public.events
GROUP BY topic
ORDER BY events DESC, topic;
