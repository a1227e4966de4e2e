import { Command } from "commander";
import { namedQueries, namedQuery, runQuery } from "../athena";
import { targetOption } from "../options";
import { tableOf } from "../query";
import { findTarget, outputOf, type TargetName } from "../target";

export function athenaCommand(): Command {
  return new Command("athena")
    .description("Run a named query on the stack's files through Amazon Athena; without a name, list them")
    .argument("[name]", "the named query")
    .argument("[stack]", "stack whose files they are (default: the one that is up locally)")
    .addOption(targetOption())
    .action(async (name: string | undefined, stack: string | undefined, options: { target: TargetName }) => {
      const target = findTarget(options.target, stack);
      const workgroup = outputOf(target, "athena_workgroup");
      const caller = { ...target.client, credentials: () => target.credentials() };
      if (name === undefined) {
        const queries = await namedQueries(caller, workgroup);
        const rows = queries.map(({ Name, Description = "" }) => [Name, Description]);
        console.log(rows.length > 0 ? tableOf({ columns: ["name", "what it answers"], rows }) : "no named queries");
        return;
      }
      const answer = await runQuery(caller, await namedQuery(caller, workgroup, name));
      console.log(tableOf(answer));
      console.log(`${answer.scannedBytes.toLocaleString("en-US")} bytes scanned; result: ${answer.location}`);
    });
}
