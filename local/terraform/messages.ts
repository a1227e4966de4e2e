/** One line of Terraform's machine-readable output ("Machine-Readable UI" in its documentation), as far as we read it. */
export interface UiMessage {
  readonly type?: string;
  readonly "@message"?: string;
  readonly hook?: {
    readonly resource?: { readonly addr?: string };
    readonly action?: string;
    readonly elapsed_seconds?: number;
  };
  readonly changes?: { readonly add?: number; readonly change?: number; readonly remove?: number };
  readonly change?: { readonly resource?: { readonly addr?: string }; readonly action?: string };
  readonly diagnostic?: Diagnostic;
}

export interface Diagnostic {
  readonly severity?: string;
  readonly summary?: string;
  readonly detail?: string;
  readonly address?: string;
}

/** A line that is not JSON (a panic, a warning before the output starts) is undefined. */
export function parseMessage(line: string): UiMessage | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return parsed !== null && typeof parsed === "object" && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Lines of a diagnostic's detail that are shown; the log has all. */
const DETAIL_LINES = 6;

/** An error as a person reads it: where, what, and the first lines of why. */
export function describeDiagnostic({ summary = "", detail = "", address }: Diagnostic): string {
  const where = address && !summary.includes(address) ? `${address}: ` : "";
  const lines = detail
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== summary);
  const shown = lines.slice(0, DETAIL_LINES).map((line) => `\n  ${line}`);
  return `${where}${summary}${shown.join("")}${lines.length > DETAIL_LINES ? "\n  ..." : ""}`;
}

/** Changes that an apply carries out, by how a person counts them. */
export class Counter {
  /** Changes that Terraform plans; undefined until it has said so. */
  planned: number | undefined;
  done = 0;
  private readonly running = new Map<string, number>();

  constructor(private readonly progress: (line: string) => void) {}

  /** A replacement counts twice, as it is carried out: once destroyed, once created. */
  take(message: UiMessage): void {
    const line = this.count(message);
    if (line !== undefined) this.progress(line);
  }

  private count({ type, hook, changes }: UiMessage): string | undefined {
    const address = hook?.resource?.addr ?? "";
    // A data source that is read during the apply reports as a resource does, but no plan counts it as a change.
    if (/^(module\.[^.]+\.)*data\./.test(address)) return undefined;
    switch (type) {
      case "change_summary":
        return this.plan(changes);
      case "apply_start":
        this.running.set(address, 0);
        return undefined;
      case "apply_progress": {
        // Terraform says so every 10 s for each resource; a person wants to know what is slow, once in a while.
        const seconds = hook?.elapsed_seconds ?? 0;
        if (seconds - (this.running.get(address) ?? 0) < 30) return undefined;
        this.running.set(address, seconds);
        return `${this.of()}: still working on ${address}, ${Math.round(seconds)} s`;
      }
      case "apply_complete":
        this.running.delete(address);
        this.done++;
        return this.isWorthALine() ? `${this.of()} done, last ${address}` : undefined;
      case "apply_errored":
        this.running.delete(address);
        return `${this.of()}: ${address} failed`;
      default:
        return undefined;
    }
  }

  /** The first summary is the plan's; a second one, at the end, says the same of what was done. */
  private plan(changes: UiMessage["changes"]): string | undefined {
    if (this.planned !== undefined) return undefined;
    const { add = 0, change = 0, remove = 0 } = changes ?? {};
    this.planned = add + change + remove;
    return `${this.planned} changes planned`;
  }

  private of(): string {
    return this.planned === undefined ? `${this.done}` : `${this.done} of ${this.planned}`;
  }

  private isWorthALine(): boolean {
    if (this.planned === undefined) return this.done % 10 === 0;
    const step = Math.max(1, Math.ceil(this.planned / 10));
    return this.done === this.planned || this.done % step === 0;
  }
}
