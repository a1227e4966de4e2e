import { type BadResult, type EmitResult, telemetryRecords } from "../../../cli/emit";
import { type Counted, checksOf } from "../../../cli/up/checks";
import { Checksum } from "../../../cli/up/checksum";

const RECORDS = 10;
const sent = (over: Partial<EmitResult> = {}): EmitResult => ({
  ...{ records: RECORDS, sent: RECORDS, accepted: RECORDS, refused: 0, lost: 0, retried: 0, unknown: 0, elapsedMs: 1 },
  ...{ refusedByStatus: {}, firstFailure: undefined },
  ...over,
});
const recordsOf = (seed: number) => {
  const source = telemetryRecords(seed);
  return Array.from({ length: RECORDS }, () => source.next().value);
};
const sumOf = (records: readonly unknown[]) =>
  records.reduce((sum: Checksum, record) => sum.add(record), new Checksum());
const identitiesOf = (records: readonly unknown[]) =>
  Float64Array.from(records, (record) => new Checksum().add(record).last).sort();
const minimal = (over: Partial<Counted> = {}): Counted => ({
  sent: sent(),
  seed: 1,
  raw: {
    ...{ objects: 1, records: RECORDS, withExtra2: RECORDS, rejected: new Map() },
    ...{ checksum: sumOf(recordsOf(1)).value, identities: identitiesOf(recordsOf(1)) },
  },
  analytics: { read: RECORDS, selected: 6, filtered: 4, unreadable: 0 },
  delivery: { received: 6, delivered: 6, abandoned: 0 },
  arrived: 6,
  unknown: 0,
  bad: undefined,
  givenUp: 0,
  ...over,
});
const failing = (over: Partial<Counted>) =>
  checksOf(minimal(over))
    .filter(({ holds }) => !holds)
    .map(({ says }) => says);

describe("the checks of a telemetry run", () => {
  it("hold when every record is in its place", () => {
    expect(failing({})).toEqual([]);
  });

  it("find records that are not those that were sent", () => {
    const sum = sumOf(recordsOf(1)).value.toString(16).padStart(16, "0");
    expect(failing({ seed: 2 })).toEqual([`the raw records are those that were sent, by checksum (${sum})`]);
  });

  it("find a lost record, and a doubled one that no repeated put explains", () => {
    const [one, two, ...others] = recordsOf(1);
    const raw = (...records: unknown[]) => ({
      ...{ objects: 1, records: records.length, withExtra2: records.length, rejected: new Map() },
      ...{ checksum: sumOf(records).value, identities: identitiesOf(records) },
    });
    const less = raw(two, ...others);
    const more = raw(one, one, two, ...others);
    expect(failing({ raw: less })).toEqual(["every accepted record is in the raw bucket once (9)"]);
    expect(failing({ raw: more })).toContain("every accepted record is in the raw bucket once (11)");
    expect(failing({ raw: more, unknown: 1 })).toEqual([]);
    expect(failing({ raw: raw(one, one, ...others), unknown: 1 })).toEqual([
      "the raw records are those that were sent, one by one (1 missing, 0 others, 1 twice)",
    ]);
  });

  it("count what was rejected as kept, and say that it was rejected", () => {
    const raw = { ...minimal().raw, records: 7, withExtra2: 7, rejected: new Map([["Lambda.X: y", 3]]) };
    expect(failing({ raw })).toEqual(["no record was rejected (3)"]);
    expect(checksOf(minimal({ raw })).map(({ says }) => says)).toContain(
      "every accepted record is in the raw bucket once or under its error prefix (7 + 3)",
    );
  });

  it("find what a given-up COPY left: not arrived, and not lost either", () => {
    const over = { arrived: 2, delivery: { received: 6, delivered: 6, abandoned: 4 } };
    expect(failing({ ...over, givenUp: 4 })).toEqual(["every selected record arrived (2)"]);
    expect(failing({ ...over, givenUp: 3 })).toEqual([
      "every selected record arrived (2)",
      "none is lost: the files of what did not arrive are named by manifests under errors/manifests (3)",
    ]);
  });

  it("expect bad records that were taken under the error prefix, and their garbage unread by the analytics", () => {
    const answers = [{ answer: "taken" as const, count: 2 }];
    const found = { answers, rejected: new Map(), arriving: [], unreadable: 1, unknown: 0 } as unknown as BadResult;
    const bad = { ...found, checks: [{ says: "broken JSON: found", holds: true }] };
    const raw = { ...minimal().raw, rejected: new Map([["x", 2]]) };
    const analytics = { read: 12, selected: 6, filtered: 5, unreadable: 1 };
    expect(failing({ bad, raw, analytics })).toEqual([]);
    expect(failing({ bad, raw, analytics: { ...analytics, unreadable: 0, filtered: 6 } })).toEqual([
      "the analytics application read every accepted record once and understood all but the 1 that are no JSON (12)",
    ]);
  });
});
