import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";

/** Why requests were not carried out, one JSON line each: what AWS writes into the API's execution log. Bodies are never in it. */
export class ExecutionLog {
  private written: Promise<void>;

  constructor(private readonly file: string) {
    this.written = mkdir(path.dirname(file), { recursive: true }).then(() => undefined);
    this.written.catch(() => undefined);
  }

  write(entry: Readonly<Record<string, string | number>>): void {
    this.written = this.written.then(() => appendFile(this.file, `${JSON.stringify(entry)}\n`));
    // A full disk must not stop the API; `flush` says it.
    this.written.catch(() => undefined);
  }

  flush(): Promise<void> {
    return this.written;
  }
}
