import { DeleteObjectsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Message } from "@aws-sdk/client-sqs";
import { check, type Verdict } from "./check";
import type { Deployed } from "./deployed";
import type { RunHands } from "./faults";
import { fileOf, type SentFile } from "./files";
import type { RunPlan } from "./plan";
import { type Delivery, eventOf, failedOf, ObjectQueue } from "./queue";
import type { World } from "./world";

export interface RunResult extends Verdict {
  readonly seed: number;
  readonly fault: string;
  readonly table: string;
  /** How often what was to go wrong did. */
  readonly happened: number;
  readonly seconds: number;
}

/** What counts as good: every row once, nothing under way, and the fault did happen. */
export const isGood = ({ lost, doubled, stuck, happened }: RunResult): boolean =>
  lost === 0 && doubled === 0 && stuck.length === 0 && happened > 0;

/** Seconds after which a message comes again that was not acknowledged: in place of six times the function's timeout. */
const AGAIN_SECONDS = 2;
const POLL_MS = 100;
/** Milliseconds for events to come, and for a run to end; beyond it the run is stuck. */
const EVENTS_MS = 30_000;
const RUN_MS = 90_000;

/** What each load writes behind its rows, in their transaction: where loads of any two tables meet. */
const RECORD = "redstream.loads";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One run: puts files, lets their events meet the fault, waits until all is at rest, and checks. */
export async function runOnce(world: World, plan: RunPlan): Promise<RunResult> {
  const run = new OneRun(world, plan);
  try {
    return await run.whole();
  } finally {
    run.disarm();
    await run.cleanUp();
  }
}

class OneRun {
  private readonly started = Date.now();
  private readonly files: SentFile[] = [];
  private readonly queue: ObjectQueue;
  private readonly deadLetters: ObjectQueue;
  private readonly aside: Promise<void>[] = [];
  private readonly problems: string[] = [];
  private doubled = false;
  /** Messages that a call gets at most, and calls at once. */
  private batch: number;
  private atOnce: number;

  constructor(
    private readonly world: World,
    private readonly plan: RunPlan,
  ) {
    this.queue = new ObjectQueue(world.sqs, world.outputs.loader_queue_url);
    this.deadLetters = new ObjectQueue(world.sqs, world.outputs.loader_dead_letter_url);
    this.batch = plan.batch;
    this.atOnce = plan.workers;
  }

  async whole(): Promise<RunResult> {
    const { world, plan } = this;
    const fault = plan.fault.plan(plan.choices);
    const bad = fault.badFiles ?? 0;
    for (const [i, rows] of plan.files.entries()) await this.put(i, rows, i < bad);
    for (let i = bad; i < bad + (fault.overwritten ?? 0); i++) await this.put(i, plan.files[i]!, false);
    const events = await this.events(this.files.length);
    const rules = fault.rules?.(this.hands) ?? [];
    world.spoiler.arm(rules);
    const conflicts = fault.conflicts ?? 0;
    world.conflicts.inject(RECORD, conflicts);
    for (const delivery of fault.deliver?.(events) ?? events) await this.queue.send(delivery);
    this.doubled = fault.twoWorkers ?? false;
    if (fault.oneBatch) [this.batch, this.atOnce] = [this.files.length, 1];
    await this.drain();
    if (fault.afterwards) {
      await fault.afterwards(this.hands);
      await this.drain();
    }
    const spoiled = world.spoiler.fired + conflicts - world.conflicts.left(RECORD);
    const happened = rules.length === 0 && conflicts === 0 ? 1 : spoiled;
    this.disarm();
    const verdict = await check(world, plan, this.files, this.deadLetters);
    return {
      ...verdict,
      stuck: [...this.problems, ...verdict.stuck],
      seed: plan.seed,
      fault: plan.fault.name,
      table: plan.table.name,
      happened,
      seconds: (Date.now() - this.started) / 1000,
    };
  }

  /** From now on nothing goes wrong. */
  disarm(): void {
    this.world.spoiler.arm([]);
    this.world.conflicts.inject(RECORD, 0);
  }

  /** Takes away what the run put where the next one would meet it. */
  async cleanUp(): Promise<void> {
    const Objects = this.files.map(({ key, version }) => ({ Key: key, VersionId: version }));
    const Bucket = this.world.outputs.loader_bucket;
    if (Objects.length > 0)
      await this.world.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    for (const queue of [this.queue, this.deadLetters])
      for (let left = await queue.take(1000); left.length > 0; left = await queue.take(1000)) await queue.remove(left);
  }

