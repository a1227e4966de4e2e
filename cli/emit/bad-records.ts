/** What becomes of a record that a producer should not have sent, or might not have thought of. */
export type Fate =
  /** The API answers with this status and passes nothing on; the stream itself says so by an error. */
  | { readonly kind: "refused"; readonly status: 400 | 413 }
  /** It is taken, fails in the processor, and lies under the error prefix as it came. */
  | { readonly kind: "rejected" }
  /** It is odd, but valid: it arrives. */
  | { readonly kind: "arrives" };

/** The API, and the stream itself, for another producer. */
export const ENTRIES = ["API", "stream"] as const;
export type Entry = (typeof ENTRIES)[number];

export interface BadKind {
  readonly name: string;
  /** The record made of a good one's JSON. No line break at its end: the API adds it, another producer may not. */
  make(good: string): Buffer;
  readonly fate: Readonly<Record<Entry, Fate>>;
  /** `PUT /streams` takes any bytes as base64; of `POST /records` API Gateway makes text, and of bad bytes replacement characters. @default "/records" */
  readonly path?: "/streams";
  /** Whether the analytics application can read it no more than the processor: it is no JSON object at all. */
  readonly unreadable: boolean;
}

const MB = 1024 * 1024;

const REJECTED: Fate = { kind: "rejected" };
const ARRIVES: Fate = { kind: "arrives" };
const refused = (status: 400 | 413): Fate => ({ kind: "refused", status });

/** Fields behind the good ones. */
const having = (good: string, fields: string) => Buffer.from(`${good.slice(0, -1)},${fields}}`);
/** The value of lap_time in another text, and the comma before it. */
const withLapTime = (good: string, text: string) => Buffer.from(good.replace(/,"lap_time":[\d.]+/, text));

const bad = (name: string, make: BadKind["make"], api: Fate, others: Partial<BadKind> = {}): BadKind => ({
  name,
  make,
  fate: { API: api, stream: REJECTED },
  unreadable: false,
  ...others,
});
const odd = (name: string, make: BadKind["make"]): BadKind => ({
  name,
  make,
  fate: { API: ARRIVES, stream: ARRIVES },
  unreadable: false,
});

/** Each kind of record, with what the telemetry stacks promise of it by either entry. */
export const BAD_KINDS: readonly BadKind[] = [
  bad("broken JSON", (good) => Buffer.from(good.slice(0, -2)), refused(400), { unreadable: true }),
  bad("an empty record", () => Buffer.alloc(0), refused(400), { unreadable: true }),
  bad("NaN", (good) => withLapTime(good, ',"lap_time":NaN'), refused(400), { unreadable: true }),
  // Between quotes, where it could pass for text.
  bad(
    "invalid UTF-8",
    (good) => Buffer.concat([having(good, '"driver":"').subarray(0, -1), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    REJECTED,
    {
      path: "/streams",
    },
  ),
  bad("no lap_time", (good) => withLapTime(good, ""), REJECTED),
  bad("text as lap_time", (good) => withLapTime(good, ',"lap_time":"fast"'), REJECTED),
  bad("another EXTRA2", (good) => having(good, '"EXTRA2":-1'), REJECTED),
  bad("2 MB", (good) => having(good, `"note":"${"x".repeat(2 * MB)}"`), refused(413), {
    fate: { API: refused(413), stream: refused(400) },
  }),
  odd("a key that stands twice", (good) => Buffer.from(`{"lap_time":1,${good.slice(1)}`)),
  odd("nested 500 deep", (good) => having(good, `"deep":${"[".repeat(500)}${"]".repeat(500)}`)),
  odd("1e400", (good) => having(good, '"far":1e400')),
  odd("20 digits", (good) => having(good, '"id":12345678901234567890')),
  odd("its EXTRA2 already", (good) => {
    const { fuel_consumption, lap_time } = JSON.parse(good) as Readonly<Record<string, number>>;
    return having(good, `"EXTRA2":${fuel_consumption! * lap_time!}`);
  }),
];
