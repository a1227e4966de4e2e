import { KinesisAnalyticsV2Client } from "@aws-sdk/client-kinesis-analytics-v2";
import { Command } from "commander";
import { start, status, stop } from "../analytics";
import { targetOption } from "../options";
import { findTarget, outputOf, type TargetName } from "../target";

/** Starting is apart from deploying: a running application is billed by the hour. */
export function analyticsCommand(): Command {
  const command = new Command("analytics").description("Start, stop or look at the stack's analytics application");
  const verb = (
    name: string,
    description: string,
    act: (application: string, client: KinesisAnalyticsV2Client) => Promise<void>,
  ) =>
    command
      .command(name)
      .description(description)
      .argument("[stack]", "stack of the application (default: the one that is up locally)")
      .addOption(targetOption())
      .action(async (stack: string | undefined, options: { target: TargetName }) => {
        const target = findTarget(options.target, stack);
        await act(outputOf(target, "analytics_application"), new KinesisAnalyticsV2Client(target.client));
      });
  const progress = (line: string) => console.log(line);
  verb("start", "start it where it stopped, and wait until it runs", (name, client) =>
    start(name, { client, progress }),
  );
  verb("stop", "stop it with a snapshot, and wait until it has", (name, client) => stop(name, { client, progress }));
  verb("status", "say what it does", async (name, client) => progress(`${name} is ${await status(name, { client })}`));
  return command;
}
