import { Command, Option } from "commander";
import { emit, emitAuthOf, progressLine, resultLines } from "../emit";
import { STREAMS } from "../emit/events";
import { interruptible } from "../interrupt";
import { integer, targetOption } from "../options";
import { CommandError } from "../problem";
import { findTarget, outputOf, type TargetName } from "../target";
import { type EventFlags, emitEvents } from "./emit-events";

interface EmitFlags {
  readonly target: TargetName;
  readonly records: number;
  readonly rate: number;
  readonly seed: number;
  readonly concurrency: number;
  readonly batch?: number;
}

/** Sends telemetry, or events, to an applied stack. The exit code is not 0 when a record was lost or refused. */
export function emitCommand(): Command {
  return new Command("emit")
    .description(
      "Send generated telemetry to the stack's API, or with --stream events to a data stream; where to and by whose right comes from the stack's outputs",
    )
    .argument("[stack]", "stack of the API or the streams (default: the one that is up locally)")
    .addOption(targetOption())
    .option("--records <n>", "records to send", integer(1, 1_000_000_000), 1000)
    .option("--rate <n>", "records a second; 0 is as fast as it goes", integer(0, 100_000), 0)
    .option("--seed <n>", "seed of the generator: the same seed sends the same records", integer(0, 4_294_967_295), 1)
    .option("--batch <n>", "records in one request; left out, one record a request", integer(1, 500))
    .option("--concurrency <n>", "requests under way at once", integer(1, 1000), 16)
    .addOption(new Option("--stream <name>", "put events on this data stream instead").choices(Object.keys(STREAMS)))
    .option(
      "--file <path>",
      "with --stream: JSON objects to send, a line each or in one array (default: generated ones)",
    )
    .option("--repeat <n>", "with --file: times the file is sent", integer(1, 1_000_000), 1)
    .option("--key <field>", "with --file: field of the partition key, by whose values order is kept")
    .action((stack: string | undefined, flags: EmitFlags & Partial<EventFlags>, command: Command) =>
      interruptible(async (signal) => {
        const { stream, file } = flags;
        const useless = file === undefined ? ["repeat", "key"].filter((name) => isGiven(command, name)) : [];
        if (useless.length > 0) throw new CommandError(`--${useless[0]} is of use with --file only`);
        if (stream !== undefined)
          return emitEvents(stack, { ...flags, stream, repeat: flags.repeat ?? 1 }, signal, lines());
        if (file !== undefined)
          throw new CommandError(`--file ${file} needs --stream: ${Object.keys(STREAMS).join(" or ")}`);
        return send(stack, flags, signal);
      }),
    );
}

const isGiven = (command: Command, option: string) => command.getOptionValueSource(option) === "cli";

/** Milliseconds between two lines where the output is no terminal. */
const LINE_MS = 2000;

/** Prints progress: over the last line on a terminal, now and then elsewhere. */
function lines(): (line: string) => void {
  let said = performance.now();
  return (line) => {
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}`);
    else if (performance.now() - said >= LINE_MS) {
      said = performance.now();
      console.log(line);
    }
  };
}

async function send(
  stack: string | undefined,
  { target: name, ...flags }: EmitFlags,
  signal: AbortSignal,
): Promise<void> {
  const target = findTarget(name, stack);
  const { region, endpoint } = target;
  const { isTTY } = process.stdout;
  const say = lines();
  const result = await emit({
    url: outputOf(target, "api_url"),
    ...(endpoint === undefined ? {} : { endpoint }),
    auth: await emitAuthOf(target.outputs, { region, endpoint, credentials: await target.credentials() }),
    ...flags,
    signal,
    onProgress: (progress) => say(progressLine(progress)),
  });
  if (isTTY) process.stdout.write("\n");
  resultLines(result).forEach((line) => {
    console.log(line);
  });
  const missing = result.records - result.accepted;
  if (missing > 0) throw new CommandError(`${missing} of ${result.records} records were not taken`);
}
