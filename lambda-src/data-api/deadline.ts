/** When this run must have answered. */
export interface Deadline {
  /** Milliseconds left; 0 or less when it has passed. */
  remaining(): number;
}

/** Time kept for cancelling a statement and for the answer. */
const RESERVE_MILLISECONDS = 15_000;

/** Ends a reserve before Lambda would end the function without a word. */
export const deadlineOf = (context: { getRemainingTimeInMillis(): number }): Deadline => ({
  remaining: () => context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS,
});
