import type { Entry } from "./entry";
import { compareSequencers, type LoadableObject, objectName } from "./object";

export type Decision =
  /** Free: put a claim where `seen` is. */
  | { readonly kind: "claim"; readonly seen: Entry | undefined }
  /** Its worker's lease is over, but that worker's load may have been committed, or may yet be. */
  | { readonly kind: "fence"; readonly seen: Entry; readonly loadId: string }
  /** Somebody is at it. */
  | { readonly kind: "wait" }
  /** A later version of the key is known. */
  | { readonly kind: "superseded"; readonly seen: Entry | undefined }
  /** Nothing is left to do. */
  | { readonly kind: "done" };

/**
 * What to do about an object version, from all entries of its key. Pure.
 *
 * @param retry whether it may be taken although it was set aside
 * @param now milliseconds since 1970
 */
export function decide(object: LoadableObject, entries: readonly Entry[], retry: boolean, now: number): Decision {
  const seen = entries.find(({ version }) => version === object.version);
  if (seen && !(retry && seen.state === "rejected")) {
    if (seen.state !== "loading") return { kind: "done" };
    if ((seen.leaseUntil ?? 0) > now) return { kind: "wait" };
    // First what became of that load: it may be in the table, superseded or not.
    if (seen.loadId !== undefined) return { kind: "fence", seen, loadId: seen.loadId };
  }
  const later = entries.some(
    ({ version, sequencer }) =>
      version !== object.version && (compareSequencers(sequencer, object.sequencer ?? seen?.sequencer) ?? 0) > 0,
  );
  return later ? { kind: "superseded", seen } : { kind: "claim", seen };
}

/** The entry of a version that nobody has touched. */
function base(object: LoadableObject): Omit<Entry, "state"> {
  const { version, table, bytes, sequencer, hour } = object;
  return { object: objectName(object), version, table, bytes, hour, ...(sequencer === undefined ? {} : { sequencer }) };
}

export interface Claim {
  readonly loadId: string;
  readonly owner: string;
  readonly leaseUntil: number;
}

export const claimed = (object: LoadableObject, { loadId, owner, leaseUntil }: Claim): Entry => ({
  ...base(object),
  state: "loading",
  loadId,
  owner,
  leaseUntil,
});

/** Given back: whoever comes next may take it. The load's id stays while that load may still be committed. */
export function released(entry: Entry, mayCommit: boolean): Entry {
  const { loadId, ...rest } = entry;
  return { ...rest, leaseUntil: 0, ...(mayCommit && loadId !== undefined ? { loadId } : {}) };
}

/**
 * Also of one that was set aside and is no more: with `rejectedAt` it would stay in the index.
 *
 * @param expiresAt seconds since 1970
 */
export function finished(entry: Entry, state: "loaded" | "superseded", expiresAt: number): Entry {
  const { leaseUntil: _lease, reason: _reason, rejectedAt: _at, ...rest } = entry;
  return { ...rest, state, expiresAt };
}

export function rejected(entry: Entry, reason: NonNullable<Entry["reason"]>, at: Date): Entry {
  const { leaseUntil: _lease, loadId: _load, owner: _owner, expiresAt: _expiry, ...rest } = entry;
  return { ...rest, state: "rejected", reason, rejectedAt: at.toISOString() };
}

/** An entry for an object that was never claimed, to be finished or rejected at once. */
export const untouched = (object: LoadableObject): Entry => ({ ...base(object), state: "loading", leaseUntil: 0 });
