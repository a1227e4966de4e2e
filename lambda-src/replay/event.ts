/** A span of whole hours of one table, `from` included, `to` not; UTC, as `YYYY-MM-DDTHH` or a longer ISO 8601 text of a whole hour. */
export interface ReplayRequest {
  readonly table: string;
  readonly from: string;
  readonly to: string;
  /** Load an hour although fewer files are listed than were loaded, and leave files aside that fail. @default false */
  readonly allowMissing?: boolean;
  /** Read by the state machine only: it ends behind the plan. @default false */
  readonly dryRun?: boolean;
}

/** What the function is invoked with: one step of the state machine, with what the step before answered. */
export type ReplayEvent =
  | ({ readonly step: "plan" } & ReplayRequest)
  | ({ readonly step: "restore" } & ReplayPlan)
  | ({ readonly step: "status" } & ReplayPlan)
  | ({ readonly step: "load" } & ReplayWork);

/** Answer of `plan`; of `restore` and `status` too, with `restore` brought up to date. */
export interface ReplayPlan {
  readonly table: string;
  readonly allowMissing: boolean;
  readonly dryRun: boolean;
  /** Hours that hold objects, `YYYY-MM-DDTHH`, in order; what is not named keeps its rows. */
  readonly hours: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** Objects in a Glacier class that cannot be read yet. 0 files: go on with `load`. */
  readonly restore: { readonly files: number; readonly bytes: number };
  /** US dollars at list prices of us-east-1: requests, and restoring what must be (standard tier). */
  readonly dollars: number;
}

/** Input and answer of `load`: it loads as many hours as its time allows and answers the rest. Done when `hours` is empty. */
export interface ReplayWork {
  readonly table: string;
  readonly allowMissing: boolean;
  readonly hours: readonly string[];
  /** So far. */
  readonly loaded?: { readonly hours: number; readonly files: number; readonly rows: number };
  /** Seconds to wait before the next call: somebody else is at the next hour. 0: none. */
  readonly wait?: number;
}
