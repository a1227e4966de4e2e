import { runCommand } from "../local/setup/command";
import { networkEnvironment } from "../local/setup/environment";

/** What one run of a program took, its children that it waited for included. */
export interface Cost {
  /** Processor time of all threads, user and system. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Largest resident memory of any one process. */
  readonly memoryMb: number;
}

/** Node.js cannot tell what a child took; wait4 can. Linux counts memory in KiB, macOS in bytes. */
const WAIT4 = `
import json, os, subprocess, sys, time
started = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
unit = 1024 * 1024 if sys.platform == "darwin" else 1024
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "cpuSeconds": used.ru_utime + used.ru_stime,
  "wallSeconds": time.perf_counter() - started, "memoryMb": used.ru_maxrss / unit}))
`;

/** Runs a program to its end and answers what it took. Fails where it fails. */
export async function cost(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Cost> {
  const { code, stdout, stderr } = await runCommand("python3", ["-c", WAIT4, ...command], {
    env: networkEnvironment(environment),
  });
  const answer = code === 0 ? JSON.parse(stdout) : undefined;
  if (answer?.code !== 0) throw new Error(`${command.join(" ")} failed: ${stderr.trim()}`);
  return answer;
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs each way once a round, in turn, so that a slow moment of the machine meets all of them; answers what each gave. */
export async function interleaved<T, N extends string>(
  rounds: number,
  ways: Readonly<Record<N, () => Promise<T> | T>>,
): Promise<Readonly<Record<N, readonly T[]>>> {
  const names = Object.keys(ways) as N[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<N, T[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results[name].push(await ways[name]());
  }
  return results;
}

/** Median of the ratios of the rounds: each compares what was measured at the same time. */
export const ratio = (over: readonly number[], under: readonly number[]) =>
  median(over.map((value, i) => value / under[i]!));
