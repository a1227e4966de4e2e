const MB = 1024 * 1024;
/** Milliseconds between two looks: a batch on its way lives longer. */
const LOOK_MS = 100;

/** Watches the resident memory of this process: emitter, gateway and every service that we answer ourselves. Whole MB. */
export class Memory {
  private most: number;
  private sinceMark: number;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly look: () => number = () => process.memoryUsage.rss()) {
    this.most = this.sinceMark = look();
    this.timer = setInterval(() => this.see(), LOOK_MS).unref();
  }

  /** The most so far. */
  get peak(): number {
    this.see();
    return megabytes(this.most);
  }

  /** The most since the last mark, or since the start. */
  mark(): number {
    this.see();
    const most = this.sinceMark;
    this.sinceMark = this.look();
    return megabytes(most);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private see(): void {
    const now = this.look();
    this.most = Math.max(this.most, now);
    this.sinceMark = Math.max(this.sinceMark, now);
  }
}

const megabytes = (bytes: number) => Math.round(bytes / MB);
