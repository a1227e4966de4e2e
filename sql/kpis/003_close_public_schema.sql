-- Everybody may create in public by default; whoever loads may fill its tables and make none.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
