/** A run that cannot go on for a reason a person can act on. The message says what, where and what to do, and never holds a secret. */
export class RunError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RunError";
  }
}

/** The function's own deadline passed. It comes before Lambda's, so that there is time to cancel the statement and to say so. */
export class OutOfTime extends RunError {
  constructor(doing: string) {
    super(
      `out of time: ${doing}. It was cancelled; what was recorded before it stays. Apply again to go on, or raise timeoutSeconds (at most 899)`,
    );
    this.name = "OutOfTime";
  }
}
