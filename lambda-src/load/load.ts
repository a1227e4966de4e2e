import { atOnce } from "./at-once";
import { AT_ONCE, type Batch, type ClaimedFile, expiryOf, giveBack, loadBatch, type Worker } from "./batch";
import { claimed, type Decision, decide, finished, rejected, untouched } from "./claim";
import type { LoadConfig } from "./config";
import type { Entry } from "./entry";
import { batches } from "./group";
import { type Notice, readMessage } from "./message";
import { type LoadableObject, objectName } from "./object";
import type { Outcome, Ports } from "./ports";
import { resolve } from "./resolve";

/** Loads under way at the same time; those of one table wait for each other at its lock. */
const LOADS_AT_ONCE = 4;

export interface Message {
  readonly id: string;
  readonly body: string;
}

export interface Loader extends Worker {
  readonly config: LoadConfig;
}

/** An object version of this delivery and the messages that named it. */
interface Item {
  readonly object: LoadableObject;
  readonly messages: readonly string[];
  readonly retry: boolean;
}

/**
 * Loads what the messages name, and answers the messages that must come again: those whose object is neither loaded, set aside nor
 * superseded by now. Never rejects because of one object; what goes wrong with one leaves its message in the queue.
 */
export async function loadObjects(
  ports: Ports,
  loader: Loader,
  messages: readonly Message[],
): Promise<readonly string[]> {
  const open = new Set(messages.map(({ id }) => id));
  const acknowledge = ({ messages: ids }: Item) => {
    for (const id of ids) open.delete(id);
  };
  const items = await itemsOf(ports, loader, messages, open);
  const decided = await decideAll(ports, loader, items, acknowledge);
  const claims = await settleFenced(ports, loader, decided, acknowledge);

  const byFile = new Map<ClaimedFile, Item>();
  await atOnce(LOADS_AT_ONCE, batches(claims, loader.config), async (group) => {
    if (ports.clock.remaining() <= 0) return;
    await quietly(loader, async () => {
      const batch = await claimAll(ports, loader, group, byFile);
      if (batch) await loadBatch(ports, loader, batch, (file) => acknowledge(byFile.get(file)!));
    });
  });
  loader.tally.add("again", open.size);
  return messages.map(({ id }) => id).filter((id) => open.has(id));
}

/** Reads the messages; sets aside what cannot be loaded; two messages about one object version are one item. */
async function itemsOf(
  ports: Ports,
  loader: Loader,
  messages: readonly Message[],
  open: Set<string>,
): Promise<readonly Item[]> {
  const found = new Map<string, { object: LoadableObject; messages: string[]; retry: boolean }>();
  await atOnce(AT_ONCE, messages, async ({ id, body }) => {
    const notice = readMessage(body);
    if (notice === "test") {
      loader.tally.add("ignored");
      open.delete(id);
      return;
    }
    if (!notice) {
      loader.tally.add("unreadable");
      loader.tally.note(`message ${id} tells of no object: it is neither S3's event nor one of ours`);
      return;
    }
    await quietly(loader, async () => {
      const resolved = await resolve(notice, loader.config, ports.objects);
      switch (resolved.kind) {
        case "foreign":
          loader.tally.add("unreadable");
          loader.tally.note(`a message names bucket ${notice.bucket}, this loader's is ${loader.config.bucket}`);
          return;
        case "ignored":
          loader.tally.add("ignored");
          open.delete(id);
          return;
        case "reject":
        case "gone":
          if (await putAside(ports, loader, resolved, notice)) open.delete(id);
          return;
        case "object": {
          const name = `${objectName(resolved.object)} ${resolved.object.version}`;
          const item = found.get(name);
          if (item) {
            item.messages.push(id);
            item.retry ||= notice.retry;
          } else {
            found.set(name, { object: resolved.object, messages: [id], retry: notice.retry });
          }
        }
      }
    });
  });
  return [...found.values()];
}

/** Puts down what will never be loaded; answers whether its message is done with. */
async function putAside(
  ports: Ports,
  loader: Loader,
  resolved: { readonly object: LoadableObject } & (
    | { readonly kind: "gone" }
    | { readonly kind: "reject"; readonly reason: string }
  ),
  notice: Notice,
): Promise<boolean> {
  const { object } = resolved;
  const entries = await ports.ledger.versionsOf(objectName(object));
  const seen = entries.find(({ version }) => version === object.version);
  const now = ports.clock.now();
  if (seen?.state === "loading") {
    if ((seen.leaseUntil ?? 0) > now.getTime()) return false;
    // It was claimed, and deleted since: its load may have been committed.
    if (seen.loadId !== undefined) {
      const outcome = await fenceOf(ports, loader, seen.table, seen.loadId);
      if (!outcome) return false;
      if (outcome.state !== "abandoned") return finishAs(ports, loader, seen, "loaded", seen);
    }
  } else if (seen && !(notice.retry && seen.state === "rejected")) {
    return true;
  }
  if (resolved.kind === "gone") return finishAs(ports, loader, seen ?? untouched(object), "superseded", seen);
  const next = rejected(untouched(object), { text: resolved.reason }, now);
  if (!(await ports.ledger.swap(seen, next))) return false;
  loader.tally.add("rejected");
  return true;
}

