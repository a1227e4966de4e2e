import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { buildSync } from "esbuild";
import { withWorld } from "../../faults/apply";
import { campaign, failures } from "../../faults/campaign";
import { FAULTS } from "../../faults/faults";
import { again, tableOf } from "../../faults/report";
import type { RunResult } from "../../faults/run-once";
import type { World } from "../../faults/world";
import { temporary } from "../support/programs";
import { synthesizeWith } from "./support/synthesized";

/** `npm run faults` in short, on one applied stack: the loader's real code in processes that are really killed, and two loaders that must be found out. */
const MINUTES = 60_000;
jest.setTimeout(8 * MINUTES);

const ROWS = 400;
const SEED = 20;

let world: World;
let finish: () => void;
let whole: Promise<void>;

beforeAll(async () => {
  const from = await synthesizeWith();
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  await new Promise<void>((ready, failed) => {
    whole = withWorld({ root: temporary("faults"), from, progress: () => undefined }, (applied) => {
      world = applied;
      ready();
      return done;
    });
    whole.catch(failed);
  });
});
afterAll(async () => {
  finish?.();
  await whole;
});

const only = (...names: string[]) => FAULTS.filter(({ name }) => names.includes(name));

/** What went wrong, for a test that fails. */
const said = (results: readonly RunResult[]) =>
  failures(results).map((result) => ({ again: again(result), ...result }));

it("one run of every fault leaves each row once, nothing doubled and nothing stuck", async () => {
  const results = await campaign(world, { seed: SEED, runs: FAULTS.length, rows: ROWS });
  expect(results.map(({ fault }) => fault).sort()).toEqual(FAULTS.map(({ name }) => name).sort());
  expect(said(results)).toEqual([]);
  expect(tableOf(results)).toHaveLength(FAULTS.length + 1);
});

it("the same seed sends the same rows and ends with the same table", async () => {
  const [first] = await campaign(world, { seed: 7007, runs: 1, rows: ROWS, faults: only("none") });
  await world.sql(`DELETE FROM ${first!.table}`);
  const [again] = await campaign(world, { seed: 7007, runs: 1, rows: ROWS, faults: only("none") });
  expect([again!.rows, again!.checksum]).toEqual([first!.rows, first!.checksum]);
});

describe("the campaign finds out", () => {
  it("the loader without the ledger's condition: two workers load the same files", async () => {
    const broken = world.with({ name: "no-condition", file: withoutCondition(world.loader.file) });
    const results = await campaign(broken, { seed: 9000, runs: 4, rows: ROWS, faults: only("two-workers") });
    expect(failures(results).some(({ doubled }) => doubled > 0)).toBe(true);
  });

  it("a loader that relies on a unique key: events that come twice double their rows", async () => {
    await world.sql("ALTER TABLE kpis ADD PRIMARY KEY (kpi)");
    const file = path.join(temporary("unique-key"), "index.js");
    buildSync({
      entryPoints: [path.resolve("__tests__/faults/unique-key-loader.ts")],
      outfile: file,
      bundle: true,
      platform: "node",
      format: "cjs",
    });
    const broken = world.with({ name: "unique-key", file, handler: "handler" });
    const [result] = await campaign(broken, { seed: 9100, runs: 1, rows: ROWS, faults: only("events-twice") });
    expect(result!.doubled).toBe(result!.rows);
    expect(result!.lost).toBe(0);
  });
});

/** The loader's code with conditions on the ledger that are always met. */
function withoutCondition(file: string): string {
  let code = readFileSync(file, "utf8");
  for (const [condition, met] of [
    ['"attribute_not_exists(#object)"', '"attribute_not_exists(#object) OR attribute_exists(#object)"'],
    ['"#state = :state"', '"attribute_exists(#state) OR #state = :state"'],
  ] as const) {
    expect(code.split(condition)).toHaveLength(2);
    code = code.replace(condition, met);
  }
  const broken = path.join(temporary("no-condition"), "index.js");
  writeFileSync(broken, code);
  return broken;
}
