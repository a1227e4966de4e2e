import { setTimeout as sleep } from "node:timers/promises";
import { pending } from "../../local/aws";
import type { Gateway } from "../../local/gateway";
import { CommandError } from "../problem";

/** Milliseconds between two looks. */
const LOOK_MS = 250;

/** Looks in a row that must find nothing on its way: between two hops a record is for a moment in neither's count. */
const QUIET_LOOKS = 4;

/** Waits until every record has come to rest: in a bucket, in the table, or under an error prefix. */
export async function settle(gateway: Gateway, progress: (line: string) => void, signal: AbortSignal): Promise<void> {
  let died: Error | undefined;
  void gateway.failure.then((reason) => {
    died = reason;
  });
  for (let quiet = 0, looks = 0; quiet < QUIET_LOOKS; looks++) {
    if (died) throw new CommandError(died.message);
    if (signal.aborted) throw new CommandError("stopped before every record had arrived");
    const left = pending(gateway);
    quiet = left === 0 ? quiet + 1 : 0;
    if (left > 0 && looks % 8 === 0) progress(`${left.toLocaleString("en-US")} records on their way`);
    await sleep(LOOK_MS);
  }
}
