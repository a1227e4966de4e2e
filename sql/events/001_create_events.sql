-- User events, by the fields of lambda-src/events/tracking.ts. COPY json 'auto' puts each field into the column of its name.
--
-- request_id, cookie_id   UUIDs as text: 36 characters, and COPY cuts (TRUNCATECOLUMNS) a longer one instead of refusing the file.
-- request_timestamp       2020-06-01 00:00:24.000000, UTC without a zone: COPY's default format takes the fraction.
-- referrer, location      URLs: 2,048 characters are what browsers and servers agree on.
-- user_agent              the longest of today's agents are below 1,024 characters.
-- message                 a JSON document inside a string. VARCHAR and not SUPER: a document that COPY had to cut, or that is none, must not
--                         stop a load; JSON_PARSE(message) reads it.
-- environment, topic ...  short texts of the site. CHARACTER lengths count bytes, so these have room for four-byte letters.
-- source_hour             hour (UTC) of the file's key, written by the loader, which replaces whole hours by it. Firehose leaves it NULL.
--
-- No key is declared: delivery is at least once, a repeat sends the same request_id again, and Redshift would not enforce one.
CREATE TABLE public.events (
  environment        VARCHAR(64),
  user_account_id    VARCHAR(128),
  request_timestamp  TIMESTAMP,
  referrer           VARCHAR(2048),
  website_id         VARCHAR(128),
  topic              VARCHAR(256),
  location           VARCHAR(2048),
  request_id         VARCHAR(36),
  message            VARCHAR(65535),
  cookie_id          VARCHAR(36),
  user_agent         VARCHAR(1024),
  source_hour        TIMESTAMP
);
