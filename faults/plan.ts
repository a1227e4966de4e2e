import { FAULTS, type Fault } from "./faults";
import { Choices } from "./random";
import type { LoadedTable } from "./world";

/** What one run does, all of it from its seed. */
export interface RunPlan {
  readonly seed: number;
  readonly fault: Fault;
  readonly table: LoadedTable;
  /** Start of the names of its files and rows. */
  readonly name: string;
  /** The hour in its keys, `YYYY/MM/DD/HH`; runs of neighbouring seeds have hours of their own. */
  readonly hour: string;
  /** Rows of each file. */
  readonly files: readonly number[];
  /** Messages that the function is called with at most. */
  readonly batch: number;
  /** Calls at once. */
  readonly workers: number;
  /** For what is decided while it runs. */
  readonly choices: Choices;
}

const HOURS = 8760;
/** One run in so many loads a table with a deduplication key, in which doubled rows could not be seen. */
const DEDUPLICATED = 5;

/** @param rows of all files together, give or take a tenth */
export function planOf(seed: number, tables: readonly LoadedTable[], rows: number, only?: Fault): RunPlan {
  const choices = new Choices(seed);
  const fault = only ?? FAULTS[seed % FAULTS.length]!;
  const plain = tables.filter(({ deduplicated }) => !deduplicated);
  const others = tables.filter(({ deduplicated }) => deduplicated);
  const group = others.length > 0 && choices.between(1, DEDUPLICATED) === 1 ? others : plain;
  const table = group[choices.between(0, group.length - 1)]!;
  const count = choices.between(4, 16);
  const each = rows / count;
  const files = Array.from({ length: count }, () => choices.between(Math.ceil(each * 0.8), Math.ceil(each * 1.2)));
  const hour = new Date(Date.UTC(2026, 0, 1) + (seed % HOURS) * 3_600_000).toISOString();
  return {
    seed,
    fault,
    table,
    name: `r${seed}`,
    hour: hour.slice(0, 13).replaceAll("-", "/").replace("T", "/"),
    files,
    batch: choices.between(3, count + 2),
    workers: choices.between(1, 2),
    choices,
  };
}
