import type { Entry } from "./entry";
import type { LoadableObject } from "./object";
import type { LoadTable } from "./table";

/** What the load needs of the world. Each may reject; the load then leaves the message in the queue. */
export interface Ports {
  readonly ledger: Ledger;
  readonly objects: Objects;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
}

export interface Clock {
  now(): Date;
  /** Milliseconds left for new work; 0 or less when it has passed. */
  remaining(): number;
}

/** What has become of every object version. */
export interface Ledger {
  /** All versions of one object, as they are now. */
  versionsOf(object: string): Promise<readonly Entry[]>;

  /**
   * Puts `next` where `seen` is, or where nothing is; answers whether it did. Compares state, load and lease: a load's id is new in
   * every attempt, so no other entry has the same three. A repeat of a swap that took effect answers true.
   */
  swap(seen: Entry | undefined, next: Entry): Promise<boolean>;
}

export interface Head {
  readonly version: string;
  readonly modified: Date;
}

/** The bucket. */
export interface Objects {
  /** The version, or without one the newest; undefined when there is none, or the newest is a delete marker. */
  head(key: string, version?: string): Promise<Head | undefined>;

  /** Writes the list of files of a load and answers its URL. */
  writeManifest(loadId: string, files: readonly LoadableObject[]): Promise<string>;
}

/** Files that are loaded together, or not at all. */
export interface Load {
  /** UUID, new in every attempt. */
  readonly id: string;
  readonly table: LoadTable;
  /** Hour of its objects, `YYYY-MM-DDTHH`, UTC. */
  readonly hour: string;
  readonly files: readonly LoadableObject[];
  /** Replaces all rows of the hour, if its loads are still as many as were seen. @default - adds to them */
  readonly replaces?: HourLoads;
}

/** A line that could not be loaded. */
export interface FileError {
  /** `s3://bucket/key`, as the warehouse names it; it may be cut off at 256 characters. */
  readonly file: string;
  readonly line?: number;
  readonly column?: string;
  readonly text: string;
}

export type Staging =
  /** The rows stand in a table of this session alone; `commit` moves them. */
  | { readonly kind: "staged"; commit(): Promise<void> }
  /** A file is wrong, or files are; `errors` may be empty. */
  | { readonly kind: "bad"; readonly text: string; readonly errors: readonly FileError[] }
  /** COPY failed and it cannot be told whether a file is the cause. */
  | { readonly kind: "unknown"; readonly text: string }
  /** The warehouse, its rights or its way to the files are the cause. */
  | { readonly kind: "unable"; readonly text: string };

/** What stands in redstream.loads about a load. `abandoned`: it can never commit any more. */
export type Outcome =
  | { readonly state: "loaded"; readonly rows: number }
  | { readonly state: "replayed"; readonly rows: number }
  | { readonly state: "abandoned" };

/** Loads of one hour of one table. */
export interface HourLoads {
  /** Loads recorded. They only ever get more, so the number says whether there is a new one. */
  readonly loads: number;
  /** Files of the last replay and of the loads since. */
  readonly files: number;
}

export interface Warehouse {
  /** Reads the files of a manifest into a table of a session of its own. */
  stage(load: Load, manifestUrl: string): Promise<Staging>;

  /** What is recorded about a load; undefined when nothing is. */
  outcome(loadId: string): Promise<Outcome | undefined>;

  /** Makes sure that a load that has not committed never will, and answers which of both it is. */
  fence(table: LoadTable, loadId: string): Promise<Outcome>;

  hourLoads(table: LoadTable, hour: string): Promise<HourLoads>;
}
