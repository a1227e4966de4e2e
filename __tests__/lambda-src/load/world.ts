import type { LoadConfig } from "../../../lambda-src/load/config";
import type { Entry } from "../../../lambda-src/load/entry";
import { type Loader, loadObjects, type Message } from "../../../lambda-src/load/load";
import type { QueuedObject } from "../../../lambda-src/load/message";
import type { FileError, Load, Outcome, Ports, Staging } from "../../../lambda-src/load/ports";
import type { LoadTable } from "../../../lambda-src/load/table";
import { Tally } from "../../../lambda-src/load/tally";
import type { Archive } from "../../../lambda-src/replay/archive";
import type { ReplayWork } from "../../../lambda-src/replay/event";
import { loadHours } from "../../../lambda-src/replay/hours";

export const BUCKET = "files";
export const KPIS: LoadTable = {
  name: "kpis",
  columns: ["day", "value"],
  copy: { format: "csv" },
  hourColumn: "source_hour",
};
export const EVENTS: LoadTable = { name: "events", columns: ["id"], copy: { format: "json" }, datedKeys: true };
export const LEASE = 900_000;
export const START = Date.parse("2026-11-21T08:30:00Z");

/** What a file does to a COPY: fail with an error that names it, fail without, fail in words that say nothing, or be unreadable for COPY's role. */
export type Fault = "named" | "unnamed" | "unknown" | "locked";

interface Version {
  readonly version: string;
  readonly modified: Date;
  readonly rows: readonly string[];
  readonly fault?: Fault;
}

interface Row {
  readonly value: string;
  readonly table: string;
  readonly hour: string;
}

/** Protections that are taken out to see that they are needed. */
export interface Without {
  /** The ledger writes whatever stands there. */
  readonly condition?: boolean;
  /** Nobody makes sure that a former load cannot commit any more. */
  readonly fence?: boolean;
  /** A commit does not look whether something is recorded about its load (NOT EXISTS). */
  readonly guard?: boolean;
  /** Nobody asks whether the newest version is the claimed one. */
  readonly head?: boolean;
}

/** Every call to the outside passes here, twice: before it takes effect and after. */
export type Pass = (call: string, when: "before" | "after") => Promise<void>;

/**
 * The outside in memory: a versioned bucket, a ledger with conditional writes, a warehouse whose transactions take effect whole or not at all and
 * whose tables know no keys, a queue that keeps what is not acknowledged, and a clock that stands unless it is moved.
 */
export class World {
  now = START;
  readonly bucket = new Map<string, Version[]>();
  readonly ledger = new Map<string, Entry>();
  rows: Row[] = [];
  readonly loads = new Map<string, { outcome: Outcome; table: string; hour?: string; files: number }>();
  /** Commits whose worker is gone and that the warehouse has yet to run. */
  readonly underway: (() => void)[] = [];
  queue: Message[] = [];
  /** COPYs of each load's files, by key. */
  readonly copies: string[][] = [];
  config: LoadConfig = {
    bucket: BUCKET,
    ledgerTable: "ledger",
    tables: [KPIS, EVENTS],
    reach: { by: "dataApi", connection: { WorkgroupName: "w", Database: "d" }, role: undefined },
    copyRole: "default",
    bucketRegion: undefined,
    maxFiles: 1000,
    maxBytes: 1_000_000,
    leaseMilliseconds: LEASE,
    finishedDays: 90,
    ignoredPrefixes: [".redstream/"],
  };
  /** Keys that are archived, those whose copy can be read, and those a restore was asked for. */
  readonly cold = new Set<string>();
  readonly restored = new Set<string>();
  readonly asked: string[] = [];
  private counter = 0;

  constructor(readonly without: Without = {}) {}

  /** Writes an object; answers its event, which stands in no queue yet. */
  put(key: string, rows: readonly string[], fault?: Fault): QueuedObject {
    const number = ++this.counter;
    const version = `v${number}`;
    const versions = this.bucket.get(key) ?? [];
    versions.push({ version, modified: new Date(this.now), rows, ...(fault ? { fault } : {}) });
    this.bucket.set(key, versions);
    return {
      redstream: "object",
      bucket: BUCKET,
      key,
      version,
      bytes: 100,
      sequencer: number.toString(16).padStart(8, "0"),
    };
  }

