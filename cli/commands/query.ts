import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { Command } from "commander";
import { targetOption } from "../options";
import { query, tableOf } from "../query";
import { findTarget, outputOf, type TargetName } from "../target";

export function queryCommand(): Command {
  return new Command("query")
    .description("Run one SQL statement on the stack's warehouse, through the Redshift Data API")
    .argument("<sql>", "the statement")
    .argument("[stack]", "stack whose warehouse it is (default: the one that is up locally)")
    .addOption(targetOption())
    .action(async (sql: string, stack: string | undefined, options: { target: TargetName }) => {
      const target = findTarget(options.target, stack);
      const client = new RedshiftDataClient(target.client);
      const answer = await query(
        client,
        {
          cluster: outputOf(target, "warehouse_cluster"),
          database: outputOf(target, "warehouse_database"),
          secretArn: outputOf(target, "warehouse_admin_secret_arn"),
        },
        sql,
      );
      console.log(answer.columns.length > 0 ? tableOf(answer) : "done");
    });
}
