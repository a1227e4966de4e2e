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
    const address = message.hook?.resource?.addr ?? "";
    switch (message.type) {
      case "change_summary": {
        if (this.planned !== undefined) return;
        const { add = 0, change = 0, remove = 0 } = message.changes ?? {};
        this.planned = add + change + remove;
        return this.progress(`${this.planned} changes planned`);
      }
      case "apply_start":
        this.running.set(address, 0);
        return;
      case "apply_progress": {
        // Terraform says so every 10 s for each resource; a person wants to know what is slow, once in a while.
        const seconds = message.hook?.elapsed_seconds ?? 0;
        if (seconds - (this.running.get(address) ?? 0) < 30) return;
        this.running.set(address, seconds);
        return this.progress(`${this.of()}: still working on ${address}, ${Math.round(seconds)} s`);
      }
      case "apply_complete":
        this.running.delete(address);
        this.done++;
        if (this.isWorthALine()) this.progress(`${this.of()} done, last ${address}`);
        return;
      case "apply_errored":
        this.running.delete(address);
        return this.progress(`${this.of()}: ${address} failed`);
    }
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
