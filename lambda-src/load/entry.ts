/** Why a file was set aside, as far as the warehouse says it. */
export interface Reason {
  readonly text: string;
  /** Line of the file, from 1, where it is known. */
  readonly line?: number;
  readonly column?: string;
}

/**
 * - `loading`: belongs to load `loadId` until `leaseUntil`; then whoever comes next takes over
 * - `loaded`: its rows are in the table
 * - `rejected`: set aside with its reason, until `redstream retry`
 * - `superseded`: a later version of the key was there before it was loaded, or the object was deleted
 */
export type State = "loading" | "loaded" | "rejected" | "superseded";

/** One item of the ledger: an object version and what has become of it. */
export interface Entry {
  /** `bucket/key`: the partition key. */
  readonly object: string;
  /** The sort key; `none` for an event without a version. */
  readonly version: string;
  readonly state: State;
  /** Table it goes to, or `?` when its key names none that is on the list. */
  readonly table: string;
  readonly bytes: number;
  readonly sequencer?: string;
  /** `YYYY-MM-DDTHH`, UTC. */
  readonly hour?: string;
  /** The load it belongs to or was loaded by; absent when it was given back and no load can still commit it. */
  readonly loadId?: string;
  /** Who loads it: for people. */
  readonly owner?: string;
  /** Milliseconds since 1970; 0 when it was given back. With `loading` only. */
  readonly leaseUntil?: number;
  readonly reason?: Reason;
  /** ISO 8601; with `rejected` only, so that the index `rejects` holds those alone. */
  readonly rejectedAt?: string;
  /** Seconds since 1970: DynamoDB forgets it then. With `loaded` and `superseded` only. */
  readonly expiresAt?: number;
}

/** Table of a reject whose key names none. */
export const NO_TABLE = "?";
/** Version of an event without one. */
export const NO_VERSION = "none";
