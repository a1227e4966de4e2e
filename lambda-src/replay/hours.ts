import type { Ports } from "../load/ports";
import type { LoadTable } from "../load/table";
import type { Archive } from "./archive";
import type { ReplayWork } from "./event";
import { type Replayer, replayHour } from "./hour";
import { tableOf } from "./plan";

/** Loads one hour after the other as long as there is time, and answers what is left. */
export async function loadHours(
  ports: Ports,
  archive: Archive,
  replayer: Replayer,
  tables: readonly LoadTable[],
  { table: name, hours, allowMissing, loaded }: ReplayWork,
): Promise<ReplayWork> {
  const table = tableOf(name, tables);
  const so = { hours: 0, files: 0, rows: 0, ...loaded };
  let left = hours;
  const answer = (wait: number): ReplayWork => ({ table: name, allowMissing, hours: left, loaded: { ...so }, wait });
  for (const hour of hours) {
    if (ports.clock.remaining() <= 0) return answer(0);
    const outcome = await replayHour(ports, archive, replayer, table, hour, allowMissing);
    if (outcome.kind === "wait") return answer(outcome.seconds);
    left = left.slice(1);
    if (outcome.kind === "replayed") {
      so.hours += 1;
      so.files += outcome.files;
      so.rows += outcome.rows;
    }
  }
  return answer(0);
}
