/** Where the listing goes on; absent to begin. */
export interface Continuation {
  readonly keyMarker: string;
  readonly versionIdMarker: string;
}

/** Input of a step, and its answer: the state machine calls again with the answer while it has a continuation. */
export interface SweepState {
  readonly continuation?: Continuation;
  /** So far. */
  readonly listed?: number;
  readonly queued?: number;
}
