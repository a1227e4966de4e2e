import { spawn } from "node:child_process";

export interface CommandResult {
  /** Exit code; undefined when the program could not be started or was ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** No such program on the PATH. */
  readonly missing: boolean;
  readonly timedOut: boolean;
}

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ends the program after so many milliseconds. @default no limit */
  readonly timeoutMs?: number;
  /** Called with the process id once the program runs. */
  readonly onStart?: (pid: number) => void;
  /** Called for each full line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end and answers what it said. Never throws: a program that is not there is an answer too. */
export function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    let missing = false;
    let rest = "";
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill("SIGKILL");
          }, options.timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      if (!options.onLine) return;
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(options.onLine);
    });
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => {
      missing = error.code === "ENOENT" || error.code === "EACCES";
      err.push(Buffer.from(error.message));
      finish(undefined);
    });
    child.on("close", (code) => finish(code ?? undefined));
    function finish(code: number | undefined) {
      clearTimeout(timer);
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString("utf8");
      resolve({ code, stdout: text(out), stderr: text(err), missing, timedOut });
    }
  });
}

/** The last line that says something, for an error of one line. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
