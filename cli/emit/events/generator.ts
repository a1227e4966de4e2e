import type { UserEvent, UtmEvent } from "../../../lambda-src/events/tracking";
import { Random } from "../random";
import type { StreamRecord } from "./put";
import { NO_KEY } from "./read";
import { type EventStream, keyFieldOf } from "./streams";

/** One request: what the visitor did, and what brought them there. The two share its request_id. */
export interface EventPair {
  readonly user: UserEvent;
  readonly utm: UtmEvent;
}

/** When the first event happened; each later one comes a second after the one before. */
const FIRST_MS = Date.UTC(2020, 5, 1, 0, 0, 24);

const TOPICS = ["page_view", "product_view", "add_to_cart", "checkout", "newsletter_signup"];
const PATHS = ["/", "/tyres", "/tyres/winter", "/cart", "/checkout?step=2", "/blog/caf%C3%A9-racer"];
const REFERRERS = ["https://www.example.org/", "https://search.example/?q=%22winter+tyres%22", null];
const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Mobile/15E148 Safari/604.1 [FBAN/FBIOS;FBAV/271.0.0.42.122;FBBV/219367222;FBDV/iPhone11,8;FBMD/iPhone;FBSN/iOS;FBSV/13.5;FBSS/2;FBID/phone;FBLC/de_DE;FBOP/5;FBCR/]",
];
const CAMPAIGNS = ["winter", "summer \u2013 sale", "retargeting", null];
const SOURCES = ["google", "newsletter", "bing", "facebook"];

/**
 * Endless requests of a site, as user and UTM events. The same seed gives the same events, byte for byte, and the first n of them are the same
 * however many are taken.
 */
export function* eventPairs(seed: number): Generator<EventPair, never> {
  const random = new Random(seed);
  const below = (n: number) => Math.floor(random.next() * n);
  const one = <T>(of: readonly T[]): T => of[below(of.length)]!;
  const uuid = () => uuidOf(() => below(0x10000));
  for (let n = 0; ; n++) {
    const request_id = uuid();
    const cookie_id = uuid();
    const topic = one(TOPICS);
    const path = one(PATHS);
    yield {
      user: {
        environment: "production",
        user_account_id: below(3) === 0 ? String(10_000 + below(90_000)) : null,
        request_timestamp: `${new Date(FIRST_MS + n * 1000).toISOString().slice(0, 19).replace("T", " ")}.000000`,
        referrer: one(REFERRERS),
        website_id: null,
        topic,
        location: `https://shop.example${path}`,
        request_id,
        // A document inside a string: its quotes are escaped once more in the record.
        message: JSON.stringify({ topic, path, items: below(5), note: 'the "best" \\ caf\u00e9' }),
        cookie_id,
        user_agent: one(AGENTS),
      },
      utm: {
        request_id,
        source: one(SOURCES),
        medium: "cpc",
        campaign: one(CAMPAIGNS),
        content: null,
        term: below(2) === 0 ? "winter tyres" : null,
        matchtype: null,
        network: one(["g", "s", null]),
        ad_id: below(2) === 0 ? String(below(1_000_000_000)) : null,
        ad_pos: one(["1t1", "1t2", "none"]),
        placement: null,
        placement_category: null,
        testgroup: one(["a", "b"]),
        device: one(["c", "m", "t"]),
      },
    };
  }
}

/** Version 4, from eight draws of 16 bits. */
function uuidOf(draw: () => number): string {
  const hex = Array.from({ length: 8 }, () => draw().toString(16).padStart(4, "0"));
  hex[3] = `4${hex[3]!.slice(1)}`;
  hex[4] = `${"89ab"[Number.parseInt(hex[4]![0]!, 16) & 3]}${hex[4]!.slice(1)}`;
  return [hex[0]! + hex[1]!, hex[2], hex[3], hex[4], hex.slice(5).join("")].join("-");
}

/** The first `count` events of a seed for one stream, as they are put. */
export function* generatedRecords(stream: EventStream, seed: number, count: number): Generator<StreamRecord> {
  const pairs = eventPairs(seed);
  for (let n = 0; n < count; n++) {
    const event = pairs.next().value[stream] as Readonly<Record<string, string | null>>;
    yield { data: Buffer.from(`${JSON.stringify(event)}\n`), key: event[keyFieldOf(stream)] ?? NO_KEY };
  }
}
