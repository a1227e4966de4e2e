import { createHash } from "node:crypto";
import { progressLine, resultLines, telemetryRecords } from "../../../cli/emit";
import { TelemetryWriter } from "../../../cli/emit/generator";
import { Pacer } from "../../../cli/emit/pacer";
import { backOffMs } from "../../../cli/emit/retry";
import { type RecordShape, TELEMETRY } from "../../../lambda-src/events/telemetry";

const take = (seed: number, count: number) => {
  const source = telemetryRecords(seed);
  return Array.from({ length: count }, () => source.next().value!);
};

/** Paths of a shape with their types, in order. */
const fieldsOf = (shape: RecordShape, prefix = ""): string[][] =>
  Object.entries(shape).flatMap(([name, type]) =>
    typeof type === "string" ? [[prefix + name, type]] : fieldsOf(type, `${prefix}${name}.`),
  );
const valueAt = (record: object, path: string) =>
  path.split(".").reduce((at: unknown, name) => (at as Record<string, unknown>)[name], record);

describe("generated telemetry", () => {
  it("has every field of the record type, in its order, and no other", () => {
    const [record] = take(1, 1);
    const leaves = (value: object, prefix = ""): string[] =>
      Object.entries(value).flatMap(([name, member]) =>
        typeof member === "object" ? leaves(member, `${prefix}${name}.`) : [prefix + name],
      );
    expect(leaves(record!)).toEqual(fieldsOf(TELEMETRY).map(([path]) => path));
  });

  it("has whole numbers where the type is int", () => {
    const ints = fieldsOf(TELEMETRY).filter(([, type]) => type === "int");
    const values = take(2, 500).flatMap((record) => ints.map(([path]) => valueAt(record, path!)));
    expect(values.every(Number.isInteger)).toBe(true);
  });

  it.each([
    ["speed", 100, 350],
    ["gear", 1, 8],
    ["throttle", 0, 1],
    ["brakes", 0, 1],
    ["steering_angle", -1, 1],
  ])("keeps %s between %d and %d", (path, min, max) => {
    const values = take(3, 2000).map((record) => valueAt(record, path) as number);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(min);
    expect(Math.max(...values)).toBeLessThanOrEqual(max);
  });

  it("has speeds on both sides of 200 km/h", () => {
    const fast = take(4, 1000).filter(({ speed }) => speed >= 200).length;
    expect(fast).toBeGreaterThan(500);
    expect(fast).toBeLessThan(700);
  });

  it("is the same for the same seed, byte for byte", () => {
    const hash = createHash("sha256")
      .update(JSON.stringify(take(1, 1000)))
      .digest("hex");
    expect(hash).toBe("c31e304a93bbaf8fe73ed9f574b80a43c44f435f8a3527aeb376a5be0b7f80e9");
  });

  it("is the same whether it is taken one by one, in lists, or in lists written over one another", () => {
    const text = (bytes: Buffer) => bytes.toString("utf8");
    const [single, fresh, again] = [1, 2, 3].map(() => new TelemetryWriter(5));
    const bytes = Buffer.alloc(again!.roomFor(3), "x");
    const expected = Array.from(
      { length: 3 },
      () => `[${Array.from({ length: 3 }, () => text(single!.one())).join(",")}]`,
    );
    expect(expected.map(() => text(fresh!.list(3)))).toEqual(expected);
    expect(expected.map(() => text(again!.list(3, bytes)))).toEqual(expected);
  });

  it("differs with the seed", () => {
    expect(take(1, 1)).not.toEqual(take(2, 1));
  });
});

describe("back-off", () => {
  const now = new Date("2026-11-21T09:00:00Z");

  it.each([
    [1, 100],
    [2, 200],
    [5, 1600],
    [9, 20_000],
    [100, 20_000],
  ])("waits an even draw after try %d, at most %d ms", (tries, most) => {
    expect(backOffMs(tries, undefined, 0, now)).toBe(0);
    expect(backOffMs(tries, undefined, 0.5, now)).toBe(most / 2);
  });

  it.each([
    ["3", 3000],
    ["Sat, 21 Nov 2026 09:00:05 GMT", 5000],
    ["Sat, 21 Nov 2026 08:00:00 GMT", 0],
    ["86400", 60_000],
    ["soon", 0],
  ])("waits at least as Retry-After %j says, up to a minute", (header, ms) => {
    expect(backOffMs(1, header, 0, now)).toBe(ms);
  });
});

describe("pacing", () => {
  it("spaces turns evenly", async () => {
    let time = 0;
    const sleep = async (ms: number) => {
      time += ms;
    };
    const timer = { now: () => time, sleep };
    const pacer = new Pacer(50, timer);
    const turns: number[] = [];
    for (let n = 0; n < 4; n++) {
      await pacer.turn();
      turns.push(time);
    }
    expect(turns).toEqual([0, 20, 40, 60]);
  });

  it("makes up for a second of a pause, not for more", async () => {
    let time = 0;
    const sleep = async (ms: number) => {
      time += ms;
    };
    const timer = { now: () => time, sleep };
    const pacer = new Pacer(10, timer);
    await pacer.turn();
    time = 60_000;
    for (let n = 0; n < 12; n++) await pacer.turn();
    expect(time).toBe(60_100);
  });
});

describe("what a person reads", () => {
  const progress = {
    records: 5000,
    sent: 1204,
    accepted: 1198,
    refused: 1,
    lost: 1,
    retried: 3,
    unknown: 2,
    elapsedMs: 2900,
  };

  it("is one line while it runs", () => {
    expect(progressLine(progress)).toBe(
      "1,200 of 5,000 records (24%)  accepted 1,198  retried 3  refused 1  lost 1  414/s  2.9 s",
    );
  });

  it("says at the end what became of every record", () => {
    expect(resultLines({ ...progress, refusedByStatus: { 403: 1 }, firstFailure: "refused with 403: no" })).toEqual([
      "sent 1,204 in 2.9 s, accepted 1,198, retried 3",
      "refused 1 (403: 1)",
      "lost 1",
      "at most 2 duplicates: that many tries ended without saying whether the record was taken",
      "first failure: refused with 403: no",
    ]);
  });
});
