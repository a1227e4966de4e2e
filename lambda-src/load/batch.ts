import { atOnce } from "./at-once";
import { claimed, finished, rejected, released } from "./claim";
import { fileOf, namedIn, unreadableIn } from "./classify";
import type { LoadConfig } from "./config";
import type { Entry, Reason } from "./entry";
import type { LoadableObject } from "./object";
import type { FileError, Load, Ports, Staging } from "./ports";
import type { LoadTable } from "./table";
import type { Tally } from "./tally";

/** HEADs and ledger writes under way at the same time. */
export const AT_ONCE = 32;

/** COPYs that are tried anew without files that cannot be read, and none that goes well. */
const MOST_LOCKED = 4;

/** A file that this worker has claimed: what the ledger says is `entry`. */
export interface ClaimedFile {
  readonly object: LoadableObject;
  entry: Entry;
}

/** Files with one load's id in the ledger. */
export interface Batch {
  readonly loadId: string;
  readonly table: LoadTable;
  readonly hour: string;
  readonly files: readonly ClaimedFile[];
}

export interface Worker {
  readonly owner: string;
  readonly config: Pick<LoadConfig, "leaseMilliseconds" | "finishedDays">;
  readonly newId: () => string;
  readonly tally: Tally;
}

/** Told of each file that needs no further delivery. What it is not told of comes again. */
export type Done = (file: ClaimedFile) => void;

/**
 * Loads a batch: stages it, checks that what was staged is what was claimed, and commits it. A file that is wrong is set aside, and the
 * rest is staged anew; where the warehouse does not say which one it is, halves are tried.
 *
 * One rule holds at each commit: the ledger has the load's id on the files that are staged and on no other. So everything that leaves
 * the batch is written to the ledger first, and whoever finds the id there later can ask the warehouse what became of the file.
 */
export async function loadBatch(ports: Ports, worker: Worker, batch: Batch, done: Done): Promise<void> {
  const waiting = [batch];
  const held = new Set(batch.files);
  const settle: Done = (file) => {
    held.delete(file);
    done(file);
  };
  let fruitless = 0;
  let locked = 0;
  /** Files of a load that may be committed although nothing is known of it. */
  const uncertain = new Set<ClaimedFile>();
  try {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (ports.clock.remaining() <= 0) return;
      const outcome = await attempt(ports, worker, next, uncertain, settle, (file) => held.delete(file));
      if (outcome.kind === "loaded") [fruitless, locked] = [0, 0];
      if (outcome.kind === "unable") return;
      if (outcome.kind === "unknown") {
        fruitless += 1;
        // Two single files for no known reason, and not one that went well: it is not the files.
        if (fruitless >= 2) return;
      }
      // As often as that and nothing was loaded: it is the bucket, or the right to read it.
      if (outcome.kind === "without" && ++locked > MOST_LOCKED) return;
      if (outcome.kind === "again" || outcome.kind === "without") waiting.push(outcome.batch);
      if (outcome.kind === "halves") waiting.push(...outcome.halves);
    }
  } finally {
    // What is not done is given back, so that it need not wait for the lease's end.
    await giveBack(ports, [...held], uncertain);
  }
}

/**
 * Ends the claims on files now. One that cannot be given back ends with its lease.
 *
 * @param uncertain those whose load may be committed yet
 */
export async function giveBack(
  { ledger }: Pick<Ports, "ledger">,
  files: readonly ClaimedFile[],
  uncertain: ReadonlySet<ClaimedFile> = new Set(),
): Promise<void> {
  await atOnce(AT_ONCE, files, (file) =>
    ledger.swap(file.entry, released(file.entry, uncertain.has(file))).catch(() => false),
  );
}

type Attempt =
  | { readonly kind: "loaded" }
  | { readonly kind: "again"; readonly batch: Batch }
  /** Some files were let go. */
  | { readonly kind: "without"; readonly batch: Batch }
  | { readonly kind: "halves"; readonly halves: readonly [Batch, Batch] }
  | { readonly kind: "unknown" }
  | { readonly kind: "unable" };

async function attempt(
  ports: Ports,
  worker: Worker,
  batch: Batch,
  uncertain: Set<ClaimedFile>,
  settle: Done,
  letGo: Done,
): Promise<Attempt> {
  const { files } = batch;
  if (files.length === 0) return { kind: "loaded" };
  const load: Load = {
    id: batch.loadId,
    table: batch.table,
    hour: batch.hour,
    files: files.map(({ object }) => object),
  };
  const url = await ports.objects.writeManifest(load.id, load.files);
  worker.tally.add("copies");
  const staging = await ports.warehouse.stage(load, url);

  // COPY reads the newest version of each key, and a manifest cannot name one. If the claimed one is the newest now, it was then.
  const { changed, unseen, why } = await overwritten(ports, files);
  if (unseen.size > 0) {
    worker.tally.note(why);
    return without(ports, batch, unseen, letGo);
  }
  if (changed.size > 0) {
    const marked = await atOnce(AT_ONCE, [...changed], async (file) => {
      const ours = await finish(ports, worker, file, "superseded");
      if (ours) {
        worker.tally.add("superseded");
        settle(file);
      }
      return ours;
    });
    if (marked.includes(false)) return { kind: "unable" };
    return { kind: "again", batch: { ...batch, files: files.filter((file) => !changed.has(file)) } };
  }
  if (staging.kind === "unable") {
    worker.tally.note(staging.text);
    const locked = unreadableIn(staging.text, load.files);
    return without(ports, batch, new Set(files.filter(({ object }) => object === locked)), letGo);
  }
  if (staging.kind !== "staged") return withoutBad(ports, worker, batch, staging, settle);

  for (const file of files) uncertain.add(file);
  const failure = await staging.commit().then(
    () => undefined,
    (error: unknown) => error,
  );
  const outcome = await ports.warehouse.outcome(load.id);
  if (!outcome) {
    if (failure !== undefined) worker.tally.note(failure instanceof Error ? failure.message : String(failure));
    return { kind: "unable" };
  }
  // Somebody took over because our lease was over, and made sure that we do not commit.
  if (outcome.state === "abandoned") return { kind: "unable" };
  worker.tally.add("loaded", files.length);
  worker.tally.add("rows", outcome.rows);
  await atOnce(AT_ONCE, files, async (file) => {
    if (await finish(ports, worker, file, "loaded")) settle(file);
  });
  return { kind: "loaded" };
}

