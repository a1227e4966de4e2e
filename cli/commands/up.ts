import { Argument, Command, Option } from "commander";
import { interruptible } from "../interrupt";
import { integer, portOption, speedOption } from "../options";
import { CommandError } from "../problem";
import { PIPELINES, type Pipeline, type UpOptions, up } from "../up/up";

/** `npm start`. */
export function upCommand(settingsFile: string | undefined): Command {
  return new Command("up")
    .description("Apply a pipeline to a local AWS, send it data, and show what arrived (npm start)")
    .addArgument(new Argument("[pipeline]", "which one").choices(PIPELINES).default(PIPELINES[0]))
    .option("--records <n>", "records to send", integer(1, 1_000_000_000), 2000)
    .option("--rate <n>", "records a second; 0 is as fast as it goes", integer(0, 100_000), 0)
    .option("--seed <n>", "seed of the generator: the same seed sends the same records", integer(0, 4_294_967_295), 1)
    .option("--batch <n>", "records in one request; left out, one record a request", integer(1, 500))
    .option("--concurrency <n>", "requests under way at once", integer(1, 1000), 16)
    .option(
      "--bad-records <percent>",
      "beside them, so many in a hundred that are bad or odd, by the API and straight to the stream; 0 sends none",
      integer(0, 50),
      0,
    )
    .option("--keep", "stay up and serve after the summary", false)
    .addOption(speedOption())
    .addOption(portOption())
    .addOption(
      new Option(
        "--from <folder>",
        "apply this synthesized folder (such as a changed cdktf.out) instead of synthesizing",
      ),
    )
    .action(async (pipeline: Pipeline, options: Omit<UpOptions, "pipeline" | "settingsFile">, command: Command) => {
      checkFlags(pipeline, command);
      const good = await interruptible((signal) => up({ ...options, pipeline, settingsFile }, signal));
      if (!good) process.exitCode = 1;
    });
}

/** Of what is sent to an API. */
const OF_AN_API = ["batch", "concurrency", "badRecords"];

/** A flag that would do nothing is refused: whoever gave it expects something of it. */
function checkFlags(pipeline: Pipeline, command: Command): void {
  if (pipeline.startsWith("telemetry-")) return;
  const given = OF_AN_API.filter((name) => command.getOptionValueSource(name) === "cli");
  if (given.length === 0) return;
  const flags = command.options.filter((option) => given.includes(option.attributeName())).map(({ long }) => long);
  throw new CommandError(
    `${flags.join(" and ")} ${flags.length === 1 ? "is" : "are"} for telemetry-warehouse and telemetry-lake, whose records go to an API; ${pipeline} has none`,
  );
}
