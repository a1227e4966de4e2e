/** Runs tasks in the order they come, at most `width` at a time. A task must not throw. */
export class Lane {
  private running = 0;
  private readonly queue: (() => Promise<void>)[] = [];
  private idle: (() => void)[] = [];

  constructor(private readonly width: number) {}

  add(task: () => Promise<void>): void {
    this.queue.push(task);
    this.next();
  }

  /** Resolves when nothing runs and nothing waits. */
  async settled(): Promise<void> {
    if (this.running === 0 && this.queue.length === 0) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Forgets the tasks that have not begun. */
  clear(): void {
    this.queue.length = 0;
  }

  private next(): void {
    while (this.running < this.width) {
      const task = this.queue.shift();
      if (!task) break;
      this.running++;
      void task().finally(() => {
        this.running--;
        this.next();
      });
    }
    if (this.running === 0 && this.queue.length === 0) for (const done of this.idle.splice(0)) done();
  }
}
