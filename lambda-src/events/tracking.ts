/**
 * The events of a site, described once: the emitter reads samples of them, Firehose loads these columns, the tables are checked against them.
 * All fields are text; null or absent where a request had none.
 */

/** What a visitor did, in the columns' order. */
export const USER_EVENT = [
  "environment",
  "user_account_id",
  /** `2020-06-01 00:00:24.000000`, UTC. */
  "request_timestamp",
  "referrer",
  "website_id",
  "topic",
  "location",
  /** UUID, shared with the UTM event of the same request. Not unique: a repeat sends it again. */
  "request_id",
  /** A JSON document inside a string, its quotes escaped. */
  "message",
  /** UUID. */
  "cookie_id",
  "user_agent",
] as const;

/** What brought the visitor: the UTM parameters of the link, and what the advertising network added. */
export const UTM_EVENT = [
  "request_id",
  "source",
  "medium",
  "campaign",
  "content",
  "term",
  "matchtype",
  "network",
  "ad_id",
  "ad_pos",
  "placement",
  "placement_category",
  "testgroup",
  "device",
] as const;

export type UserEvent = { readonly [F in (typeof USER_EVENT)[number]]?: string | null };
export type UtmEvent = { readonly [F in (typeof UTM_EVENT)[number]]?: string | null };
