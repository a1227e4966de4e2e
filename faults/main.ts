import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Command, Option } from "commander";
import { interruptible } from "../cli/interrupt";
import { integer } from "../cli/options";
import { Reporter } from "../cli/reporter";
import { synthesize } from "../cli/synth";
import { withWorld } from "./apply";
import { campaign, failures } from "./campaign";
import { FAULTS } from "./faults";
import { again, lineOf, tableOf } from "./report";

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly rows: number;
  readonly fault?: readonly string[];
}

async function faults({ seed, runs, rows, fault }: Options, signal: AbortSignal): Promise<boolean> {
  const { progress, say } = new Reporter();
  const root = mkdtempSync(path.join(tmpdir(), "redstream-faults-"));
  try {
    const from = path.join(root, "cdktf.out");
    await synthesize(from, undefined);
    const results = await withWorld({ root, from, progress, signal }, (world) =>
      campaign(world, {
        seed,
        runs,
        rows,
        ...(fault ? { faults: FAULTS.filter(({ name }) => fault.includes(name)) } : {}),
        onResult: (result, done) => progress(lineOf(result, done, runs)),
        signal,
      }),
    );
    say();
    tableOf(results).forEach(say);
    const bad = failures(results);
    const total = results.reduce((sum, result) => sum + result.rows, 0);
    say();
    say(
      `${results.length - bad.length} of ${results.length} runs were good, ${total.toLocaleString("en-US")} rows in all.`,
    );
    for (const result of bad) say(`again: ${again(result)}`);
    return bad.length === 0 && results.length === runs;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

new Command("faults")
  .description("loads files while something goes wrong, run after run, and checks that each row is there once")
  .option("--seed <n>", "seed of the first run; each next one has the next", integer(0, 2_000_000_000), 1)
  .option("--runs <n>", "how many runs", integer(1, 100_000), 200)
  .option("--rows <n>", "rows of one run, about", integer(20, 10_000_000), 5500)
  .addOption(
    new Option("--fault <name...>", "only these (default: one after the other)").choices(
      FAULTS.map(({ name }) => name),
    ),
  )
  .action(async (options: Options) => {
    const good = await interruptible((signal) => faults(options, signal));
    if (!good) process.exitCode = 1;
  })
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