  private readonly hands: RunHands = {
    kill: (worker) => this.world.workers.kill(worker),
    overwrite: async () => {
      const i = this.plan.choices.between(0, this.plan.files.length - 1);
      await this.put(i, this.plan.files[i]!, false);
    },
    sweep: () => this.sweep(),
    replay: () => this.replay(),
    beside: (work) => {
      this.aside.push(work.catch((error: Error) => void this.problems.push(error.message)));
    },
  };

  /** The `i`th file, or a new version of it with other rows. */
  private async put(i: number, rows: number, bad: boolean): Promise<void> {
    const { table, hour, name } = this.plan;
    const key = `${table.name}/${hour}/${name}-${i}.${table.format}${table.gzip ? ".gz" : ""}`;
    const before = this.files.filter((file) => file.key === key).length;
    const content = await fileOf(table, `${name}f${i}v${before}`, rows, bad);
    const { VersionId } = await this.world.s3.send(
      new PutObjectCommand({ Bucket: this.world.outputs.loader_bucket, Key: key, Body: content.body }),
    );
    this.files.push({ key, version: VersionId!, rows: content.rows, bad });
  }

  /** Takes the events of the files out of the queue, where S3 and EventBridge put them. */
  private async events(count: number): Promise<readonly Delivery[]> {
    const found: Message[] = [];
    for (const until = Date.now() + EVENTS_MS; found.length < count; await sleep(POLL_MS)) {
      const taken = await this.queue.take(count);
      await this.queue.remove(taken);
      found.push(...taken);
      if (Date.now() > until) throw new Error(`${found.length} of ${count} events have come in ${EVENTS_MS / 1000} s`);
    }
    return found.map(({ Body }) => ({ body: Body! }));
  }

  /** Does what Lambda does behind the queue, until that is empty and nothing goes on beside it. */
  private async drain(): Promise<void> {
    for (;;) {
      if (Date.now() - this.started > RUN_MS) {
        this.problems.push(`not at rest after ${RUN_MS / 1000} s`);
        return;
      }
      const messages = await this.queue.take(this.batch * this.atOnce);
      const batches: Message[][] = [];
      for (let at = 0; at < messages.length; at += this.batch) batches.push(messages.slice(at, at + this.batch));
      await Promise.all(batches.map((batch) => this.load(batch)));
      if (messages.length > 0) continue;
      if ((await this.queue.size()) === 0) {
        const waiting = this.aside.splice(0);
        if (waiting.length === 0) return;
        await Promise.all(waiting);
        continue;
      }
      await sleep(POLL_MS);
    }
  }

  private async load(batch: readonly Message[]): Promise<void> {
    const twice = this.doubled;
    this.doubled = false;
    const calls = await Promise.all(
      (twice ? [1, 2] : [1]).map(() => this.world.workers.invoke(this.world.loader, eventOf(batch))),
    );
    // What one of them acknowledges is gone for good, as after a redelivery.
    const done = batch.filter((message) =>
      calls.some((call) => call.kind === "answered" && !failedOf(call.result, batch).has(message.MessageId!)),
    );
    await this.queue.remove(done);
    await this.queue.giveBack(
      batch.filter((message) => !done.includes(message)),
      AGAIN_SECONDS,
    );
  }

  /** As the state machine does it. */
  private async sweep(): Promise<void> {
    let state: unknown = {};
    do state = await this.step(this.world.sweep, state);
    while ((state as { continuation?: unknown }).continuation);
  }

  /** As the state machine does it. */
  private async replay(): Promise<void> {
    const { table, hour } = this.plan;
    const from = `${hour.slice(0, 10).replaceAll("/", "-")}T${hour.slice(11)}`;
    const to = new Date(Date.parse(`${from}:00:00Z`) + 3_600_000).toISOString().slice(0, 13);
    const { hours } = (await this.step(this.world.replay, { step: "plan", table: table.name, from, to })) as {
      hours: string[];
    };
    let work: unknown = { step: "load", table: table.name, allowMissing: false, hours };
    for (;;) {
      const answer = (await this.step(this.world.replay, work)) as { hours: string[]; wait?: number };
      if (answer.hours.length === 0) return;
      if (Date.now() - this.started > RUN_MS) throw new Error("the replay does not end");
      await sleep(Math.min(answer.wait ?? 0, AGAIN_SECONDS) * 1000);
      work = { ...answer, step: "load" };
    }
  }

  /** One step of a state machine, tried again when it fails, as its Retry says. */
  private async step(of: Deployed, event: unknown): Promise<unknown> {
    for (let left = 3; ; left--) {
      const outcome = await this.world.workers.invoke(of, event);
      if (outcome.kind === "answered") return outcome.result;
      const why = outcome.kind === "failed" ? outcome.message : "killed";
      if (left === 0) throw new Error(`${of.name}: ${why}`);
      await sleep(AGAIN_SECONDS * 1000);
    }
  }
}
