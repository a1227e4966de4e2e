-- Rows of the analytics SELECT, in its column order, as Firehose's COPY loads them from CSV.
-- The record types are in lambda-src/events/telemetry.ts. FLOAT8 is what Redshift's FLOAT means.
-- Delivery is at least once and Redshift enforces no key, so a row may stand here twice after a retry.
CREATE TABLE public.demo_cluster_dbtable (
  speed    FLOAT8,
  rpm      INTEGER,
  gear     INTEGER,
  throttle FLOAT8
);
