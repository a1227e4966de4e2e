import { Command } from "commander";
import { interruptible } from "../interrupt";
import { linesOfReject, loaderOf, mustBeListed, redrive, rejectsOf, retry } from "../loads";
import { targetOption } from "../options";
import { findTarget, type TargetName } from "../target";

interface Flags {
  readonly target: TargetName;
  readonly table?: string;
  readonly prefix?: string;
}

const STACK = "stack of the loader (default: the one that is up locally)";

/** The flags by which `rejects` and `retry` choose the same files. */
const choosing = (command: Command) =>
  command
    .argument("[stack]", STACK)
    .option("--table <name>", "only files of this table; ? for those whose key names none on the list")
    .option("--prefix <text>", "only files whose key starts so")
    .addOption(targetOption());

export function rejectsCommand(): Command {
  return choosing(
    new Command("rejects").description("Files that were set aside: which, where in the file, and why"),
  ).action(async (stack: string | undefined, { target: name, ...filter }: Flags) => {
    const target = findTarget(name, stack);
    let found = 0;
    for await (const reject of rejectsOf(target.client, loaderOf(target), filter)) {
      found += 1;
      for (const line of linesOfReject(reject)) console.log(line);
    }
    if (found === 0) mustBeListed(loaderOf(target), filter.table);
    console.log(found === 0 ? "nothing was set aside" : `${found} set aside; after a fix: npx redstream retry`);
  });
}

export function retryCommand(): Command {
  return choosing(
    new Command("retry").description(
      "Load files that were set aside once more: after the table was fixed, or what wrote them",
    ),
  ).action((stack: string | undefined, { target: name, ...filter }: Flags) =>
    interruptible(async () => {
      const target = findTarget(name, stack);
      const queued = await retry(target.client, loaderOf(target), filter);
      if (queued === 0) mustBeListed(loaderOf(target), filter.table);
      console.log(
        queued === 0 ? "nothing was set aside" : `${queued} queued; what still cannot be loaded is set aside anew`,
      );
    }),
  );
}

export function redriveCommand(): Command {
  return new Command("redrive")
    .description("Put the messages of the dead-letter queue back: after what stood in the way is gone")
    .argument("[stack]", STACK)
    .addOption(targetOption())
    .action(async (stack: string | undefined, flags: Flags) => {
      const target = findTarget(flags.target, stack);
      const moved = await redrive(target.client, loaderOf(target));
      console.log(moved === 0 ? "the dead-letter queue is empty" : `${moved} messages go back to the queue`);
    });
}
