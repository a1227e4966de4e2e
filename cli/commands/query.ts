import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { Command } from "commander";
import { targetOption } from "../options";
import { CommandError } from "../problem";
import { query, tableOf, warehouseOf } from "../query";
import { findTarget, type TargetName } from "../target";

export function queryCommand(): Command {
  return new Command("query")
    .description("Run one SQL statement on the stack's warehouse, through the Redshift Data API")
    .argument("<sql>", "the statement")
    .argument("[stack]", "stack whose warehouse it is (default: the one that is up locally)")
    .addOption(targetOption())
    .action(async (sql: string, stack: string | undefined, options: { target: TargetName }) => {
      const target = findTarget(options.target, stack, ".", "warehouse_database");
      const warehouse = warehouseOf(target.outputs);
      if (!warehouse) throw new CommandError(`${target.stack} has no warehouse: its files are in its buckets`);
      const answer = await query(new RedshiftDataClient(target.client), warehouse, sql);
      console.log(answer.columns.length > 0 ? tableOf(answer) : "done");
    });
}
