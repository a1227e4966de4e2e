/** Time as a test can set it. */
export interface Timer {
  /** Milliseconds that only go forward. */
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const realTimer: Timer = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
    }),
};

/** Evenly spaced turns: the nth is given n / rate seconds after the first, and a late one does not bring the next ones closer together. */
export class Pacer {
  private next: number | undefined;

  /** `perSecond` 0 is as fast as possible. */
  constructor(
    private readonly perSecond: number,
    private readonly timer: Timer,
  ) {}

  /** Resolves when it is the caller's turn, which takes as long as `turns` of them, or `signal` aborts. */
  async turn(signal?: AbortSignal, turns = 1): Promise<void> {
    if (this.perSecond === 0) return;
    const now = this.timer.now();
    // A pause (a laptop's lid) is not made up for by a burst: at most a second is.
    const turn = Math.max(this.next ?? now, now - 1000);
    this.next = turn + (turns * 1000) / this.perSecond;
    if (turn > now) await this.timer.sleep(turn - now, signal);
  }
}
