import { type ChildProcess, spawn } from "node:child_process";

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** In a process group of its own, as a terminal's foreground command is; for `signalGroup`. @default false */
  readonly group?: boolean;
}

/** A command as a person starts it: what it says is read while it runs. */
export class Started {
  stdout = "";
  stderr = "";
  /** Exit code; undefined while it runs, null when a signal ended it. */
  code: number | null | undefined;
  readonly ended: Promise<this>;
  private readonly child: ChildProcess;
  private readonly looking = new Set<() => void>();

  constructor(file: string, args: readonly string[], { group, ...options }: CommandOptions = {}) {
    this.child = spawn(file, args, { ...options, detached: group ?? false, stdio: ["ignore", "pipe", "pipe"] });
    const take = (name: "stdout" | "stderr") => (chunk: string) => {
      this[name] += chunk;
      for (const look of this.looking) look();
    };
    this.child.stdout!.setEncoding("utf8").on("data", take("stdout"));
    this.child.stderr!.setEncoding("utf8").on("data", take("stderr"));
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code) => {
        this.code = code;
        for (const look of this.looking) look();
        resolve(this);
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** What it said, both ways, for a message. */
  get said(): string {
    return `${this.stdout}\n${this.stderr}`;
  }

  /** Waits until it has said this on stdout or stderr; fails, with all it said, when it ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (found) return found;
      if (this.code !== undefined) throw new Error(`it ended (${this.code}) without saying ${pattern}:\n${this.said}`);
      await new Promise<void>((resolve) => {
        const look = () => {
          this.looking.delete(look);
          resolve();
        };
        this.looking.add(look);
      });
    }
  }

  /** A signal to the process alone. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** A signal to its whole group, as a terminal sends Ctrl-C. It must have been started as one. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-this.pid, name);
  }
}

/** Runs a command to its end. */
export const run = (file: string, args: readonly string[], options?: CommandOptions): Promise<Started> =>
  new Started(file, args, options).ended;

/** The `redstream` command of this project. */
export const redstream = (args: readonly string[], options?: CommandOptions) =>
  new Started(process.execPath, ["cli/redstream.js", ...args], options);
