-- One row a load, written in the transaction that loads: what is here is in its table, whatever the ledger says. Used with delivery loader only, and there
-- before it, so that a change of the delivery needs no other migration. The same table as in sql/kpis, whichever comes first.
CREATE TABLE IF NOT EXISTS redstream.loads (
  load_id     VARCHAR(36)   NOT NULL,
  table_name  VARCHAR(255)  NOT NULL,
  state       VARCHAR(16)   NOT NULL,
  source_hour TIMESTAMP,
  files       BIGINT        NOT NULL,
  bytes       BIGINT        NOT NULL,
  rows        BIGINT        NOT NULL,
  loaded_at   TIMESTAMP     NOT NULL
)
DISTSTYLE ALL
SORTKEY (loaded_at);
