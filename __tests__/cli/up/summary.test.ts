import { addsUp, linesOfSummary, type Summary } from "../../../cli/up/summary";

const minimal = (over: Partial<Summary> = {}): Summary => ({
  hops: [
    { name: "emit", counts: { sent: 2000, lost: 0 } },
    { name: "raw bucket", counts: { with_EXTRA2: 2000 } },
  ],
  checks: [{ says: "every record arrived (2000)", holds: true }],
  rejected: new Map(),
  firstRows: "speed\n-----\n210",
  places: ["raw records: s3://raw/"],
  ...over,
});

describe("the summary", () => {
  it("shows the counts of every hop, the checks, the first rows and where the files are", () => {
    expect(linesOfSummary(minimal())).toEqual([
      "",
      "emit        sent 2,000 · lost 0",
      "raw bucket  with EXTRA2 2,000",
      "",
      "ok  every record arrived (2000)",
      "",
      "speed\n-----\n210",
      "",
      "raw records: s3://raw/",
    ]);
  });

  it("says what does not hold, and why records were rejected", () => {
    const lines = linesOfSummary(
      minimal({
        checks: [{ says: "no record was rejected (3)", holds: false }],
        rejected: new Map([["Lambda.ProcessingFailedStatus: lap_time is missing", 3]]),
      }),
    );
    expect(lines).toContain("NO  no record was rejected (3)");
    expect(lines).toContain("rejected 3: Lambda.ProcessingFailedStatus: lap_time is missing");
  });

  it("adds up only if every check holds", () => {
    const check = (holds: boolean) => ({ says: "x", holds });
    expect(addsUp(minimal({ checks: [check(true), check(true)] }))).toBe(true);
    expect(addsUp(minimal({ checks: [check(true), check(false)] }))).toBe(false);
  });
});
