import { atOnce } from "../load/at-once";
import { AT_ONCE, type ClaimedFile, expiryOf, giveBack } from "../load/batch";
import { claimed, finished, rejected, released } from "../load/claim";
import { fileOf, namedIn } from "../load/classify";
import type { LoadConfig } from "../load/config";
import type { Entry, Reason } from "../load/entry";
import { type LoadableObject, objectName } from "../load/object";
import type { Load, Outcome, Ports, Staging } from "../load/ports";
import type { LoadTable } from "../load/table";
import { type Archive, isCold, type Newest } from "./archive";
import { filesOf } from "./plan";
import { ReplayRefused } from "./refused";
import { spanOf } from "./span";

export type HourOutcome =
  | { readonly kind: "replayed"; readonly files: number; readonly rows: number }
  /** No object is there, and its rows stay. */
  | { readonly kind: "empty" }
  /** Somebody is at it, or was faster: try again after so many seconds. */
  | { readonly kind: "wait"; readonly seconds: number };

export interface Replayer {
  readonly owner: string;
  readonly config: Pick<LoadConfig, "bucket" | "leaseMilliseconds" | "finishedDays">;
  readonly newId: () => string;
}

/** Seconds until one looks again whether somebody has finished. */
const PATIENCE_SECONDS = 30;
/** Seconds after which a load that was overtaken is planned anew. */
const AGAIN_SECONDS = 1;

/**
 * Loads all objects of an hour in one load that replaces the hour's rows.
 *
 * What the hour's loads were is read first, then the objects are listed, then the commit looks whether a load has been added since: so a file that came in
 * between makes it start again instead of losing that file's rows. Objects that no load has finished yet are claimed, so that
 * no loader adds them a second time behind the replay.
 */
export async function replayHour(
  ports: Ports,
  archive: Archive,
  replayer: Replayer,
  table: LoadTable,
  hour: string,
  allowMissing: boolean,
): Promise<HourOutcome> {
  const lease = await takeHour(ports, replayer, table, hour);
  if (!lease) return { kind: "wait", seconds: PATIENCE_SECONDS };
  try {
    return await replay(ports, archive, replayer, table, hour, allowMissing);
  } finally {
    // One that cannot be given back ends by itself.
    await ports.ledger.swap(lease, released(lease, false)).catch(() => false);
  }
}

/** Versions behind the listed ones that were loaded into the hour too: their rows are to go, since a newer version of the same key takes their place. */
async function loadedBefore(
  archive: Archive,
  bucket: string,
  listed: readonly Newest[],
  hour: string,
): Promise<readonly Entry[]> {
  const versions = listed.flatMap(({ key, older }) =>
    older.map((version) => ({ object: objectName({ bucket, key }), version })),
  );
  return (await archive.entries(versions)).filter((entry) => entry.state === "loaded" && entry.hour === hour);
}

/** The entry by which one replay at a time is at an hour. */
async function takeHour(ports: Ports, replayer: Replayer, table: LoadTable, hour: string): Promise<Entry | undefined> {
  const object = `.replay/${table.name}/${hour}`;
  const [seen] = await ports.ledger.versionsOf(object);
  const now = ports.clock.now();
  if ((seen?.leaseUntil ?? 0) > now.getTime()) return undefined;
  const { owner, config } = replayer;
  const entry: Entry = {
    object,
    version: "hour",
    state: "loading",
    table: table.name,
    bytes: 0,
    hour,
    loadId: replayer.newId(),
    owner,
    leaseUntil: now.getTime() + config.leaseMilliseconds,
    expiresAt: expiryOf(now, config.finishedDays),
  };
  return (await ports.ledger.swap(seen, entry)) ? entry : undefined;
}

