-- One row a load, written in the transaction that loads: what is here is in its table, whatever the ledger says.
-- Beside redstream.migrations, and shared by every dataset that is loaded by files.
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
