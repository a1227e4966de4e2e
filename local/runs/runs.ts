import { existsSync, readdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import { SetupError } from "../setup/problem";
import { belongsTo, listProcesses, readProcess } from "./processes";
import { type FoundRun, isLive, readRecord, runsFolder } from "./run";

/** Folders of ended runs that are kept, the newest ones: their logs and files are what a person looks at. */
const KEPT = 3;

/** Milliseconds a leftover process is given to end by itself. */
const GRACE_MS = 3_000;

/** Runs whose process lives, the newest first. */
export function liveRuns(root: string): FoundRun[] {
  return foundRuns(root).filter(({ record }) => isLive(record));
}

/** The newest run that stays up and serves. Throws SetupError if there is none. */
export function latestLive(root: string): FoundRun {
  const found = liveRuns(root).find(({ record }) => record.serving && record.endpoint);
  if (!found) throw new SetupError("no local run is up: start one that stays with `npm start -- --keep`");
  return found;
}

/**
 * Clears what dead runs left (kill -9, a power cut): ends their processes that still live, and removes all but the newest folders. A process is ended only if
 * the run noted it, or it is in a group that such a process led, and its environment or command line names the run's folder. Live runs are
 * not touched. Two at once do no harm.
 */
export async function cleanDeadRuns(root: string, progress: (line: string) => void): Promise<void> {
  const dead = foundRuns(root).filter(({ record }) => !isLive(record));
  for (const run of dead) await endLeftovers(run, progress);
  for (const { folder } of dead.slice(KEPT)) remove(folder);
  for (const name of list(runsFolder(root))) {
    const folder = path.join(runsFolder(root), name);
    const maker = /^\.new-(\d+)-/.exec(name)?.[1];
    if (maker !== undefined && !readProcess(Number(maker))) remove(folder);
  }
}

function foundRuns(root: string): FoundRun[] {
  return list(runsFolder(root))
    .filter((name) => !name.startsWith("."))
    .sort()
    .reverse()
    .flatMap((name) => {
      const folder = path.join(runsFolder(root), name);
      const record = readRecord(folder);
      return record ? [{ folder, record }] : [];
    });
}

async function endLeftovers({ folder, record }: FoundRun, progress: (line: string) => void): Promise<void> {
  if (record.processes.length === 0) return;
  const noted = new Map(record.processes.map((one) => [one.pid, one]));
  const leftovers = () =>
    listProcesses().filter((one) => {
      const itself = noted.get(one.pid)?.started === one.started;
      return one.pid !== process.pid && (itself || noted.has(one.group)) && belongsTo(one.pid, folder);
    });
  const left = leftovers();
  if (left.length === 0) return;
  const names = [...new Set(left.map(({ pid, group }) => (noted.get(pid) ?? noted.get(group))?.what))].join(", ");
  progress(`ending ${left.length} process(es) that run ${record.id} left behind (${names})`);
  for (const { pid } of left) signal(pid, "SIGTERM");
  const until = Date.now() + GRACE_MS;
  while (leftovers().length > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const { pid } of leftovers()) signal(pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
