import { Command, InvalidArgumentError } from "commander";
import { interruptible } from "../interrupt";
import { follow, linesOfPlan, plan, replayOf, startReplay } from "../loads";
import { targetOption } from "../options";
import { CommandError } from "../problem";
import { findTarget, type TargetName } from "../target";

interface ReplayFlags {
  readonly target: TargetName;
  readonly table: string;
  readonly from: string;
  readonly to: string;
  readonly allowMissing: boolean;
  readonly dryRun: boolean;
}

/** Loads past hours again. Exit code 1 when it did not come to its end. */
export function replayCommand(): Command {
  return new Command("replay")
    .description(
      "Load past hours of a table again, from the bucket: restored from Glacier where needed, rows replaced hour by hour",
    )
    .argument("[stack]", "stack of the loader (default: the one that is up locally)")
    .requiredOption("--table <name>", "the table, as keys name it")
    .requiredOption("--from <hour>", "first hour, UTC: 2026-11-21T08", hour)
    .requiredOption("--to <hour>", "hour behind the last one, UTC", hour)
    .option(
      "--allow-missing",
      "go on although an hour has fewer files than were loaded, and leave bad files aside",
      false,
    )
    .option("--dry-run", "say what would be loaded and what it costs, and change nothing", false)
    .addOption(targetOption())
    .action((stack: string | undefined, { target: name, dryRun, ...span }: ReplayFlags) =>
      interruptible(async (signal) => {
        if (span.from >= span.to) throw new CommandError(`--from must be before --to, got ${span.from} and ${span.to}`);
        const target = findTarget(name, stack);
        const loader = replayOf(target);
        const planned = await plan(target.client, loader, span);
        for (const line of linesOfPlan(planned)) console.log(line);
        if (dryRun || planned.hours.length === 0) return;
        const run = await startReplay(target.client, loader, span);
        console.log(`started ${run}; it goes on without this command`);
        const loaded = await follow(target.client, run, signal);
        console.log(
          loaded ? `${loaded.hours} hours, ${loaded.files} files, ${loaded.rows} rows loaded` : "no hour was loaded",
        );
      }),
    );
}

/** A whole hour in UTC, as `YYYY-MM-DDTHH`. */
function hour(text: string): string {
  const found = /^(\d{4}-\d{2}-\d{2}T\d{2})(:00(:00)?Z?)?$/.exec(text)?.[1];
  const at = new Date(`${found}:00:00Z`);
  // The 30th of February would become the 1st of March.
  if (found !== undefined && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(found)) return found;
  throw new InvalidArgumentError("It must be a whole hour in UTC, such as 2026-11-21T08.");
}