  send(...bodies: (QueuedObject | string)[]): void {
    for (const body of bodies) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      this.queue.push({ id: `m${++this.counter}`, body: text });
    }
  }

  /** One worker takes messages, all of the queue unless told, and acknowledges what it may. */
  async deliver(pass: Pass = async () => {}, messages: readonly Message[] = this.queue, remaining = () => 60_000) {
    const tally = new Tally();
    const owner = `worker ${++this.counter}`;
    const loader: Loader = { owner, config: this.config, newId: () => `load ${++this.counter}`, tally };
    const again = new Set(await loadObjects(this.ports(pass, remaining), loader, messages));
    const taken = new Set(messages.map(({ id }) => id));
    this.queue = this.queue.filter(({ id }) => !taken.has(id) || again.has(id));
    return { tally, again };
  }

  entry(key: string, version?: string): Entry | undefined {
    const last = version ?? this.bucket.get(key)?.at(-1)?.version ?? "none";
    return this.ledger.get(`${BUCKET}/${key} ${last}`);
  }

  values(table = "kpis"): string[] {
    return this.rows
      .filter((row) => row.table === table)
      .map(({ value }) => value)
      .sort();
  }

  ports(pass: Pass, remaining: () => number): Ports {
    const call = async <T>(name: string, effect: () => T): Promise<T> => {
      await pass(name, "before");
      const answer = effect();
      await pass(name, "after");
      return answer;
    };
    const { without } = this;
    return {
      clock: { now: () => new Date(this.now), remaining },
      ledger: {
        versionsOf: (object) =>
          call("ledger.versionsOf", () => [...this.ledger.values()].filter((entry) => entry.object === object)),
        swap: (seen, next) =>
          call("ledger.swap", () => {
            const name = `${next.object} ${next.version}`;
            const there = this.ledger.get(name);
            const free =
              seen === undefined
                ? there === undefined
                : there?.state === seen.state && there.loadId === seen.loadId && there.leaseUntil === seen.leaseUntil;
            if (!free && !without.condition) return false;
            this.ledger.set(name, next);
            return true;
          }),
      },
      objects: {
        head: (key, version) =>
          call("objects.head", () => {
            const versions = this.bucket.get(key) ?? [];
            if (version !== undefined) return versions.find((one) => one.version === version);
            return versions.at(-1);
          }).then((found) => {
            if (without.head && version === undefined) return { version: this.claimedOf(key), modified: new Date() };
            return found && { version: found.version, modified: found.modified };
          }),
        writeManifest: (loadId) => call("objects.writeManifest", () => `s3://${BUCKET}/.redstream/manifests/${loadId}`),
      },
      warehouse: {
        stage: (load) => call("warehouse.stage", () => this.stage(load, pass)),
        outcome: (id) => call("warehouse.outcome", () => this.loads.get(id)?.outcome),
        fence: (table, id) =>
          call("warehouse.fence", () => {
            const known = this.loads.get(id)?.outcome;
            if (known) return known;
            if (!without.fence) this.loads.set(id, { outcome: { state: "abandoned" }, table: table.name, files: 0 });
            return { state: "abandoned" as const };
          }),
        hourLoads: (table, hour) =>
          call("warehouse.hourLoads", () => {
            const all = [...this.loads.values()].filter(
              (load) => load.table === table.name && load.hour === hour && load.outcome.state !== "abandoned",
            );
            let files = 0;
            for (const load of all) files = (load.outcome.state === "replayed" ? 0 : files) + load.files;
            return { loads: all.length, files };
          }),
      },
    };
  }

  /** What a replay needs beside the ports. */
  archive(pass: Pass = async () => {}): Archive {
    return {
      list: async (prefix) => {
        await pass("archive.list", "before");
        const found = [...this.bucket].filter(([key]) => key.startsWith(prefix));
        return found.map(([key, versions]) => {
          const { version, modified } = versions.at(-1)!;
          const storageClass = this.cold.has(key) ? "GLACIER" : "STANDARD";
          const older = versions.slice(0, -1).map((before) => before.version);
          const restored = this.restored.has(key);
          return { key, version, modified, bytes: 100, latest: true, storageClass, restored, older };
        });
      },
      restore: async (key) => {
        await pass("archive.restore", "before");
        this.asked.push(key);
      },
      entries: async (keys) => {
        await pass("archive.entries", "before");
        return keys
          .map(({ object, version }) => this.ledger.get(`${object} ${version}`))
          .filter((entry) => entry !== undefined);
      },
    };
  }

  /** One call of the replay's `load` step, and again as long as it answers hours that are left and nobody else is at them. */
  async replay(
    hours: readonly string[],
    pass: Pass = async () => {},
    allowMissing = false,
    table = "kpis",
  ): Promise<ReplayWork> {
    const replayer = {
      owner: `replay ${++this.counter}`,
      config: this.config,
      newId: () => `replay ${++this.counter}`,
    };
    let work: ReplayWork = { table, hours, allowMissing };
    for (let round = 0; round < 5 && work.hours.length > 0; round += 1) {
      work = await loadHours(
        this.ports(pass, () => 60_000),
        this.archive(pass),
        replayer,
        this.config.tables,
        work,
      );
    }
    return work;
  }

  private claimedOf(key: string): string {
    const entries = [...this.ledger.values()].filter(
      ({ object, state }) => object === `${BUCKET}/${key}` && state === "loading",
    );
    return entries.at(-1)?.version ?? "";
  }

  /** As COPY does: the newest version of each key as it is now, all or nothing. */
  private stage(load: Load, pass: Pass): Staging {
    this.copies.push(load.files.map(({ key }) => key));
    const staged: Row[] = [];
    for (const { key } of load.files) {
      const newest = this.bucket.get(key)?.at(-1);
      if (!newest) return { kind: "unable", text: `s3://${BUCKET}/${key} not found` };
      if (newest.fault) return failureOf(key, newest.fault);
      for (const value of newest.rows) staged.push({ value, table: load.table.name, hour: load.hour });
    }
    const effect = () => this.commit(load, staged);
    return {
      kind: "staged",
      commit: async () => {
        await pass("warehouse.commit", "before");
        // A statement runs in the warehouse, whether its worker lives to hear of it or not.
        this.underway.push(effect);
        await pass("warehouse.commit submitted", "after");
        if (this.underway.includes(effect)) {
          this.underway.splice(this.underway.indexOf(effect), 1);
          effect();
        }
        await pass("warehouse.commit", "after");
      },
    };
  }

  private commit(load: Load, staged: readonly Row[]): void {
    if (this.loads.has(load.id) && !this.without.guard) return;
    if (load.replaces) {
      const { table, hour } = load;
      const seen = [...this.loads.values()].filter(
        (one) => one.table === table.name && one.hour === hour && one.outcome.state !== "abandoned",
      );
      if (seen.length !== load.replaces.loads) return;
      this.rows = this.rows.filter((row) => row.table !== table.name || row.hour !== hour);
    }
    this.rows.push(...staged);
    const state = load.replaces ? ("replayed" as const) : ("loaded" as const);
    const outcome = { state, rows: staged.length };
    this.loads.set(load.id, { outcome, table: load.table.name, hour: load.hour, files: load.files.length });
  }
}

function failureOf(key: string, fault: Fault): Staging {
  const file = `s3://${BUCKET}/${key}`;
  if (fault === "locked")
    return {
      kind: "unable",
      text: `S3ServiceException:Access Denied,Status 403,Error AccessDenied. Key being read: ${file}`,
    };
  if (fault === "unknown") return { kind: "unknown", text: "something went wrong" };
  const errors: FileError[] = fault === "named" ? [{ file, line: 3, column: "value", text: "Invalid digit" }] : [];
  return { kind: "bad", text: "Load into table 'redstream_stage' failed", errors };
}
