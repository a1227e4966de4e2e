import { FAULTS } from "../../faults/faults";
import { fileOf } from "../../faults/files";
import { planOf } from "../../faults/plan";
import { again, lineOf, tableOf } from "../../faults/report";
import { isGood, type RunResult } from "../../faults/run-once";
import type { LoadedTable } from "../../faults/world";

const KPIS: LoadedTable = {
  name: "kpis",
  schema: "public",
  columns: ["kpi", "measured_on", "value"],
  types: ["character varying", "date", "double precision"],
  identity: 0,
  format: "csv",
  gzip: false,
  deduplicated: false,
};
const VIEWS: LoadedTable = { ...KPIS, name: "views", format: "json", gzip: true, deduplicated: true };
const TABLES = [KPIS, VIEWS];

/** What of a plan can be compared. */
const facts = (seed: number) => {
  const { choices, ...rest } = planOf(seed, TABLES, 1000);
  return { ...rest, next: choices.between(0, 1_000_000) };
};

describe("a run", () => {
  it("is the same for the same seed, and another for the next", () => {
    expect(facts(42)).toEqual(facts(42));
    expect(facts(43)).not.toEqual({ ...facts(42), seed: 43, name: "r43" });
  });

  it("has about as many rows as it is told, in at least four files", () => {
    for (let seed = 0; seed < 200; seed++) {
      const { files } = planOf(seed, TABLES, 5500);
      const rows = files.reduce((sum, count) => sum + count, 0);
      expect([files.length >= 4, rows > 5500 * 0.79, rows < 5500 * 1.21 + files.length]).toEqual([true, true, true]);
    }
  });

  it("meets each fault in turn", () => {
    const met = FAULTS.map((_, seed) => planOf(seed, TABLES, 100).fault.name);
    expect(met).toEqual(FAULTS.map(({ name }) => name));
  });

  it("mostly loads tables in which doubled rows can be seen", () => {
    const seen = Array.from({ length: 200 }, (_, seed) => planOf(seed, TABLES, 100).table.name);
    expect(seen.filter((name) => name === "kpis").length).toBeGreaterThan(120);
    expect(seen).toContain("views");
  });

  it("has an hour of its own, so that its replay touches no other", () => {
    const hours = Array.from({ length: 500 }, (_, seed) => planOf(seed, TABLES, 100).hour);
    expect(new Set(hours).size).toBe(500);
    expect(hours[25]).toBe("2026/01/02/01");
  });
});

describe("a file", () => {
  it("has rows that no other file has", () => {
    const rows = ["r1f0v0", "r1f1v0", "r1f0v1"].flatMap((name) => fileOf(KPIS, name, 50, false).rows);
    expect(new Set(rows).size).toBe(150);
  });

  it("that is bad counts no rows", () => {
    const { rows, body } = fileOf(KPIS, "r1f0v0", 2, true);
    expect(rows).toEqual([]);
    expect(body.toString().split("\n")[2]).toBe("no,such,row,in,this,table,at,all,not,one");
  });
});

const RESULT: RunResult = {
  seed: 7,
  fault: "two-workers",
  table: "kpis",
  rows: 1000,
  lost: 0,
  doubled: 0,
  stuck: [],
  checksum: "x",
  happened: 1,
  seconds: 1.25,
};

describe("a result", () => {
  it.each<[Partial<RunResult>, string]>([
    [{}, "good"],
    [{ lost: 2 }, "2 rows lost"],
    [{ doubled: 3, stuck: ["a: loading, not loaded"] }, "3 rows doubled; a: loading, not loaded"],
    [{ happened: 0 }, "the fault did not happen"],
  ])("%j is said to be: %s", (change, says) => {
    const result = { ...RESULT, ...change };
    expect(lineOf(result, 1, 2)).toBe(`[1/2] seed 7 two-workers kpis 1000 rows 1.3 s: ${says}`);
    expect(isGood(result)).toBe(says === "good");
  });

  it("says how to see it again", () => {
    expect(again(RESULT)).toBe("npm run faults -- --seed 7 --runs 1 --fault two-workers");
  });

  it("stands in the table with those of its fault", () => {
    const [head, line, ...rest] = tableOf([RESULT, { ...RESULT, seed: 8, lost: 5 }]);
    expect(head!.split(/ {2,}/)).toEqual([
      "fault",
      "what happens",
      "runs",
      "happened",
      "rows",
      "lost",
      "doubled",
      "stuck",
      "good",
    ]);
    expect(line!.split(/ {2,}/)).toEqual([
      "two-workers",
      "two workers get the same messages at once",
      "2",
      "2",
      "2,000",
      "5",
      "0",
      "0",
      "1",
    ]);
    expect(rest).toEqual([]);
  });
});
