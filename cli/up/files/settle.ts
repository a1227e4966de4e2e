import { setTimeout as sleep } from "node:timers/promises";
import type { Gateway } from "../../../local/gateway";
import type { LoaderOutputs } from "../../loads";
import { CommandError } from "../../problem";
import { messagesIn, statesOf, type Version } from "./ledger";

/** Milliseconds between two looks. */
const LOOK_MS = 500;

/** Waits until every version that was put has come to its end, and no message of one waits or is worked on. */
export async function settleFiles(
  { aws, failure }: Pick<Gateway, "aws" | "failure">,
  outputs: Pick<LoaderOutputs, "loader_bucket" | "loader_ledger" | "loader_queue_url" | "loader_dead_letter_url">,
  files: readonly Version[],
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let died: Error | undefined;
  void failure.then((reason) => {
    died = reason;
  });
  const place = { ledger: outputs.loader_ledger, bucket: outputs.loader_bucket };
  let open = files;
  for (let looks = 0; ; looks++) {
    if (died) throw new CommandError(died.message);
    if (signal.aborted) throw new CommandError("stopped before every file had come to its end");
    const ended = new Set(
      (await statesOf(aws.internal, place, open))
        .filter(({ state }) => state !== "loading")
        .map(({ key, version }) => `${key} ${version}`),
    );
    open = open.filter(({ key, version }) => !ended.has(`${key} ${version}`));
    const left = open.length + (open.length === 0 ? await messagesIn(aws.internal, outputs.loader_queue_url) : 0);
    if (left === 0) return;
    // What waits in the dead-letter queue comes to no end by itself.
    if (looks % 20 === 19 && (await messagesIn(aws.internal, outputs.loader_dead_letter_url)) > 0) return;
    if (looks % 8 === 0 && open.length > 0) progress(`${open.length} of ${files.length} files on their way`);
    await sleep(LOOK_MS);
  }
}
