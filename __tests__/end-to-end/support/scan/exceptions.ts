import { existsSync, readdirSync } from "node:fs";
import * as path from "node:path";
import type { ScanException } from "../../../../modules/support/scan-exception";

/** The exceptions of every module, from `modules/NAME/exceptions.ts`. */
export function exceptionsOfModules(): readonly ScanException[] {
  return readdirSync("modules")
    .map((name) => path.resolve("modules", name, "exceptions.ts"))
    .filter((file) => existsSync(file))
    .flatMap((file) => (require(file) as { EXCEPTIONS: readonly ScanException[] }).EXCEPTIONS);
}
