import type { Clock } from "../../clock";

export interface Limit<T> {
  readonly max: number;
  of(item: T): number;
}

/**
 * Collects items into batches by size and by time: a batch is closed when the next item would take it over a limit, when it has
 * reached one, or `afterSeconds` after its first item. https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
 */
export class Gather<T> {
  private items: T[] = [];
  private sums: number[];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly afterSeconds: number,
    private readonly limits: readonly Limit<T>[],
    private readonly close: (batch: readonly T[]) => void,
  ) {
    this.sums = limits.map(() => 0);
  }

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  add(item: T): void {
    const sizes = this.limits.map((limit) => limit.of(item));
    if (this.items.length > 0 && this.limits.some((limit, i) => this.sums[i]! + sizes[i]! > limit.max)) this.flush();
    this.items.push(item);
    for (let i = 0; i < sizes.length; i++) this.sums[i]! += sizes[i]!;
    if (this.limits.some((limit, i) => this.sums[i]! >= limit.max)) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.clock.milliseconds(this.afterSeconds));
  }

  /** Closes the batch that is open, if any. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.items.length === 0) return;
    const batch = this.items;
    this.items = [];
    this.sums = this.limits.map(() => 0);
    this.close(batch);
  }

  /** Forgets the batch that is open; answers its items. */
  drop(): readonly T[] {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.items.splice(0);
  }
}
