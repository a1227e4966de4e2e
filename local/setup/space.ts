import { statfsSync } from "node:fs";
import * as path from "node:path";
import { SetupError } from "./problem";

/** A run leaves about 130 MB: its copy of the stack with the program, the warehouse file, objects and logs; many records leave more. */
const LEAST_MB = 400;
const MB = 1024 * 1024;

/** Bytes that this user may still write into `folder`. */
function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Refuses to begin where a run would fill the disk on its way, with half an apply and a broken warehouse file. @throws SetupError */
export function checkSpace(folder: string, free = freeBytes): void {
  const mb = Math.floor(free(folder) / MB);
  if (mb >= LEAST_MB) return;
  throw new SetupError(
    `${mb} MB are free in ${path.resolve(folder)}, where a run keeps its copy of the stack, the warehouse file and its logs; it needs ${LEAST_MB} MB: free some space and start again`,
  );
}
