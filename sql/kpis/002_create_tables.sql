-- source_hour is the hour of the file a row came from, UTC: a replay of an hour replaces its rows.
CREATE TABLE kpis (
  kpi         VARCHAR(64),
  measured_on DATE,
  region      VARCHAR(32),
  value       DOUBLE PRECISION,
  source_hour TIMESTAMP
)
DISTSTYLE AUTO
SORTKEY (source_hour);

CREATE TABLE page_views (
  view_id     VARCHAR(36),
  page        VARCHAR(256),
  viewed_at   TIMESTAMP,
  duration_ms INTEGER,
  source_hour TIMESTAMP
)
DISTSTYLE AUTO
SORTKEY (source_hour);

CREATE TABLE sensors (
  sensor_id   INTEGER,
  read_at     TIMESTAMP,
  celsius     DOUBLE PRECISION,
  source_hour TIMESTAMP
)
DISTSTYLE AUTO
SORTKEY (source_hour);
