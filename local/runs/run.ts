import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { type ProcessInfo, readProcess } from "./processes";

/** A stack that a run has applied. */
export interface AppliedStack {
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Account it was applied to. @default the run's own */
  readonly account?: string;
}

/** What a run's `run.json` holds, for the commands that attach to it and for the next run that cleans up. */
export interface RunRecord {
  readonly id: string;
  /** The process that owns the run. */
  readonly owner: ProcessInfo;
  readonly stack: string;
  /** Processes the run started. */
  readonly processes: readonly (ProcessInfo & { readonly what: string })[];
  /** `http://127.0.0.1:PORT`, once the gateway listens. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Terraform's outputs of the stack, once it is applied. */
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Every stack of the run by its name, where it has more than the one. */
  readonly applied?: Readonly<Record<string, AppliedStack>>;
  /** True while the run stays up and serves (`--keep`). */
  readonly serving?: boolean;
}

/** A run found on disk. */
export interface FoundRun {
  readonly folder: string;
  readonly record: RunRecord;
}

/** Folder of all runs of the project in `root`. */
export const runsFolder = (root: string) => path.join(path.resolve(root), ".redstream", "runs");

/** A run that this process owns: a folder of its own, and a record that always says what there is to clean. */
export class Run {
  private constructor(
    /** `.redstream/runs/<id>`, absolute. */
    readonly folder: string,
    private current: RunRecord,
  ) {}

  /** The folder appears with its record in it, in one step, so that nobody takes a new run for a dead one. */
  static create(options: { readonly root: string; readonly stack: string; readonly now?: Date }): Run {
    const owner = readProcess(process.pid);
    if (!owner) throw new Error("this process is not in the list of processes");
    const id = newId(options.now ?? new Date());
    const runs = runsFolder(options.root);
    const made = path.join(runs, `.new-${process.pid}-${id}`);
    // Outputs and logs are for the user alone.
    mkdirSync(made, { recursive: true, mode: 0o700 });
    const record: RunRecord = { id, owner, stack: options.stack, processes: [] };
    writeRecord(made, record);
    const folder = path.join(runs, id);
    renameSync(made, folder);
    return new Run(folder, record);
  }

  get id(): string {
    return this.current.id;
  }

  get record(): RunRecord {
    return this.current;
  }

  /** Notes a process that the run has started. Start it with the run's `childEnvironment`, which marks it as the run's. */
  started(pid: number, what: string): void {
    const info = readProcess(pid);
    if (info) this.update({ processes: [...this.current.processes, { ...info, what }] });
  }

  /** Notes what the run knows by now. */
  update(change: Partial<Omit<RunRecord, "id" | "owner">>): void {
    this.current = { ...this.current, ...change };
    writeRecord(this.folder, this.current);
  }
}

/** Sorts by time: `20261121-085421-337-3fa9c1`. */
function newId(now: Date): string {
  const time = now.toISOString().replace(/[-:Z]/g, "").replace("T", "-").replace(".", "-");
  return `${time}-${randomBytes(3).toString("hex")}`;
}

function writeRecord(folder: string, record: RunRecord): void {
  const file = path.join(folder, "run.json");
  writeFileSync(`${file}.next`, JSON.stringify(record, null, 2), { mode: 0o600 });
  renameSync(`${file}.next`, file);
}

/** The record of a run's folder; undefined if there is none that can be read. */
export function readRecord(folder: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path.join(folder, "run.json"), "utf8")) as RunRecord;
    return Number.isInteger(record.owner?.pid) && Array.isArray(record.processes) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** True while the very process that made the run lives, not another that was given its number. */
export function isLive(record: RunRecord): boolean {
  return readProcess(record.owner.pid)?.started === record.owner.started;
}
