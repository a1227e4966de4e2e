import { checksumOf, type MigrationFile, numberOf } from "./migration";

/** One row of the history table. */
export interface Recorded {
  readonly name: string;
  readonly checksum: string;
}

export type Plan =
  | { readonly kind: "pending"; readonly files: readonly MigrationFile[] }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * What is left to apply. The recorded files must be the first of the given ones, unchanged: history is only ever added to. Pure.
 */
export function plan(files: readonly MigrationFile[], history: readonly Recorded[]): Plan {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { name, checksum } of history) {
    const file = byName.get(name);
    if (!file) return refused(`${name} was applied to this warehouse but is not among the files; restore it`);
    const now = checksumOf(file.sql);
    if (now !== checksum) {
      return refused(
        `${name} was edited after it was applied: recorded checksum ${checksum}, now ${now}; restore it and put the change into a new file`,
      );
    }
  }
  const recorded = new Set(history.map(({ name }) => name));
  const last = Math.max(0, ...history.map(({ name }) => numberOf(name)));
  const pending = files.filter(({ name }) => !recorded.has(name)).sort((a, b) => numberOf(a.name) - numberOf(b.name));
  const late = pending.find(({ name }) => numberOf(name) <= last);
  if (late) {
    return refused(
      `${late.name} comes before ${nameOf(last, history)}, which is already applied; give it the next free number, ${digits(last + 1)}`,
    );
  }
  return { kind: "pending", files: pending };
}

const refused = (reason: string): Plan => ({ kind: "refused", reason });
const nameOf = (number: number, history: readonly Recorded[]) =>
  history.find(({ name }) => numberOf(name) === number)?.name;
const digits = (number: number) => String(number).padStart(3, "0");
