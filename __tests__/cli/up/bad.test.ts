import { BAD_KINDS, type BadResult, keyOf } from "../../../cli/emit";
import { BadFound } from "../../../cli/up/bad";

const kind = (name: string) => BAD_KINDS.find((one) => one.name === name)!;
const NONE: BadResult = { answers: [], rejected: new Map(), arriving: [], unreadable: 0, unknown: 0 };
const lineOf = (found: BadFound, start: string) => found.checks().find(({ says }) => says.startsWith(start));

describe("records that were sent bad", () => {
  it("are found under the error prefix by their bytes, and named", () => {
    const noLap = Buffer.from('{"fuel_consumption":2}\n');
    const found = new BadFound({
      ...NONE,
      answers: [{ kind: kind("no lap_time"), entry: "API", fate: { kind: "rejected" }, answer: "taken", count: 2 }],
      rejected: new Map([[keyOf(noLap), { kind: kind("no lap_time"), entry: "API", count: 2 }]]),
    });
    expect([found.nameOf(noLap), found.nameOf(noLap.subarray(1))]).toEqual(["no lap_time", undefined]);
    expect(lineOf(found, "no lap_time, by the API")).toEqual({
      says: "no lap_time, by the API: under the error prefix, byte for byte (1 of 2)",
      holds: false,
    });
    expect(lineOf(found, "no other record")).toEqual({ says: "no other record was rejected (1)", holds: false });
    found.nameOf(noLap);
    expect(lineOf(found, "no lap_time, by the API")).toEqual({
      says: "no lap_time, by the API: under the error prefix, byte for byte (2 of 2)",
      holds: true,
    });
  });

  it("may lie there once more for each try that may have been taken", () => {
    const bytes = Buffer.from("{");
    const stream = { kind: kind("broken JSON"), entry: "stream" as const };
    const found = new BadFound({
      ...NONE,
      answers: [{ ...stream, fate: { kind: "rejected" }, answer: "taken", count: 1 }],
      rejected: new Map([[keyOf(bytes), { ...stream, count: 1 }]]),
      unknown: 1,
    });
    const holds = () => lineOf(found, "broken JSON, straight to the stream")?.holds;
    expect([1, 2, 3].map(() => found.nameOf(bytes) && holds())).toEqual([true, true, false]);
  });

  it.each([
    [413 as const, true],
    ["taken" as const, false],
    [400 as const, false],
  ])("of 2 MB must be refused with 413: %s", (answer, holds) => {
    const found = new BadFound({
      ...NONE,
      answers: [{ kind: kind("2 MB"), entry: "API", fate: { kind: "refused", status: 413 }, answer, count: 3 }],
    });
    const says = `2 MB, by the API: refused with 413 (${holds ? 3 : 0} of 3)`;
    expect(lineOf(found, "2 MB, by the API")).toEqual({ says, holds });
  });
});
