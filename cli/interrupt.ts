import { setMaxListeners } from "node:events";
import { CleanUpError, CommandError } from "./problem";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` with a signal that Ctrl-C aborts (and SIGTERM, and the end of the terminal or of the pipe that reads us). The first asks to stop and
 * clean up; there is no need for a second. Work that fails because it was stopped fails with that one line, whatever was under way: what a child says
 * that was interrupted with us is no news.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  // Each request under way may wait for it, up to a thousand; Node.js would take the eleventh for a leak and warn.
  setMaxListeners(0, controller.signal);
  let by = "";
  const stop = (name: string): void => {
    by ||= name;
    controller.abort();
  };
  // Nobody reads on: what is left to do is to end what was started.
  const unread = (): void => stop("the end of its output");
  for (const name of SIGNALS) process.on(name, stop);
  process.stdout.on("error", unread);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted || error instanceof CleanUpError) throw error;
    throw new CommandError(`stopped by ${by}; everything it had started has ended`);
  } finally {
    for (const name of SIGNALS) process.off(name, stop);
    process.stdout.off("error", unread);
  }
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
