import { Command } from "commander";
import { emit, emitAuthOf, progressLine, resultLines } from "../emit";
import { interruptible } from "../interrupt";
import { integer, targetOption } from "../options";
import { CommandError } from "../problem";
import { findTarget, outputOf, type TargetName } from "../target";

interface EmitFlags {
  readonly target: TargetName;
  readonly records: number;
  readonly rate: number;
  readonly seed: number;
  readonly concurrency: number;
  readonly batch?: number;
}

/** Sends telemetry to an applied stack. The exit code is not 0 when a record was lost or refused. */
export function emitCommand(): Command {
  return new Command("emit")
    .description("Send generated telemetry to the stack's API; endpoint and authorization come from its outputs")
    .argument("[stack]", "stack of the API (default: the one that is up locally)")
    .addOption(targetOption())
    .option("--records <n>", "records to send", integer(1, 1_000_000_000), 1000)
    .option("--rate <n>", "records a second; 0 is as fast as it goes", integer(0, 100_000), 0)
    .option("--seed <n>", "seed of the generator: the same seed sends the same records", integer(0, 4_294_967_295), 1)
    .option("--batch <n>", "records in one request; left out, one record a request", integer(1, 500))
    .option("--concurrency <n>", "requests under way at once", integer(1, 1000), 16)
    .action((stack: string | undefined, flags: EmitFlags) => interruptible((signal) => send(stack, flags, signal)));
}

/** Milliseconds between two lines where the output is no terminal. */
const LINE_MS = 2000;

async function send(
  stack: string | undefined,
  { target: name, ...flags }: EmitFlags,
  signal: AbortSignal,
): Promise<void> {
  const target = findTarget(name, stack);
  const { region, endpoint } = target;
  const { isTTY } = process.stdout;
  let said = 0;
  const result = await emit({
    url: outputOf(target, "api_url"),
    ...(endpoint === undefined ? {} : { endpoint }),
    auth: await emitAuthOf(target.outputs, { region, endpoint, credentials: await target.credentials() }),
    ...flags,
    signal,
    onProgress: (progress) => {
      if (isTTY) process.stdout.write(`\r\x1b[K${progressLine(progress)}`);
      else if (progress.elapsedMs - said >= LINE_MS) {
        said = progress.elapsedMs;
        console.log(progressLine(progress));
      }
    },
  });
  if (isTTY) process.stdout.write("\n");
  resultLines(result).forEach((line) => {
    console.log(line);
  });
  const missing = result.records - result.accepted;
  if (missing > 0) throw new CommandError(`${missing} of ${result.records} records were not taken`);
}
