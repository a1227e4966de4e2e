import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import { withLock } from "../../tools/lock";
import { assertLoopback } from "../setup/environment";
import { Counter, type Diagnostic, describeDiagnostic, parseMessage, type UiMessage } from "./messages";

/** Terraform refused or failed. The message holds its own diagnostics in few lines, and where the whole log is. */
export class TerraformError extends Error {
  constructor(
    message: string,
    readonly diagnostics: readonly Diagnostic[] = [],
  ) {
    super(message);
    this.name = "TerraformError";
  }
}

export interface TerraformProps {
  /** Folder of the stack, from `prepareCopy`. */
  readonly folder: string;
  /** From `terraformEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything Terraform says is appended here. */
  readonly log: string;
  readonly progress: (line: string) => void;
  /** Stops what is running: Terraform is asked once (SIGINT) and given `graceMs`, then killed. */
  readonly signal?: AbortSignal;
  /** @default "terraform" */
  readonly executable?: string;
  /** Resources worked on at once, 1 to 256. @default 10, Terraform's own */
  readonly parallelism?: number;
  /** Milliseconds between the polite stop and the hard one. @default 60000 */
  readonly graceMs?: number;
  /** Called with the process id of each Terraform, so that a run can note what it must end. */
  readonly onStart?: (pid: number) => void;
}

/** A change of a plan: what Terraform would do to one resource. */
export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  /** `create`, `update`, `delete`, `read`; a replacement is `delete` and `create`. */
  readonly actions: readonly string[];
  /** Top-level attributes that differ or are known after the apply. */
  readonly attributes: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

export interface Plan {
  /** Resources that would change; reads of data sources and no-ops are left out. */
  readonly changes: readonly PlannedChange[];
  /** Resources that differ from the state outside of Terraform. */
  readonly drift: readonly PlannedChange[];
  /** Outputs that would change. */
  readonly outputs: readonly string[];
}

/** Runs the real Terraform on one prepared stack. Every method throws TerraformError, and never asks anything. */
export class Terraform {
  constructor(private readonly props: TerraformProps) {}

  async init(): Promise<void> {
    const { env } = this.props;
    const init = () => this.run(["init", "-input=false", "-no-color"]);
    const cache = env.TF_PLUGIN_CACHE_DIR;
    // Terraform says of its cache that two at once must not fill it.
    if (cache)
      await withLock(`${cache}.lock`, init, (pid) =>
        this.props.progress(`waiting for the plugins that process ${pid} fetches`),
      );
    else await init();
  }

  async validate(): Promise<void> {
    const { code, stdout } = await this.spawn(["validate", "-json", "-no-color"]);
    const diagnostics = (parseMessage(stdout) as { diagnostics?: Diagnostic[] } | undefined)?.diagnostics ?? [];
    if (code !== 0) throw this.failure("validate", code, diagnostics, stdout);
  }

  /** Plans and answers what would change; the plan is kept in `file`, relative to the stack's folder. */
  async plan(file = "redstream.tfplan"): Promise<Plan> {
    this.check();
    await this.stream(["plan", ...this.common(), `-out=${file}`]);
    return readPlan((await this.run(["show", "-json", "-no-color", file])).stdout);
  }

  /** Applies the stack, or the plan in `file`. */
  async apply(file?: string): Promise<void> {
    this.check();
    await this.stream(
      ["apply", ...this.common(), ...(file ? [file] : ["-auto-approve"])],
      new Counter(this.props.progress),
    );
  }

  async destroy(): Promise<void> {
    this.check();
    await this.stream(["destroy", ...this.common(), "-auto-approve"], new Counter(this.props.progress));
  }

