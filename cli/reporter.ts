/** Lines for a person who waits: each with the seconds since the start. */
export class Reporter {
  private readonly started = Date.now();
  private last = "";

  constructor(private readonly print: (line: string) => void = console.log) {}

  /** Seconds since the start. */
  get seconds(): number {
    return (Date.now() - this.started) / 1000;
  }

  /** One line of progress; the same line twice in a row is said once. */
  readonly progress = (line: string): void => {
    if (line === this.last) return;
    this.last = line;
    this.print(`${`${this.seconds.toFixed(1)} s`.padStart(8)}  ${line}`);
  };

  /** A line as it is. */
  readonly say = (line = ""): void => {
    this.print(line);
  };
}