async function finishAs(
  ports: Ports,
  loader: Loader,
  entry: Entry,
  state: "loaded" | "superseded",
  seen: Entry | undefined,
): Promise<boolean> {
  const expiresAt = expiryOf(ports.clock.now(), loader.config.finishedDays);
  if (!(await ports.ledger.swap(seen, finished(entry, state, expiresAt)))) return false;
  loader.tally.add(state === "loaded" ? "recovered" : "superseded");
  return true;
}

type Open = Item & { readonly decision: Extract<Decision, { kind: "claim" | "fence" }> };

/** What to do about each item; what needs nothing more is acknowledged. */
async function decideAll(
  ports: Ports,
  loader: Loader,
  items: readonly Item[],
  acknowledge: (item: Item) => void,
): Promise<readonly Open[]> {
  const left: Open[] = [];
  await atOnce(AT_ONCE, items, (item) =>
    quietly(loader, async () => {
      const entries = await ports.ledger.versionsOf(objectName(item.object));
      const decision = decide(item.object, entries, item.retry, ports.clock.now().getTime());
      if (decision.kind === "claim" || decision.kind === "fence") left.push({ ...item, decision });
      if (decision.kind === "done") acknowledge(item);
      if (decision.kind === "superseded") {
        const { seen } = decision;
        if (await finishAs(ports, loader, seen ?? untouched(item.object), "superseded", seen)) acknowledge(item);
      }
    }),
  );
  return left;
}

type Claimable = Item & { readonly seen: Entry | undefined };

/** Asks the warehouse about the loads of workers that did not finish: what they loaded is marked so, the rest may be claimed. */
async function settleFenced(
  ports: Ports,
  loader: Loader,
  items: readonly Open[],
  acknowledge: (item: Item) => void,
): Promise<readonly Claimable[]> {
  const outcomes = new Map<string, Promise<Outcome | undefined>>();
  const claimable: Claimable[] = [];
  await atOnce(AT_ONCE, items, (item) =>
    quietly(loader, async () => {
      const { decision } = item;
      if (decision.kind === "claim") {
        claimable.push({ ...item, seen: decision.seen });
        return;
      }
      const { loadId, seen } = decision;
      if (!outcomes.has(loadId)) outcomes.set(loadId, fenceOf(ports, loader, seen.table, loadId));
      const outcome = await outcomes.get(loadId);
      if (!outcome) return;
      if (outcome.state === "abandoned") claimable.push({ ...item, seen });
      else if (await finishAs(ports, loader, seen, "loaded", seen)) acknowledge(item);
    }),
  );
  return claimable;
}

/** Undefined when its table is not on the list any more: then nothing can be said, and its message comes again. */
async function fenceOf(ports: Ports, loader: Loader, name: string, loadId: string): Promise<Outcome | undefined> {
  const table = loader.config.tables.find((candidate) => candidate.name === name);
  if (!table) {
    loader.tally.note(`table ${name} is not on the list any more, and load ${loadId} of it is open`);
    return undefined;
  }
  return ports.warehouse.fence(table, loadId);
}

/** Claims the group's items under a new load; those that somebody else was faster at are left out. */
async function claimAll(
  ports: Ports,
  loader: Loader,
  group: readonly Claimable[],
  byFile: Map<ClaimedFile, Item>,
): Promise<Batch | undefined> {
  const loadId = loader.newId();
  const leaseUntil = ports.clock.now().getTime() + loader.config.leaseMilliseconds;
  const files: ClaimedFile[] = [];
  try {
    await atOnce(AT_ONCE, group, async ({ object, seen, ...item }) => {
      const sequencer = object.sequencer ?? seen?.sequencer;
      const known = { ...object, ...(sequencer === undefined ? {} : { sequencer }) };
      const entry = claimed(known, { loadId, owner: loader.owner, leaseUntil });
      if (!(await ports.ledger.swap(seen, entry))) return;
      const file = { object: known, entry };
      byFile.set(file, { object, ...item });
      files.push(file);
    });
  } catch (error) {
    // A write whose answer is missing may have taken effect. That file would bear the id of a load that it is no part of, so there must be no such load.
    await giveBack(ports, files);
    throw error;
  }
  const [first] = group;
  const table = loader.config.tables.find(({ name }) => name === first?.object.table);
  if (!first || !table || files.length === 0) return undefined;
  // In the order of keys, so that the same files give the same manifest.
  files.sort((one, other) => (one.object.key < other.object.key ? -1 : 1));
  return { loadId, table, hour: first.object.hour, files };
}

/** A failure that concerns one object or one load is said, and leaves its messages in the queue. */
async function quietly(loader: Loader, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    loader.tally.note(error instanceof Error ? error.message : String(error));
  }
}
