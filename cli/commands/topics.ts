import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { Command } from "commander";
import { integer } from "../options";
import { CommandError } from "../problem";
import { query, tableOf, warehouseOf } from "../query";
import { findTarget, outputOf } from "../target";
import { lagOf, readTopics } from "../topics";

/** `redstream topics`: what stands in the topics of the local run, and how far the warehouse has read. */
export function topicsCommand(): Command {
  return new Command("topics")
    .description(
      "Topics of the local run that is up: partitions, messages, what views and consumer groups have yet to read, last messages",
    )
    .argument("[stack]", "stack with the brokers (default: the one that is up locally)")
    .option("--last <n>", "messages to show of each partition", integer(0, 100), 1)
    .action(async (stack: string | undefined, { last }: { last: number }) => {
      const target = findTarget("local", stack);
      const topics = await readTopics(outputOf(target, "kafka_bootstrap_servers"), last);
      const warehouse = warehouseOf(target.outputs);
      const read = warehouse
        ? await query(
            new RedshiftDataClient(target.client),
            warehouse,
            "SELECT stream_name, partition_id, mv_name, MAX(CAST(latest_position AS BIGINT)) FROM sys_stream_scan_states GROUP BY 1, 2, 3",
          )
        : undefined;
      if (topics.length === 0) throw new CommandError("the brokers have no topic");
      const rows = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partition, leader, first, end, groups }) => [
          name,
          partition,
          leader,
          Number(end - first),
          Number(end),
          lagOf(read?.rows ?? [], name, { partition, end, groups }),
        ]),
      );
      console.log(
        tableOf({ columns: ["topic", "partition", "leader", "messages", "end offset", "yet to read"], rows }),
      );
      for (const { name, partitions } of topics) {
        for (const { partition, last } of partitions) {
          for (const line of last) console.log(`${name}/${partition}  ${line}`);
        }
      }
    });
}
