import { LEASE, type Pass, type World } from "./world";

/** The process was killed. It makes no call any more. */
export class Killed extends Error {}

/** Kills a worker at its `at`th moment; every call to the outside has one before it takes effect and one after. */
export function killedAt(at: number): Pass & { readonly happened: () => boolean } {
  let moment = 0;
  let dead = false;
  const pass: Pass = async () => {
    moment += 1;
    if (moment === at) dead = true;
    if (dead) throw new Killed();
  };
  return Object.assign(pass, { happened: () => dead });
}

/** Random numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Chances {
  /** Of each moment: the worker is killed. */
  readonly kill: number;
  /** The call fails: before it took effect, or after. */
  readonly fail: number;
  /** All leases are over before the next moment. */
  readonly lease: number;
  /** A commit that was under way takes effect now. */
  readonly late: number;
  /** Somebody writes a key again. */
  readonly overwrite: number;
}

/** Somebody at work, who passes before and after each call to the outside. */
export type Worker = (pass: Pass) => Promise<unknown>;

/** A loader that gets most of the queue: SQS may hand one message to two. */
export const loader =
  (world: World, draw: () => number): Worker =>
  (pass) =>
    world.deliver(
      pass,
      world.queue.filter(() => draw() < 0.8),
    );

/**
 * Runs workers, one moment of one of them at a time, in an order that the seed decides, with faults that it decides as well.
 * Ends when each has ended or been killed.
 */
export async function shuffled(
  world: World,
  seed: number,
  workersOf: (draw: () => number) => readonly Worker[],
  chances: Chances,
  overwrite: () => void = () => {},
): Promise<void> {
  const draw = random(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(draw() * items.length)]!;
  interface Moment {
    readonly worker: number;
    go(): void;
    fail(error: Error): void;
  }
  const waiting: Moment[] = [];
  const dead = new Set<number>();
  const ended = new Set<number>();

  const workers = workersOf(draw);
  for (const [worker, work] of workers.entries()) {
    const pass: Pass = () =>
      new Promise((go, fail) => {
        if (dead.has(worker)) fail(new Killed());
        else waiting.push({ worker, go, fail });
      });
    work(pass)
      .catch(() => {})
      .finally(() => ended.add(worker));
  }
  while (ended.size < workers.length) {
    await new Promise((resolve) => setImmediate(resolve));
    if (waiting.length === 0) continue;
    const at = Math.floor(draw() * waiting.length);
    const [moment] = waiting.splice(at, 1) as [Moment];
    const chance = draw();
    if (draw() < chances.lease) world.now += LEASE + 1;
    if (draw() < chances.overwrite) overwrite();
    if (world.underway.length > 0 && draw() < chances.late) {
      const effect = pick(world.underway);
      world.underway.splice(world.underway.indexOf(effect), 1);
      effect();
    }
    if (chance < chances.kill) {
      dead.add(moment.worker);
      moment.fail(new Killed());
      for (const other of waiting.filter(({ worker }) => worker === moment.worker)) other.fail(new Killed());
      waiting.splice(0, waiting.length, ...waiting.filter(({ worker }) => worker !== moment.worker));
    } else if (chance < chances.kill + chances.fail) {
      moment.fail(new Error("503 Slow Down"));
    } else {
      moment.go();
    }
  }
}

/** What a healthy service does with what is left: it delivers again, after the leases, until the queue is empty. */
export async function drain(world: World, lateFirst: boolean): Promise<void> {
  const land = () => {
    for (const effect of world.underway.splice(0)) effect();
  };
  if (lateFirst) land();
  for (let round = 0; round < 12 && world.queue.length > 0; round += 1) {
    world.now += LEASE + 1;
    // Later messages first, so that an older event of a key comes after the newer one was loaded.
    await world.deliver(undefined, world.queue.slice(Math.ceil(world.queue.length / 2)));
    await world.deliver();
    // Statements of workers that are gone may run as late as this.
    if (round === 0) land();
  }
  land();
}

/** What is wrong with the table: rows missing, twice, or of nobody. Empty when all is well. */
export function problemsIn(world: World): string[] {
  const problems: string[] = [];
  if (world.queue.length > 0) problems.push(`${world.queue.length} messages are left`);
  const counts = new Map<string, number>();
  for (const { value } of world.rows) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, times] of counts) if (times > 1) problems.push(`${value} is there ${times} times`);
  for (const [key, versions] of world.bucket) {
    for (const [index, { rows, fault }] of versions.entries()) {
      const there = rows.filter((row) => counts.has(row)).length;
      const newest = index === versions.length - 1;
      if (fault ? there > 0 : newest && there < rows.length) problems.push(`${key}: ${there} of ${rows.length} rows`);
      else if (there > 0 && there < rows.length) problems.push(`${key}: a part, ${there} of ${rows.length} rows`);
    }
    const state = world.entry(key)?.state;
    const expected = versions.at(-1)!.fault ? "rejected" : "loaded";
    if (state !== expected) problems.push(`${key} is ${state} in the ledger`);
  }
  for (const { object, state } of world.ledger.values()) {
    // A replay's hold on an hour ends by itself.
    if (state === "loading" && !object.startsWith(".replay/")) problems.push(`${object} is stuck`);
  }
  return problems;
}
