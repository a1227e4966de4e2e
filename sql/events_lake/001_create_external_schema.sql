-- The files that event-monitor keeps in a columnar format, as tables of the warehouse: event_lake.events and event_lake.utm. What is there is the
-- data catalog's to say; nothing of it is in the warehouse, and a file is found by the next query.
--
-- The roles are a chain: the warehouse's own, then the one that reads the catalog and the bucket, which may be in another account. No CREATE EXTERNAL
-- DATABASE: event-monitor makes it, after this.
CREATE EXTERNAL SCHEMA event_lake
FROM DATA CATALOG
DATABASE :'database'
REGION :'region'
IAM_ROLE :'roles';
