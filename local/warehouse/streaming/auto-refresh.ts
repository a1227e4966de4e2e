import { setTimeout as sleep } from "node:timers/promises";
import { showName } from "../sql/cursor";
import { quoteName } from "../sql/tokens";
import type { Warehouse } from "../warehouse";
import { streamCatalogue } from "./catalogue";

/** Milliseconds between two rounds in which nothing was read. Redshift refreshes when it has resources to; here that is always. */
const IDLE_MILLISECONDS = 500;
const AFTER_FAILURE_MILLISECONDS = 2000;

/** Refreshes every view with AUTO REFRESH YES, one after the other, for as long as the warehouse is open. What fails is told once and tried again. */
export class AutoRefresh {
  /** What the last refresh of a view failed with, by the view's name, until one succeeds. */
  readonly failures = new Map<string, string>();
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly warehouse: Warehouse) {}

  start(): void {
    this.running ??= this.loop();
  }

  /** Resolves when no refresh is under way; one that was is rolled back. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopped;
    const { database, admin } = this.warehouse.settings;
    const session = await this.warehouse.enter(database, admin.user);
    const cancel = () => session.cancel();
    signal.addEventListener("abort", cancel);
    while (!signal.aborted) {
      let read = 0;
      let failed = false;
      try {
        for (const { view, autoRefresh } of await streamCatalogue.views(session.engine)) {
          if (!autoRefresh || signal.aborted) continue;
          try {
            const name = `${quoteName(view.schema)}.${quoteName(view.name)}`;
            read += (await session.run(`REFRESH MATERIALIZED VIEW ${name}`)).rowCount;
            this.failures.delete(showName(view));
          } catch (error) {
            failed = true;
            this.failures.set(showName(view), (error as Error).message);
          }
        }
      } catch {
        // The warehouse closes under it.
        failed = true;
      }
      const pause = failed ? AFTER_FAILURE_MILLISECONDS : read > 0 ? 0 : IDLE_MILLISECONDS;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    signal.removeEventListener("abort", cancel);
    await session.close();
  }
}
