SELECT kpi, region, COUNT(*) AS measured, MIN(value) AS lowest, AVG(value) AS average, MAX(value) AS highest
FROM kpis
GROUP BY kpi, region
ORDER BY kpi, region;
