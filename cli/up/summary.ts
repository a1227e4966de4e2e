/** One place a record passes, with what was counted there. */
export interface Hop {
  readonly name: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Something that must hold for the counts to add up. */
export interface Check {
  readonly says: string;
  readonly holds: boolean;
}

export interface Summary {
  readonly hops: readonly Hop[];
  readonly checks: readonly Check[];
  /** Why records were rejected, with how many of each. */
  readonly rejected: ReadonlyMap<string, number>;
  /** First rows of what arrived, as text. */
  readonly firstRows: string;
  /** Where a person finds the files: `what: where`. */
  readonly places: readonly string[];
}

export const addsUp = ({ checks }: Summary): boolean => checks.every(({ holds }) => holds);

/** The summary as lines. */
export function linesOfSummary(summary: Summary): string[] {
  const width = Math.max(...summary.hops.map(({ name }) => name.length));
  return [
    "",
    ...summary.hops.map(({ name, counts }) => `${name.padEnd(width)}  ${countsOf(counts)}`),
    "",
    ...[...summary.rejected].map(([reason, n]) => `rejected ${n.toLocaleString("en-US")}: ${reason}`),
    ...summary.checks.map(({ says, holds }) => `${holds ? "ok" : "NO"}  ${says}`),
    "",
    summary.firstRows,
    "",
    ...summary.places,
  ];
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, n]) => `${what.replaceAll("_", " ")} ${n.toLocaleString("en-US")}`)
    .join(" · ");
}
