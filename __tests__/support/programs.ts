import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** A folder for one test. */
export const temporary = (name: string) => mkdtempSync(path.join(tmpdir(), `${name}-`));

/** A PATH with nothing on it but these shell scripts, by name, and the few tools scripts need. */
export function pathWith(scripts: Readonly<Record<string, string>>): string {
  const folder = temporary("path");
  for (const [name, body] of Object.entries(scripts)) {
    const file = path.join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  }
  return folder;
}
