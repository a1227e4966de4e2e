/** An object version: what is loaded, once. */
export interface ObjectVersion {
  readonly bucket: string;
  /** As S3 has it, not URL-encoded. */
  readonly key: string;
  readonly version: string;
  readonly bytes: number;
  /** S3's order of the events of one key, in hexadecimal digits; a listing does not have it. */
  readonly sequencer?: string;
}

/** An object version whose table and hour are known. */
export interface LoadableObject extends ObjectVersion {
  readonly table: string;
  /** The hour of the object, UTC, as `YYYY-MM-DDTHH`. */
  readonly hour: string;
}

/** The ledger's partition key. A bucket's name has no slash, so this is unambiguous. */
export const objectName = ({ bucket, key }: Pick<ObjectVersion, "bucket" | "key">): string => `${bucket}/${key}`;

/**
 * Which of two events of one key is later: negative, 0 or positive as for sorting. Undefined where one has no sequencer.
 *
 * The shorter is padded with zeros on the right, then text decides:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function compareSequencers(one: string | undefined, other: string | undefined): number | undefined {
  if (one === undefined || other === undefined) return undefined;
  const length = Math.max(one.length, other.length);
  const [a, b] = [one, other].map((text) => text.toUpperCase().padEnd(length, "0")) as [string, string];
  return a < b ? -1 : a > b ? 1 : 0;
}

const PLAIN = /^(\d{4})\/(\d{2})\/(\d{2})\/(\d{2})\//;
const HIVE = /^year=(\d{4})\/month=(\d{2})\/day=(\d{2})\/hour=(\d{2})\//;

/** The hour that a key names behind its first part, as `YYYY-MM-DDTHH`; undefined when it names none, or one that does not exist. */
export function hourOfKey(key: string): string | undefined {
  const rest = key.slice(key.indexOf("/") + 1);
  const found = PLAIN.exec(rest) ?? HIVE.exec(rest);
  if (!found) return undefined;
  const [, year, month, day, hour] = found;
  const text = `${year}-${month}-${day}T${hour}`;
  const at = new Date(`${text}:00:00Z`);
  // The 30th of February would become the 1st of March.
  return Number.isNaN(at.getTime()) || hourOf(at) !== text ? undefined : text;
}

/** The hour of a moment, UTC, as `YYYY-MM-DDTHH`. */
export const hourOf = (at: Date): string => at.toISOString().slice(0, 13);
