/**
 * The one clock of a local run. It shortens waiting (a buffer of 60 s takes 60 / speed seconds) and nothing else:
 * dates stay true, so that signatures, prefixes and arrival times are what they would be.
 */
export class Clock {
  constructor(readonly speed: number) {
    if (!(speed >= 1 && speed <= 1000)) {
      throw new RangeError(`speed must be between 1 and 1000, got ${speed}`);
    }
  }

  now(): Date {
    return new Date();
  }

  /** Real milliseconds that `seconds` of AWS's time take here. */
  milliseconds(seconds: number): number {
    return (seconds * 1000) / this.speed;
  }

  /** Resolves after `seconds` of AWS's time, or at once when `signal` aborts. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, this.milliseconds(seconds));
      signal?.addEventListener("abort", done);
    });
  }
}
