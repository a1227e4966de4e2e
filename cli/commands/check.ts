import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { Command } from "commander";
import { check, hasLoader, isRecorded, linesOfHealth, loaderOf, problemsOf, rejectsOf } from "../loads";
import { integer, targetOption } from "../options";
import { CommandError } from "../problem";
import { warehouseOf } from "../query";
import { findTarget, type Target, type TargetName } from "../target";

const HOUR_MS = 3_600_000;

interface CheckFlags {
  readonly target: TargetName;
  readonly time?: string;
  readonly maxLag?: number;
}

/** For people and monitors: the exit code says whether all is well. */
export function checkCommand(): Command {
  return new Command("check")
    .description(
      "How a table is: rows, newest event and load, load errors of the last hour; exit code 1 when something is wrong",
    )
    .usage("[options] [stack] <table>")
    .argument(
      "<table...>",
      "TABLE or SCHEMA.TABLE; before it the stack of its warehouse or loader (default: the one that is up locally)",
    )
    .option(
      "--time <column>",
      "column with the time of an event (default: the first timestamp column, source_hour last)",
    )
    .option("--max-lag <seconds>", "seconds that the newest event may be old", integer(1, 1_000_000_000))
    .addOption(targetOption())
    .action(async (names: readonly string[], flags: CheckFlags) => {
      if (names.length > 2) throw new CommandError(`check takes a stack and one table, got ${names.join(" ")}`);
      const table = names.at(-1)!;
      const target = findTarget(flags.target, names.length === 2 ? names[0] : undefined);
      const place = placeOf(target, flags.target);
      const warehouse = warehouseOf(place.outputs);
      if (!warehouse) throw new CommandError(`${target.stack} has no warehouse: its files are in its buckets`);
      const now = new Date();
      const health = await check(new RedshiftDataClient(place.client), warehouse, {
        table,
        timeColumn: flags.time,
        recorded: isRecorded(target),
        rejects: await recentRejects(target, table, now),
        now,
      });
      for (const line of linesOfHealth(health)) console.log(line);
      const problems = problemsOf(health, flags.maxLag);
      if (problems.length > 0) throw new CommandError(`${health.table}: ${problems.join("; ")}`);
    });
}

/** Where the warehouse is: in the stack itself, or in the one that it names, perhaps of another account. */
function placeOf(target: Target, name: TargetName): Target {
  const { warehouse_stack: other } = target.outputs;
  return typeof other === "string" ? findTarget(name, other) : target;
}

/** Undefined where the loader is another stack's. */
async function recentRejects(target: Target, table: string, now: Date): Promise<number | undefined> {
  if (!hasLoader(target)) return isRecorded(target) ? undefined : 0;
  let rejects = 0;
  const since = new Date(now.getTime() - HOUR_MS);
  for await (const _ of rejectsOf(target.client, loaderOf(target), { table: table.split(".").at(-1), since }))
    rejects += 1;
  return rejects;
}
