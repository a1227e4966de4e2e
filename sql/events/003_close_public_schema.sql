-- Every user may create tables in schema public unless this is taken back. The loading user shall only insert, so only
-- superusers create here.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
