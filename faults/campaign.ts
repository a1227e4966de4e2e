import type { Fault } from "./faults";
import { planOf, type RunPlan } from "./plan";
import { isGood, type RunResult, runOnce } from "./run-once";
import type { World } from "./world";

export interface CampaignOptions {
  /** Seed of the first run; each next one has the next seed. */
  readonly seed: number;
  readonly runs: number;
  /** Rows of one run, about. */
  readonly rows: number;
  /** @default - one fault after the other */
  readonly faults?: readonly Fault[];
  onResult?(result: RunResult, done: number): void;
  readonly signal?: AbortSignal;
}

/** Runs in a row that could not be carried out; then the local AWS is taken to be gone. */
const MOST_BROKEN = 3;

/** Run after run on one applied stack. A run that could not be carried out is a bad one. @throws Error when there were three of them in a row */
export async function campaign(world: World, options: CampaignOptions): Promise<readonly RunResult[]> {
  const { seed, runs, rows, faults, onResult, signal } = options;
  const tables = await world.tables();
  const results: RunResult[] = [];
  for (let i = 0, broken = 0; i < runs && !signal?.aborted; i++) {
    const only = faults && faults.length > 0 ? faults[i % faults.length] : undefined;
    const plan = planOf(seed + i, tables, rows, only);
    let result: RunResult;
    try {
      result = await runOnce(world, plan);
      broken = 0;
    } catch (error) {
      if (++broken === MOST_BROKEN) throw error;
      result = brokenRun(plan, error as Error);
    }
    results.push(result);
    onResult?.(result, results.length);
  }
  return results;
}

export const failures = (results: readonly RunResult[]): readonly RunResult[] =>
  results.filter((result) => !isGood(result));

const brokenRun = ({ seed, fault, table }: RunPlan, { message }: Error): RunResult => ({
  seed,
  fault: fault.name,
  table: table.name,
  rows: 0,
  lost: 0,
  doubled: 0,
  stuck: [message],
  checksum: "",
  happened: 0,
  seconds: 0,
});
