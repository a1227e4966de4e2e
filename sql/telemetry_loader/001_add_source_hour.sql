-- Hour (UTC) of the file that a row came from, written by the loader: a replay of an hour replaces its rows. Run with delivery loader only, so that the table that
-- Firehose's COPY fills has the analytics SELECT's columns and no other. Rows from before stay NULL, and no replay replaces them.
ALTER TABLE public.demo_cluster_dbtable ADD COLUMN source_hour TIMESTAMP;
