import { setTimeout as sleep } from "node:timers/promises";
import { belongsTo, listProcesses } from "../../local/runs/processes";

/** How often it is looked for those that were started meanwhile, by one that was not over yet. */
const ROUNDS = 100;

/** Ends every process whose command line or environment names something in `folder`, but this one: what was started with a file or a TMPDIR there, and its children. */
export async function endProcessesOf(folder: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const left = listProcesses().filter(({ pid }) => pid !== process.pid && belongsTo(pid, folder));
    if (left.length === 0) return;
    for (const { pid } of left) end(pid);
    await sleep(20);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is over.
  }
}
