import type { Entry } from "../load/entry";
import type { Listed } from "../load/s3-versions";

/** The newest version of a key, and the ones behind it. */
export interface Newest extends Listed {
  readonly older: readonly string[];
}

/** What a replay needs beside the load's ports. */
export interface Archive {
  /** Newest versions of the keys under a prefix. */
  list(prefix: string): Promise<readonly Newest[]>;
  /** Asks for a copy that can be read; it is there hours later. Asking again does no harm. */
  restore(key: string, version: string, days: number): Promise<void>;
  /** Entries of the ledger, as they are now; those that are not there are left out. */
  entries(keys: readonly Pick<Entry, "object" | "version">[]): Promise<readonly Entry[]>;
}

/** Classes whose objects cannot be read before they are restored. https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html */
const ARCHIVED = ["GLACIER", "DEEP_ARCHIVE"];

/** Whether it must be restored first. */
export const isCold = ({ storageClass, restored }: Pick<Listed, "storageClass" | "restored">): boolean =>
  ARCHIVED.includes(storageClass) && !restored;
