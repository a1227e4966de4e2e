/** What a record costs in memory beside its bytes. */
const OVERHEAD_BYTES = 256;

/**
 * How many bytes of records a delivery stream holds, from taking them to their rest. It keeps memory flat: past the limit puts are told
 * to slow down and a source is read no further.
 */
export class Capacity {
  private held = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly limitBytes: number) {}

  static costOf(bytes: number): number {
    return bytes + OVERHEAD_BYTES;
  }

  get isFull(): boolean {
    return this.held >= this.limitBytes;
  }

  /** Counts bytes that are held from now on, whatever the limit: what was taken once must go on. */
  take(bytes: number): void {
    this.held += bytes;
  }

  give(bytes: number): void {
    this.held -= bytes;
    if (this.isFull) return;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves when there is room, or when `signal` aborts. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.isFull && !signal.aborted) {
      await new Promise<void>((resolve) => {
        // The signal lives as long as the delivery stream: a listener that stays behind for every wait would pile up.
        const wake = () => {
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.waiting.push(wake);
        signal.addEventListener("abort", wake);
      });
    }
  }
}
