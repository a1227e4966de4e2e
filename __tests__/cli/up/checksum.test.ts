import { telemetryRecords } from "../../../cli/emit";
import { Checksum } from "../../../cli/up/checksum";

const source = telemetryRecords(3);
const [a, b] = [source.next().value, source.next().value];
const of = (...records: unknown[]) => records.reduce((sum: Checksum, record) => sum.add(record), new Checksum()).value;

describe("the checksum of records", () => {
  it("is the same in whatever order they come, and whatever stands in them beside the telemetry", () => {
    expect(of(b, a)).toBe(of(a, b));
    expect(of({ ...a, EXTRA2: 5 })).toBe(of(a));
  });

  it.each<[string, unknown[]]>([
    ["one is missing", [a]],
    ["one came twice", [a, b, b]],
    ["one came twice in the other's place", [a, a]],
    ["a value has changed in its last digit", [a, { ...b, lap_time: b.lap_time + 0.001 }]],
    ["two values have changed places", [a, { ...b, throttle: b.brakes, brakes: b.throttle }]],
    [
      "a value of two records has changed places",
      [
        { ...a, speed: b.speed },
        { ...b, speed: a.speed },
      ],
    ],
    ["a number has become text", [a, { ...b, speed: String(b.speed) }]],
    ["a nested value is missing", [a, { ...b, suspension: {} }]],
    ["one is no record", [a, undefined]],
  ])("differs when %s", (_, records) => {
    expect(of(...records)).not.toBe(of(a, b));
  });

  it("differs between any two of 20,000 records", () => {
    const some = telemetryRecords(9);
    const sums = new Set(Array.from({ length: 20_000 }, () => of(some.next().value)));
    expect(sums.size).toBe(20_000);
  });
});
