/** What one invocation has done, for its log line and for people. */
export type Counted =
  | "loaded"
  | "rejected"
  | "superseded"
  | "recovered"
  | "ignored"
  | "unreadable"
  | "rows"
  | "copies"
  | "splits"
  | "again";

/** Different messages that are kept. */
const MOST_NOTES = 5;

export class Tally {
  readonly counts: Partial<Record<Counted, number>> = {};
  private readonly said = new Set<string>();

  add(what: Counted, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  /** Why something was not done, in the words of whoever refused. */
  note(text: string): void {
    if (this.said.size < MOST_NOTES) this.said.add(text.slice(0, 500));
  }

  get notes(): readonly string[] {
    return [...this.said];
  }
}
