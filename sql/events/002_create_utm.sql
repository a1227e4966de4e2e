-- What brought a visitor, by the UTM parameters of the link: all text as the link has it, several absent in most. request_id is that of the
-- user event of the same request, so the two tables join on it; it is no key of either.
-- ad_pos stays text: networks write none, 1t2 and the like into it.
CREATE TABLE public.utm (
  request_id          VARCHAR(36),
  source              VARCHAR(256),
  medium              VARCHAR(256),
  campaign            VARCHAR(512),
  content             VARCHAR(512),
  term                VARCHAR(512),
  matchtype           VARCHAR(64),
  network             VARCHAR(64),
  ad_id               VARCHAR(128),
  ad_pos              VARCHAR(32),
  placement           VARCHAR(2048),
  placement_category  VARCHAR(256),
  testgroup           VARCHAR(128),
  device              VARCHAR(64),
  source_hour         TIMESTAMP
);