async function replay(
  ports: Ports,
  archive: Archive,
  replayer: Replayer,
  table: LoadTable,
  hour: string,
  allowMissing: boolean,
): Promise<HourOutcome> {
  const seen = await ports.warehouse.hourLoads(table, hour);
  const listed = await filesOf(archive, table, spanOf(hour));
  if (listed.length === 0) return { kind: "empty" };
  const cold = listed.filter(isCold);
  if (cold.length > 0)
    throw new ReplayRefused(
      `${hour}: ${cold.length} files are archived, such as ${cold[0]!.key}; start the replay again`,
    );

  const { bucket } = replayer.config;
  const objects = listed.map(
    ({ key, version, bytes }): LoadableObject => ({ bucket, key, version, bytes, table: table.name, hour }),
  );
  const known = await archive.entries(
    objects.map((object) => ({ object: objectName(object), version: object.version })),
  );
  const entryOf = new Map(known.map((entry) => [`${entry.object} ${entry.version}`, entry]));
  const files = objects.map((object) => ({ object, entry: entryOf.get(`${objectName(object)} ${object.version}`) }));
  // What was set aside gave no rows, and waits for `redstream retry`.
  const wanted = files.filter(({ entry }) => entry?.state !== "rejected");
  if (wanted.length === 0) return { kind: "empty" };
  const before = await loadedBefore(archive, bucket, listed, hour);
  if (wanted.length + before.length < seen.files && !allowMissing)
    throw new ReplayRefused(
      `${hour}: ${seen.files} files were loaded into ${table.name} and ${wanted.length} are listed; with --allow-missing the rows of the others are lost`,
    );

  const loadId = replayer.newId();
  const claims = await claimOpen(ports, replayer, { id: loadId, table }, wanted);
  if (claims === "busy") return { kind: "wait", seconds: PATIENCE_SECONDS };
  const uncertain = new Set<ClaimedFile>();
  const held = new Set(claims);
  try {
    let load: Load = { id: loadId, table, hour, files: wanted.map(({ object }) => object), replaces: seen };
    let staging = await stage(ports, load);
    /** Files whose rows go, because they could be loaded once and cannot now. */
    const dropped: (readonly [Entry, Reason])[] = [];
    while (staging.kind === "bad") {
      const wrong = wrongOf(load, staging);
      refuseWrong(hour, staging, wrong, allowMissing);
      for (const [object, reason] of wrong) {
        const claim = [...held].find((file) => file.object === object);
        const entry = wanted.find((file) => file.object === object)?.entry;
        if (!claim && entry) dropped.push([entry, reason]);
        if (!claim) continue;
        // It leaves the load, so the ledger must say so before the commit.
        if (!(await ports.ledger.swap(claim.entry, rejected(claim.entry, reason, ports.clock.now()))))
          return { kind: "wait", seconds: AGAIN_SECONDS };
        held.delete(claim);
      }
      load = { ...load, files: load.files.filter((object) => !wrong.has(object)) };
      if (load.files.length === 0) throw new ReplayRefused(`${hour}: no file of it can be loaded; its rows stay`);
      staging = await stage(ports, load);
    }
    if (staging.kind !== "staged") throw new Error(`${hour}: ${staging.text}`);
    // COPY reads what is newest: if that is not what was listed, the hour is planned anew.
    const heads = await atOnce(AT_ONCE, load.files, ({ key }) => ports.objects.head(key));
    if (load.files.some(({ version }, index) => heads[index]?.version !== version))
      return { kind: "wait", seconds: AGAIN_SECONDS };

    for (const file of held) uncertain.add(file);
    await staging.commit();
    const outcome = await ports.warehouse.outcome(loadId);
    // A load was added since the first look.
    if (outcome === undefined || outcome.state === "abandoned") return { kind: "wait", seconds: AGAIN_SECONDS };
    const expiresAt = expiryOf(ports.clock.now(), replayer.config.finishedDays);
    await atOnce(AT_ONCE, [...held], async (file) => {
      if (await ports.ledger.swap(file.entry, finished(file.entry, "loaded", expiresAt))) held.delete(file);
    });
    // Only now: were they set aside before and this replay came to nothing, a retry would add rows that are still there.
    await atOnce(AT_ONCE, dropped, ([entry, reason]) =>
      ports.ledger.swap(entry, rejected(entry, reason, ports.clock.now())),
    );
    // Their rows are gone; as loaded ones they would make up for files that are missing at the next replay.
    if (table.hourColumn !== undefined) {
      await atOnce(AT_ONCE, before, (entry) => ports.ledger.swap(entry, finished(entry, "superseded", expiresAt)));
    }
    return { kind: "replayed", files: load.files.length, rows: outcome.rows };
  } finally {
    await giveBack(ports, [...held], uncertain);
  }
}