  /** The stack's outputs by name. */
  async output(): Promise<Record<string, unknown>> {
    const { stdout } = await this.run(["output", "-json", "-no-color"]);
    const outputs = JSON.parse(stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** The state as `terraform show -json` gives it. */
  async show(): Promise<unknown> {
    return JSON.parse((await this.run(["show", "-json", "-no-color"])).stdout);
  }

  /** No command that calls AWS runs unless the endpoint is ours. */
  private check(): void {
    assertLoopback(this.props.env.AWS_ENDPOINT_URL ?? "");
  }

  private common(): string[] {
    const { parallelism } = this.props;
    return ["-json", "-input=false", "-no-color", ...(parallelism ? [`-parallelism=${parallelism}`] : [])];
  }

  private async run(args: readonly string[]): Promise<{ stdout: string }> {
    const { code, stdout, stderr } = await this.spawn(args);
    if (code !== 0) throw this.failure(args[0]!, code, [], stderr || stdout);
    return { stdout };
  }

  private async stream(args: readonly string[], counter?: Counter): Promise<void> {
    const diagnostics: Diagnostic[] = [];
    const take = (message: UiMessage) => {
      if (message.diagnostic?.severity === "error") diagnostics.push(message.diagnostic);
      counter?.take(message);
    };
    const { code, stderr } = await this.spawn(args, (line) => {
      const message = parseMessage(line);
      if (message) take(message);
    });
    if (code !== 0) throw this.failure(args[0]!, code, diagnostics, stderr);
  }

  private failure(verb: string, code: number | null, diagnostics: readonly Diagnostic[], said: string): TerraformError {
    const errors = diagnostics.filter(({ severity }) => severity !== "warning").map(describeDiagnostic);
    const reasons = errors.length > 0 ? errors.slice(0, 5) : [said.trim().split("\n").slice(0, 12).join("\n")];
    if (errors.length > 5) reasons.push(`and ${errors.length - 5} more`);
    const how = this.props.signal?.aborted ? "was stopped" : `failed (exit code ${code ?? "none, killed"})`;
    return new TerraformError(
      `terraform ${verb} ${how}\n${reasons.join("\n")}\nThe whole log: ${this.props.log}`,
      diagnostics,
    );
  }

  private spawn(
    args: readonly string[],
    onLine?: (line: string) => void,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const { folder, env, log, signal, onStart, executable = "terraform" } = this.props;
    if (signal?.aborted)
      return Promise.reject(new TerraformError(`terraform ${args[0]} was not started: the run is being stopped`));
    mkdirSync(path.dirname(log), { recursive: true });
    appendFileSync(log, `\n$ terraform ${args.join(" ")}\n`, { mode: 0o600 });
    return new Promise((resolve, reject) => {
      // A process group of its own: a Ctrl-C of the terminal would reach Terraform beside our own signal, and the second one makes it drop its work.
      const child = spawn(executable, [...args], {
        cwd: folder,
        env: { ...env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      if (child.pid !== undefined) onStart?.(child.pid);
      const release = this.stopOnAbort(child);
      let stdout = "";
      let stderr = "";
      let rest = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        appendFileSync(log, chunk);
        if (!onLine) {
          stdout += chunk;
          return;
        }
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(onLine);
      });
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        appendFileSync(log, chunk);
        stderr += chunk;
      });
      child.on("error", (error) => {
        release();
        reject(new TerraformError(`terraform could not be started: ${error.message}`));
      });
      child.on("close", (code) => {
        release();
        if (rest) onLine?.(rest);
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Asks once, waits, then ends the whole group: Terraform and the plugins it started. */
  private stopOnAbort(child: ChildProcess): () => void {
    const { signal, graceMs = 60_000, progress } = this.props;
    let timer: NodeJS.Timeout | undefined;
    const stop = () => {
      progress("stopping Terraform: it finishes what it is at");
      child.kill("SIGINT");
      timer = setTimeout(() => {
        progress("Terraform did not stop in time: killing it");
        try {
          process.kill(-child.pid!, "SIGKILL");
        } catch {
          // It is over.
        }
      }, graceMs);
    };
    signal?.addEventListener("abort", stop, { once: true });
    return () => {
      signal?.removeEventListener("abort", stop);
      clearTimeout(timer);
    };
  }
}

interface ShownChange {
  readonly address: string;
  readonly mode?: string;
  readonly type: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Record<string, unknown> | null;
    readonly after: Record<string, unknown> | null;
    readonly after_unknown?: unknown;
  };
}

/** Reads the JSON of `terraform show -json PLANFILE`. */
export function readPlan(json: string): Plan {
  const shown = JSON.parse(json) as {
    resource_changes?: ShownChange[];
    resource_drift?: ShownChange[];
    output_changes?: Record<string, { actions: readonly string[] }>;
  };
  const real = ({ change, mode }: ShownChange) =>
    mode !== "data" && !change.actions.every((action) => action === "no-op" || action === "read");
  return {
    changes: (shown.resource_changes ?? []).filter(real).map(plannedChange),
    drift: (shown.resource_drift ?? []).filter(real).map(plannedChange),
    outputs: Object.entries(shown.output_changes ?? {})
      .filter(([, { actions }]) => !actions.every((action) => action === "no-op"))
      .map(([name]) => name),
  };
}

function plannedChange({ address, type, change }: ShownChange): PlannedChange {
  const { before, after, actions } = change;
  const unknown = change.after_unknown !== null && typeof change.after_unknown === "object" ? change.after_unknown : {};
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {}), ...Object.keys(unknown)]);
  const differs = (name: string) =>
    hasUnknown((unknown as Record<string, unknown>)[name]) ||
    JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]);
  return { address, type, actions, attributes: [...names].filter(differs).sort(), before, after };
}

/** `after_unknown` marks with true, at any depth, what is known after the apply; empty containers mean nothing. */
function hasUnknown(value: unknown): boolean {
  if (value === true) return true;
  return value !== null && typeof value === "object" && Object.values(value).some(hasUnknown);
}
