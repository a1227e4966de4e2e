import type { Fault } from "./faults";
import { planOf } from "./plan";
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

/** Run after run on one applied stack. */
export async function campaign(world: World, options: CampaignOptions): Promise<readonly RunResult[]> {
  const { seed, runs, rows, faults, onResult, signal } = options;
  const tables = await world.tables();
  const results: RunResult[] = [];
  for (let i = 0; i < runs && !signal?.aborted; i++) {
    const only = faults && faults.length > 0 ? faults[i % faults.length] : undefined;
    const result = await runOnce(world, planOf(seed + i, tables, rows, only));
    results.push(result);
    onResult?.(result, results.length);
  }
  return results;
}

export const failures = (results: readonly RunResult[]): readonly RunResult[] =>
  results.filter((result) => !isGood(result));
