import * as path from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Message } from "@aws-sdk/client-sqs";
import { fileOf } from "../../faults/files";
import { eventOf, failedOf, ObjectQueue } from "../../faults/queue";
import type { Rule } from "../../faults/spoiler";
import type { LoadedTable, World } from "../../faults/world";

/** Rows of a file. */
export const ROWS = 20;
const PUTS_AT_ONCE = 16;
const EVENTS_MS = 600_000;
/** Longer than a round takes on a busy machine. */
const TAKEN_SECONDS = 3_600;

/** What one call of the loader took. */
export interface Load {
  readonly seconds: number;
  readonly copies: number;
}

/** Puts files, and calls the deployed loader with their events: what the bench does itself in place of Lambda, as the fault campaign does. */
export class LoaderHands {
  private readonly queue: ObjectQueue;

  private constructor(
    readonly world: World,
    /** Of plain CSV, without a deduplication key. */
    readonly table: LoadedTable,
  ) {
    this.queue = new ObjectQueue(world.sqs, world.outputs.loader_queue_url, TAKEN_SECONDS);
  }

  static async of(world: World): Promise<LoaderHands> {
    const table = (await world.tables()).find(
      ({ format, gzip, deduplicated }) => format === "csv" && !gzip && !deduplicated,
    );
    if (!table) throw new Error("the stack has no table of plain CSV without a deduplication key");
    return new LoaderHands(world, table);
  }

  /**
   * Puts so many files of one hour and waits until their events are in the queue.
   *
   * @param name no two calls have the same, or the files are overwritten
   * @param bad how many of them, the first, end with a line that is no row
   */
  async put(name: string, count: number, bad = 0): Promise<readonly string[]> {
    const { world, table } = this;
    const keys = Array.from({ length: count }, (_, i) => `${table.name}/2026/03/01/00/${name}-${i}.csv`);
    const left = [...keys.entries()];
    const one = async () => {
      for (let file = left.pop(); file; file = left.pop()) {
        const [i, Key] = file;
        const { body: Body } = await fileOf(table, path.basename(Key, ".csv"), ROWS, i < bad);
        await world.s3.send(new PutObjectCommand({ Bucket: world.outputs.loader_bucket, Key, Body }));
      }
    };
    await Promise.all(Array.from({ length: PUTS_AT_ONCE }, one));
    for (const until = Date.now() + EVENTS_MS; (await this.queue.size()) < count; ) {
      if (Date.now() > until) throw new Error(`not all of ${count} events have come`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return keys;
  }

  /** The events of so many files. */
  async take(count: number): Promise<readonly Message[]> {
    const messages = await this.queue.take(count);
    if (messages.length !== count) throw new Error(`${messages.length} of ${count} events are in the queue`);
    return messages;
  }

  /** One call of the loader. @throws Error when one of the files has to come again */
  async load(messages: readonly Message[], rules: readonly Rule[] = []): Promise<Load> {
    const { world } = this;
    const before = await this.copies();
    world.spoiler.arm(rules);
    const started = performance.now();
    const outcome = await world.workers.invoke(world.loader, eventOf(messages));
    const seconds = (performance.now() - started) / 1000;
    if (outcome.kind !== "answered") throw new Error(`the loader did not answer: ${JSON.stringify(outcome)}`);
    const failed = failedOf(outcome.result, messages).size;
    if (failed > 0) throw new Error(`the loader gave ${failed} of ${messages.length} files back`);
    return { seconds, copies: (await this.copies()) - before };
  }

  /** Takes events off the queue for good. */
  remove(messages: readonly Message[]): Promise<void> {
    return this.queue.remove([...messages]);
  }

  /** COPY statements that the warehouse has run. */
  copies(): Promise<number> {
    return this.count("sys_load_history");
  }

  async count(from: string): Promise<number> {
    return Number((await this.world.sql(`SELECT count(*) FROM ${from}`)).rows[0]![0]);
  }
}