async function stage(ports: Ports, load: Load): Promise<Staging> {
  return ports.warehouse.stage(load, await ports.objects.writeManifest(load.id, load.files));
}

interface Looked {
  readonly object: LoadableObject;
  readonly entry: Entry | undefined;
}

/** Claims what no load has finished. `busy` when somebody is at one of them. */
async function claimOpen(
  ports: Ports,
  replayer: Replayer,
  load: { readonly id: string; readonly table: LoadTable },
  files: readonly Looked[],
): Promise<readonly ClaimedFile[] | "busy"> {
  const now = ports.clock.now();
  const open = files.filter(({ entry }) => entry === undefined || entry.state === "loading");
  if (open.some(({ entry }) => (entry?.leaseUntil ?? 0) > now.getTime())) return "busy";
  const outcomes = new Map<string, Outcome>();
  for (const { entry } of open) {
    if (entry?.loadId === undefined || outcomes.has(entry.loadId)) continue;
    outcomes.set(entry.loadId, await ports.warehouse.fence(load.table, entry.loadId));
  }
  const claims: ClaimedFile[] = [];
  const leaseUntil = now.getTime() + replayer.config.leaseMilliseconds;
  let lost = false;
  try {
    await atOnce(AT_ONCE, open, async ({ object, entry: seen }) => {
      const outcome = seen?.loadId === undefined ? undefined : outcomes.get(seen.loadId);
      if (seen && outcome && outcome.state !== "abandoned") {
        // It is in the table, and must not be loaded again if this replay comes to nothing.
        const expiresAt = expiryOf(now, replayer.config.finishedDays);
        if (!(await ports.ledger.swap(seen, finished(seen, "loaded", expiresAt)))) lost = true;
        return;
      }
      const { sequencer } = seen ?? {};
      const known = { ...object, ...(sequencer === undefined ? {} : { sequencer }) };
      const entry = claimed(known, { loadId: load.id, owner: replayer.owner, leaseUntil });
      if (await ports.ledger.swap(seen, entry)) claims.push({ object, entry });
      else lost = true;
    });
  } catch (error) {
    // As in the load: a claim that may have been written belongs to this load, which then must not be.
    await giveBack(ports, claims);
    throw error;
  }
  if (!lost) return claims;
  await giveBack(ports, claims);
  return "busy";
}

/** The files of a failed COPY that are known to be wrong, with the reason of each. */
function wrongOf(load: Load, staging: Extract<Staging, { kind: "bad" }>): ReadonlyMap<LoadableObject, Reason> {
  const wrong = new Map<LoadableObject, Reason>();
  for (const { text, line, column, ...error } of staging.errors) {
    const file = fileOf({ ...error, text }, load.files);
    const where = { ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
    if (file && !wrong.has(file)) wrong.set(file, { text, ...where });
  }
  const named = wrong.size === 0 ? namedIn(staging.text, load.files) : undefined;
  if (named) wrong.set(named, { text: staging.text });
  return wrong;
}

/** @throws ReplayRefused that names the files, unless they may be left out */
function refuseWrong(
  hour: string,
  staging: Extract<Staging, { kind: "bad" }>,
  wrong: ReadonlyMap<LoadableObject, Reason>,
  allowed: boolean,
): void {
  if (wrong.size === 0)
    throw new ReplayRefused(`${hour}: a file cannot be loaded: ${staging.text}. Its rows stay as they are`);
  if (allowed) return;
  const said = [...wrong].slice(0, 3).map(([{ key }, { text, line, column }]) => {
    const where = `${line === undefined ? "" : ` line ${line}`}${column === undefined ? "" : ` column ${column}`}`;
    return `${key}${where}: ${text}`;
  });
  throw new ReplayRefused(
    `${hour}: ${wrong.size} files cannot be loaded (${said.join("; ")}). Its rows stay as they are; with --allow-missing these files are set aside`,
  );
}
