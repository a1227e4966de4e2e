import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { Argument, Command } from "commander";
import { integer } from "../cli/options";
import { benchBatch } from "./batch";
import { benchLedger, benchLoader } from "./loader";
import { benchLocal } from "./local";
import { benchLong } from "./long";
import { benchGenerator } from "./orders/generator";
import { benchItems } from "./orders/items";
import { ARTICLE, benchMillion } from "./orders/million";
import { benchProducer } from "./orders/producer";
import { benchPartitions, fillPartitions } from "./partitions";
import { benchSynth } from "./synth";
import { benchSynthGrowth } from "./synth/growth";
import { markdown, merged, type Section } from "./table";
import { benchTransform } from "./transform";

const README = "bench/README.md";

const HEAD = `# Benchmarks

Written by \`npm run bench\`; do not edit. Both sides of a ratio are measured in the same run, in turns; a figure is the median of the rounds, a ratio the
median of the rounds' ratios. Absolute figures are this machine's, at that moment. \`npm run bench\` measures everything but the runs with \`--records\`, and takes an hour or so; the command
under a title measures that part again and leaves the others as they are. A part is written when it is done. The exit code is 1 when a goal was not kept.
`;

type Bench = (progress: (line: string) => void) => Promise<Section | Section[]>;
const BENCHES: Readonly<Record<string, Bench>> = {
  synth: benchSynth,
  "synth-growth": benchSynthGrowth,
  transform: benchTransform,
  batch: benchBatch,
  local: benchLocal,
  partitions: benchPartitions,
  loader: benchLoader,
  ledger: benchLedger,
  "order-generator": benchGenerator,
  "kafka-producer": benchProducer,
  "order-items": benchItems,
  orders: (progress) => benchMillion(ARTICLE.messages, progress),
};

/** With a number of records; without one, these parts are as the table has them. */
const SIZED: Readonly<Record<string, (records: number, progress: (line: string) => void) => ReturnType<Bench>>> = {
  // The loader's ledger has as many items.
  ledger: (records, progress) => benchLedger(progress, records),
  local: benchLong,
  orders: benchMillion,
  "order-items": (records, progress) => benchItems(progress, records),
};

async function bench(names: readonly string[], records: number | undefined): Promise<void> {
  const sized = SIZED[names.join()];
  if (records !== undefined && !sized) {
    throw new Error(
      `--records goes with exactly one of ${Object.keys(SIZED).join(", ")}, as in: npm run bench -- local --records N`,
    );
  }
  const progress = (line: string) => console.error(line);
  const broken: string[] = [];
  for (const name of Object.keys(BENCHES).filter((candidate) => names.length === 0 || names.includes(candidate))) {
    const found = await (records === undefined ? BENCHES[name]!(progress) : sized!(records, progress));
    const command = `npm run bench -- ${name}${records === undefined ? "" : ` --records ${records}`}`;
    const sections = [found].flat().map((section) => ({ ...section, command }));
    // After each part: a later one that fails takes nothing with it.
    write(sections);
    console.log(sections.map(markdown).join("\n"));
    for (const { title, goals } of sections) {
      broken.push(...goals.filter(({ kept }) => !kept).map(({ says }) => `${title}: ${says}`));
    }
  }
  for (const line of broken) console.error(`not kept: ${line}`);
  if (broken.length > 0) process.exitCode = 1;
}

/** Puts sections into the README, in place of those of the same titles. */
function write(sections: readonly Section[]): void {
  const gib = Math.round(totalmem() / 2 ** 30);
  const machine = `Machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${gib} GiB, Node.js ${process.versions.node}, ${process.platform} ${process.arch}.\n`;
  const before = existsSync(README) ? readFileSync(README, "utf8") : "";
  writeFileSync(README, merged([HEAD, machine].join("\n"), before, sections));
}

new Command("bench")
  .addArgument(new Argument("[parts...]", "what to measure (default: everything)").choices(Object.keys(BENCHES)))
  .option(
    "--records <n>",
    "with local or orders: one run of so many records; with order-items: so many orders too; with ledger: so many items in the loader's ledger",
    integer(10_000, 100_000_000),
  )
  .action((names: string[], { records }: { records?: number }) => bench(names, records))
  // A process that the part `partitions` measures.
  .addCommand(
    new Command("fill-partitions").argument("<n>", "", integer(1, 500)).action((n: number) => fillPartitions(n)),
    { hidden: true },
  )
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