/**
 * Goes on without files that can be neither read nor told to be wrong: they come again by themselves, so that they keep no other file waiting. Where all are such, it is
 * not the files.
 */
async function without(ports: Ports, batch: Batch, out: ReadonlySet<ClaimedFile>, letGo: Done): Promise<Attempt> {
  const rest = batch.files.filter((file) => !out.has(file));
  if (out.size === 0 || rest.length === 0) return { kind: "unable" };
  const free = await atOnce(AT_ONCE, [...out], async (file) => {
    const ours = await swap(ports, file, released(file.entry, false));
    if (ours) letGo(file);
    return ours;
  });
  return free.includes(false) ? { kind: "unable" } : { kind: "without", batch: { ...batch, files: rest } };
}

/** Files whose newest version is not the one that was claimed, and those of which the bucket does not say it. */
async function overwritten(
  ports: Ports,
  files: readonly ClaimedFile[],
): Promise<{
  readonly changed: ReadonlySet<ClaimedFile>;
  readonly unseen: ReadonlySet<ClaimedFile>;
  readonly why: string;
}> {
  const changed = new Set<ClaimedFile>();
  const unseen = new Set<ClaimedFile>();
  let why = "";
  await atOnce(AT_ONCE, files, async (file) => {
    try {
      const newest = await ports.objects.head(file.object.key);
      if (newest?.version !== file.object.version) changed.add(file);
    } catch (error) {
      unseen.add(file);
      why = error instanceof Error ? error.message : String(error);
    }
  });
  return { changed, unseen, why };
}

/** What goes on after a COPY that files made fail: without those that are named, by halves when none is. */
async function withoutBad(
  ports: Ports,
  worker: Worker,
  batch: Batch,
  staging: Extract<Staging, { kind: "bad" | "unknown" }>,
  settle: Done,
): Promise<Attempt> {
  const reasons = reasonsOf(batch, staging);
  for (const [file, reason] of reasons) {
    const next = rejected(file.entry, reason, ports.clock.now());
    if (!(await swap(ports, file, next))) return { kind: "unable" };
    worker.tally.add("rejected");
    settle(file);
  }
  const rest = batch.files.filter((file) => !reasons.has(file));
  if (reasons.size > 0) return { kind: "again", batch: { ...batch, files: rest } };
  if (rest.length === 1) {
    worker.tally.note(staging.text);
    return { kind: "unknown" };
  }
  worker.tally.add("splits");
  const middle = Math.ceil(rest.length / 2);
  const other = { ...batch, loadId: worker.newId(), files: rest.slice(middle) };
  // Written before either half is committed: whoever finds the old id on one of these would take it for loaded.
  const moved = await atOnce(AT_ONCE, other.files, (file) => {
    const claim = { loadId: other.loadId, owner: worker.owner, leaseUntil: file.entry.leaseUntil! };
    return swap(ports, file, claimed(file.object, claim));
  });
  if (moved.includes(false)) return { kind: "unable" };
  return { kind: "halves", halves: [other, { ...batch, files: rest.slice(0, middle) }] };
}

/** Files that are known to be wrong, each with the first thing that is. */
function reasonsOf(
  { files }: Batch,
  staging: Extract<Staging, { kind: "bad" | "unknown" }>,
): ReadonlyMap<ClaimedFile, Reason> {
  const reasons = new Map<ClaimedFile, Reason>();
  if (staging.kind === "unknown") return reasons;
  const objects = files.map(({ object }) => object);
  const put = (object: LoadableObject | undefined, reason: Reason) => {
    const file = files.find((candidate) => candidate.object === object);
    if (file && !reasons.has(file)) reasons.set(file, reason);
  };
  for (const error of staging.errors) put(fileOf(error, objects), reasonOf(error));
  if (reasons.size === 0) put(namedIn(staging.text, objects), { text: staging.text });
  if (reasons.size === 0 && files.length === 1) {
    const [error] = staging.errors;
    put(objects[0], error ? reasonOf(error) : { text: staging.text });
  }
  return reasons;
}

const reasonOf = ({ text, line, column }: FileError): Reason => ({
  text,
  ...(line === undefined ? {} : { line }),
  ...(column === undefined ? {} : { column }),
});

const finish = (ports: Ports, worker: Worker, file: ClaimedFile, state: "loaded" | "superseded"): Promise<boolean> =>
  swap(ports, file, finished(file.entry, state, expiryOf(ports.clock.now(), worker.config.finishedDays)));

/** False when the claim is lost: its lease was over and somebody else has it. */
async function swap(ports: Ports, file: ClaimedFile, next: Entry): Promise<boolean> {
  if (!(await ports.ledger.swap(file.entry, next))) return false;
  file.entry = next;
  return true;
}

/** Seconds since 1970 at which the ledger may forget what is finished now. */
export const expiryOf = (now: Date, days: number): number => Math.floor(now.getTime() / 1000) + days * 86_400;
