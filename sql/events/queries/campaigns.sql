-- Requests that campaigns brought, and to how many cookies, by source and campaign.
SELECT u.source, u.campaign, COUNT(DISTINCT u.request_id) AS requests, COUNT(DISTINCT e.cookie_id) AS cookies
FROM public.utm u
LEFT JOIN public.events e ON e.request_id = u.request_id
GROUP BY u.source, u.campaign
ORDER BY requests DESC, u.source, u.campaign;
