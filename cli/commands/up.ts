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
    .option("--messages <n>", "of orders: another name of --records", integer(1, 1_000_000_000))
    .option(
      "--brokers <n>",
      "of orders: so many Kafka brokers, whatever the stack has; it says what that changes",
      integer(1, 9),
    )
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
    .action(async (pipeline: Pipeline, { messages, ...options }: Given, command: Command) => {
      checkFlags(pipeline, command);
      const records = messages ?? options.records;
      const good = await interruptible((signal) => up({ ...options, records, pipeline, settingsFile }, signal));
      if (!good) process.exitCode = 1;
    });
}

type Given = Omit<UpOptions, "pipeline" | "settingsFile"> & { readonly messages?: number };

/** Flags of some pipelines only: which, and why the others have no use for them. */
const OF_SOME = [
  {
    flags: ["batch", "concurrency", "badRecords"],
    takes: (pipeline: Pipeline) => pipeline.startsWith("telemetry-"),
    because: (pipeline: Pipeline) =>
      `for telemetry-warehouse and telemetry-lake, whose records go to an API; ${pipeline} has none`,
  },
  {
    flags: ["brokers", "messages"],
    takes: (pipeline: Pipeline) => pipeline === "orders",
    because: (pipeline: Pipeline) => `for orders, whose messages go to Kafka; ${pipeline} has none`,
  },
];

/** A flag that would do nothing is refused: whoever gave it expects something of it. */
function checkFlags(pipeline: Pipeline, command: Command): void {
  const given = (names: readonly string[]) =>
    command.options
      .filter((option) => names.includes(option.attributeName()))
      .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
      .map(({ long }) => long);
  for (const { flags, takes, because } of OF_SOME) {
    const useless = takes(pipeline) ? [] : given(flags);
    if (useless.length === 0) continue;
    throw new CommandError(`${useless.join(" and ")} ${useless.length === 1 ? "is" : "are"} ${because(pipeline)}`);
  }
  if (given(["messages", "records"]).length === 2) {
    throw new CommandError("--messages and --records are the same: give one of them");
  }
}
