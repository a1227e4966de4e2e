import type { LoadConfig } from "./config";
import { NO_TABLE, NO_VERSION } from "./entry";
import type { Notice } from "./message";
import { hourOf, hourOfKey, type LoadableObject } from "./object";
import type { Objects } from "./ports";

export type Resolved =
  | { readonly kind: "object"; readonly object: LoadableObject }
  /** None of ours: nothing is written about it. */
  | { readonly kind: "ignored" }
  /** Cannot be loaded, whatever is tried. `object` says under which name that is put down. */
  | { readonly kind: "reject"; readonly object: LoadableObject; readonly reason: string }
  /** It was deleted before it was loaded. */
  | { readonly kind: "gone"; readonly object: LoadableObject }
  /** Of another bucket: a mistake of whoever wired the queue. */
  | { readonly kind: "foreign" };

type Wanted = Pick<LoadConfig, "bucket" | "tables" | "ignoredPrefixes">;

/** Which table and hour a message's object belongs to. Asks the bucket only where the key leaves something open. */
export async function resolve(notice: Notice, config: Wanted, objects: Objects): Promise<Resolved> {
  if (notice.bucket !== config.bucket) return { kind: "foreign" };
  const version = notice.version ?? NO_VERSION;
  const about = (key: string, hour = ""): LoadableObject => {
    const { bucket, bytes, sequencer } = notice;
    const table = tableOf(key, config)?.name ?? NO_TABLE;
    return { bucket, key, version, bytes, table, hour, ...(sequencer === undefined ? {} : { sequencer }) };
  };
  const reject = (key: string, reason: string): Resolved => ({ kind: "reject", object: about(key), reason });

  const first = notice.keys[0]!;
  if (config.ignoredPrefixes.some((prefix) => first.startsWith(prefix))) return { kind: "ignored" };
  if (notice.version === undefined) {
    return reject(first, "its event names no version: turn on versioning of the bucket and write the object again");
  }
  if (notice.keys.length === 1) return settle(first);
  for (const key of notice.keys) {
    const head = await objects.head(key, version);
    if (head) return settle(key, head.modified);
  }
  return { kind: "gone", object: about(first) };

  async function settle(key: string, modified?: Date): Promise<Resolved> {
    const names = config.tables.map(({ name }) => name).join(", ");
    if (!key.includes("/"))
      return reject(key, `its key has no slash: the first part must name a table, one of ${names}`);
    const table = tableOf(key, config);
    if (!table) return reject(key, `its key's first part names no table of the list, which has ${names}`);
    if (notice.bytes === 0) return reject(key, "the object is empty");
    const named = hourOfKey(key);
    if (named !== undefined) return { kind: "object", object: about(key, named) };
    if (table.datedKeys)
      return reject(
        key,
        `its key names no hour: behind ${table.name}/ must come YYYY/MM/DD/HH/ or year=YYYY/month=MM/day=DD/hour=HH/`,
      );
    // Not the event's time: replay has to find the same hour again, and a listing shows LastModified.
    const at = modified ?? (await objects.head(key, version))?.modified;
    return at ? { kind: "object", object: about(key, hourOf(at)) } : { kind: "gone", object: about(key) };
  }
}

function tableOf(key: string, { tables }: Wanted) {
  const slash = key.indexOf("/");
  return slash < 0 ? undefined : tables.find(({ name }) => name === key.slice(0, slash));
}
