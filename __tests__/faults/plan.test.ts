import { parquetLines } from "../../cli/up/parquet";
import { FAULTS } from "../../faults/faults";
import { fileOf, rowText } from "../../faults/files";
import { planOf } from "../../faults/plan";
import { Choices } from "../../faults/random";
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
const PROBES: LoadedTable = {
  ...KPIS,
  name: "probes",
  columns: ["probe", "read_at", "celsius", "readings"],
  types: ["character varying", "timestamp without time zone", "double precision", "integer"],
  format: "parquet",
};
const TABLES = [KPIS, VIEWS, PROBES];

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
    expect(seen.filter((name) => name !== "views").length).toBeGreaterThan(120);
    expect([...new Set(seen)].sort()).toEqual(["kpis", "probes", "views"]);
  });

  it("has an hour of its own, so that its replay touches no other", () => {
    const hours = Array.from({ length: 500 }, (_, seed) => planOf(seed, TABLES, 100).hour);
    expect(new Set(hours).size).toBe(500);
    expect(hours[25]).toBe("2026/01/02/01");
  });
});

describe("a file", () => {
  it.each(TABLES)("of $name has rows that no other file has", async (table) => {
    const files = await Promise.all(["r1f0v0", "r1f1v0", "r1f0v1"].map((name) => fileOf(table, name, 50, false)));
    expect(new Set(files.flatMap(({ rows }) => rows)).size).toBe(150);
  });

  it.each(TABLES)("of $name is the same for the same names", async (table) => {
    const [one, other] = [await fileOf(table, "r1f0v0", 50, false), await fileOf(table, "r1f0v0", 50, false)];
    expect(one.body.equals(other.body)).toBe(true);
  });

  it("that is bad counts no rows", async () => {
    const { rows, body } = await fileOf(KPIS, "r1f0v0", 2, true);
    expect(rows).toEqual([]);
    expect(body.toString().split("\n")[2]).toBe("no,such,row,in,this,table,at,all,not,one");
  });

  it("of Parquet holds the rows that are counted", async () => {
    const { body, rows } = await fileOf(PROBES, "r1f0v0", 3, false);
    const found = (await parquetLines(body)).trimEnd().split("\n");
    expect(found.map((line) => rowText(Object.values(JSON.parse(line))))).toEqual(rows);
    expect(rows[1]).toBe(["r1f0v0n1", "2026-02-02 01:01:07", "0.25", "1"].join("\u0001"));
  });

  it("of Parquet is bad by its columns' types, a column less, its end, or as it is CSV", async () => {
    const bad = await Promise.all([4, 5, 6, 7].map((rows) => fileOf(PROBES, "r1f0v0", rows, true)));
    expect(bad.map(({ rows }) => rows)).toEqual([[], [], [], []]);
    const [type, column, end, format] = bad.map(({ body }) => body);
    const first = async (body: Buffer) => JSON.parse((await parquetLines(body)).split("\n")[0]!);
    const row = { probe: "r1f0v0n0", read_at: "2026-02-01 00:00:00" };
    expect(await first(type!)).toEqual({ ...row, celsius: "0", readings: "0" });
    expect(await first(column!)).toEqual({ ...row, celsius: 0 });
    await expect(parquetLines(end!)).rejects.toThrow("No magic bytes found at end of file");
    expect(format!.toString().split("\n")[1]).toBe("r1f0v0n1,2026-02-02 01:01:07,0.25,1");
  });
});

it("a conflict of transactions is met by the loads of a run, and in some runs oftener than a load tries", () => {
  const { plan } = FAULTS.find(({ name }) => name === "commit-conflict")!;
  const counts = (seed: number) => plan(new Choices(seed)).conflicts;
  const met = Array.from({ length: 100 }, (_, seed) => counts(seed));
  expect([...new Set(met)].sort()).toEqual([1, 2, 3, 4, 7]);
  expect(Array.from({ length: 100 }, (_, seed) => counts(seed))).toEqual(met);
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
