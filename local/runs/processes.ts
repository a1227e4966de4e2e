import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { networkEnvironment, RUN_VARIABLE } from "../setup/environment";

/** A process of this machine, as far as we need to know whose it is. */
export interface ProcessInfo {
  readonly pid: number;
  /** Leader of its process group. */
  readonly group: number;
  /** When it started, in the system's own words: tells it from a later process with the same id. */
  readonly started: string;
}

/** Every process we may look at: from /proc on Linux, else from `ps`. */
export function listProcesses(): ProcessInfo[] {
  if (process.platform === "linux") {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readProcess(Number(name)) ?? []);
  }
  return ps(["-A", "-o", "pid=,pgid=,stat=,lstart="]).flatMap((line) => parsePs(line) ?? []);
}

/** The process with this id, if it lives. */
export function readProcess(pid: number): ProcessInfo | undefined {
  if (process.platform !== "linux") {
    return ps(["-p", String(pid), "-o", "pid=,pgid=,stat=,lstart="]).flatMap((line) => parsePs(line) ?? [])[0];
  }
  const stat = readOrNothing(`/proc/${pid}/stat`);
  // The name stands in parentheses and may hold anything; the fields after it are state (3), ppid, pgrp (5) ... starttime (22).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, , group] = fields;
  const started = fields[19];
  if (stat === "" || state === "Z" || started === undefined) return undefined;
  return { pid, group: Number(group), started };
}

/** True if the process's environment or command line names the run's folder: then this project started it, for that run. */
export function belongsTo(pid: number, folder: string): boolean {
  const words =
    process.platform === "linux"
      ? [...readOrNothing(`/proc/${pid}/environ`).split("\0"), ...readOrNothing(`/proc/${pid}/cmdline`).split("\0")]
      : ps(["-E", "-ww", "-p", String(pid), "-o", "command="]).flatMap((line) => line.split(" "));
  return words.some((word) => word === `${RUN_VARIABLE}=${folder}` || word === folder || word.includes(`${folder}/`));
}

function parsePs(line: string): ProcessInfo | undefined {
  const [, pid, group, state, started] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
  if (pid === undefined || group === undefined || started === undefined || state?.startsWith("Z")) return undefined;
  return { pid: Number(pid), group: Number(group), started };
}

function ps(args: readonly string[]): string[] {
  try {
    // One language for the dates: a start is compared with what another terminal wrote down.
    const env = networkEnvironment({ LC_ALL: "C" });
    return execFileSync("ps", [...args], { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] }).split("\n");
  } catch {
    return [];
  }
}

/** Another user's process, or one that ended meanwhile, has nothing to say to us. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
