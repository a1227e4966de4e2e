import type { Continuation } from "../load/s3-versions";

/** Input of a step, and its answer: the state machine calls again with the answer while it has a continuation. */
export interface SweepState {
  /** Where the listing goes on; absent to begin, and at the end. */
  readonly continuation?: Continuation;
  /** So far. */
  readonly listed?: number;
  readonly queued?: number;
}
