import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { listProcesses } from "../../../local/runs/processes";
import { isLive, Run, runsFolder } from "../../../local/runs/run";
import { cleanDeadRuns, latestLive, liveRuns } from "../../../local/runs/runs";
import { childEnvironment } from "../../../local/setup/environment";
import { temporary } from "../../support/programs";

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A process that lives until it is ended; with the run's environment it is the run's. */
function process_(env: Record<string, string>, detached = false): ChildProcess & { readonly pid: number } {
  const child = spawn("/bin/sh", ["-c", "sleep 300 & wait"], {
    env: { PATH: "/bin:/usr/bin", ...env },
    detached,
    stdio: "ignore",
  });
  started.push(child);
  return child as ChildProcess & { readonly pid: number };
}
const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((resolve) => child.on("exit", () => resolve()));
const groupOf = ({ pid }: { readonly pid: number }) => listProcesses().filter(({ group }) => group === pid);
const isUp = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

/** A run whose owner was killed: its record names a process that is no more. */
function dead(root: string, minute = 0): Run {
  const run = Run.create({ root, stack: "telemetry-lake", now: new Date(Date.UTC(2026, 0, 1, 0, minute)) });
  forget(run);
  return run;
}
function forget(run: Run): void {
  const record = { ...run.record, owner: { ...run.record.owner, started: "of an earlier process with this number" } };
  writeFileSync(path.join(run.folder, "run.json"), JSON.stringify(record));
}
const quiet = () => {};

describe("a run", () => {
  it("has a folder of its own for the user alone, and is live while its process is", () => {
    const root = temporary("runs");
    const [one, two] = [Run.create({ root, stack: "a" }), Run.create({ root, stack: "a" })];
    expect(one.folder).not.toBe(two.folder);
    expect([one.folder, path.join(one.folder, "run.json")].map((file) => statSync(file).mode & 0o777)).toEqual([
      0o700, 0o600,
    ]);
    expect(liveRuns(root).length).toBe(2);
    forget(one);
    expect(liveRuns(root).map(({ record }) => record.id)).toEqual([two.id]);
  });

  it("has an id that sorts by time", () => {
    const root = temporary("runs");
    const ids = [3, 1, 2].map(
      (second) => Run.create({ root, stack: "a", now: new Date(Date.UTC(2026, 10, 21, 8, 54, second)) }).id,
    );
    expect([...ids].sort()).toEqual([ids[1], ids[2], ids[0]]);
    expect(ids[0]).toMatch(/^20261121-085403-000-[0-9a-f]{6}$/);
  });

  it("that stays up is found by other commands with its endpoint and outputs, the newest first", () => {
    const root = temporary("runs");
    const runs = [1, 2, 3].map((minute) =>
      Run.create({ root, stack: `s${minute}`, now: new Date(Date.UTC(2026, 0, 1, 0, minute)) }),
    );
    for (const run of runs.slice(0, 2))
      run.update({ endpoint: "http://127.0.0.1:4566", outputs: { api_url: "u" }, serving: true });
    expect(latestLive(root)).toEqual({ folder: runs[1]!.folder, record: runs[1]!.record });
  });

  it("that is looked for and not there is one line", () => {
    const root = temporary("runs");
    Run.create({ root, stack: "a" });
    expect(() => latestLive(root)).toThrow("no local run is up: start one that stays with `npm start -- --keep`");
  });

  it("whose owner's number was given to another process is dead", () => {
    const run = dead(temporary("runs"));
    expect(isLive({ ...run.record, owner: { pid: process.pid, group: 0, started: "0" } })).toBe(false);
  });
});

describe("what dead runs left", () => {
  it("is ended: processes they noted, with what those started in their group", async () => {
    const root = temporary("runs");
    const run = Run.create({ root, stack: "a" });
    const emulator = process_(childEnvironment(run.folder, {}, {}), true);
    run.started(emulator.pid, "emulator");
    while (groupOf(emulator).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    forget(run);
    const lines: string[] = [];
    await cleanDeadRuns(root, (line) => lines.push(line));
    await ended(emulator);
    expect(lines).toEqual([`ending 2 process(es) that run ${run.id} left behind (emulator)`]);
    expect(groupOf(emulator)).toEqual([]);
  });

  it("is not a process of another program that was given a noted number", async () => {
    const root = temporary("runs");
    const run = Run.create({ root, stack: "a" });
    const stranger = process_({});
    run.started(stranger.pid, "emulator");
    forget(run);
    await cleanDeadRuns(root, quiet);
    expect(isUp(stranger)).toBe(true);
  });

  it("is not a process that the run did not note, nor one of a run with a longer name", async () => {
    const root = temporary("runs");
    const run = Run.create({ root, stack: "a" });
    const unnoted = process_(childEnvironment(run.folder, {}, {}));
    const other = process_({ REDSTREAM_RUN: `${run.folder}0` });
    run.started(other.pid, "emulator");
    forget(run);
    await cleanDeadRuns(root, quiet);
    expect([isUp(unnoted), isUp(other)]).toEqual([true, true]);
  });

  it("does not touch a live run beside it", async () => {
    const root = temporary("runs");
    const live = Run.create({ root, stack: "a" });
    const emulator = process_(childEnvironment(live.folder, {}, {}), true);
    live.started(emulator.pid, "emulator");
    dead(root);
    await cleanDeadRuns(root, quiet);
    expect([isUp(emulator), existsSync(live.folder)]).toEqual([true, true]);
  });

  it("is cleared but for the last three folders, live ones not counted", async () => {
    const root = temporary("runs");
    const live = Run.create({ root, stack: "a", now: new Date(0) });
    const ids = [1, 2, 3, 4, 5].map((minute) => dead(root, minute).id);
    await cleanDeadRuns(root, quiet);
    expect(readdirSync(runsFolder(root)).sort()).toEqual([live.id, ...ids.slice(2)].sort());
  });

  it("includes a folder whose making was cut, and nothing that is not a run", async () => {
    const root = temporary("runs");
    mkdirSync(path.join(runsFolder(root), ".new-999999999-x"), { recursive: true });
    mkdirSync(path.join(runsFolder(root), `.new-${process.pid}-x`));
    mkdirSync(path.join(runsFolder(root), "notes"));
    await cleanDeadRuns(root, quiet);
    expect(readdirSync(runsFolder(root)).sort()).toEqual([`.new-${process.pid}-x`, "notes"]);
  });

  it("may be cleared by two at once", async () => {
    const root = temporary("runs");
    for (let minute = 0; minute < 6; minute++) dead(root, minute);
    await Promise.all([cleanDeadRuns(root, quiet), cleanDeadRuns(root, quiet)]);
    expect(readdirSync(runsFolder(root)).length).toBe(3);
  });
});
