import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { Argument, Command } from "commander";
import { integer } from "../cli/options";
import { benchBatch } from "./batch";
import { benchLoader } from "./loader";
import { benchLocal } from "./local";
import { benchLong } from "./long";
import { benchGenerator } from "./orders/generator";
import { benchItems } from "./orders/items";
import { ARTICLE, benchMillion } from "./orders/million";
import { benchProducer } from "./orders/producer";
import { benchPartitions, fillPartitions } from "./partitions";
import { benchSynth } from "./synth";
import { markdown, merged, type Section } from "./table";
import { benchTransform } from "./transform";

const README = "bench/README.md";

const HEAD = `# Benchmarks

Written by \`npm run bench\`; do not edit. Both sides of a ratio are measured in the same run, in turns; a figure is the median of the rounds, a ratio the
median of the rounds' ratios. Absolute figures are this machine's, at that moment. \`npm run bench -- batch\` measures one part again and leaves the others;
\`npm run bench -- local --records 1000000\` makes the long run, which is no part of the rest.
`;

type Bench = (progress: (line: string) => void) => Promise<Section | Section[]>;
const BENCHES: Readonly<Record<string, Bench>> = {
  synth: benchSynth,
  transform: benchTransform,
  batch: benchBatch,
  local: benchLocal,
  partitions: benchPartitions,
  loader: benchLoader,
  "order-generator": benchGenerator,
  "kafka-producer": benchProducer,
  "order-items": benchItems,
  orders: (progress) => benchMillion(ARTICLE.messages, progress),
};

/** With a number of records; without one, these parts are as the table has them. */
const SIZED: Readonly<Record<string, (records: number, progress: (line: string) => void) => ReturnType<Bench>>> = {
  // The ledger has as many items.
  loader: (records, progress) => benchLoader(progress, records),
  local: benchLong,
  orders: benchMillion,
  "order-items": (records, progress) => benchItems(progress, records),
};

async function bench(names: readonly string[], records: number | undefined): Promise<void> {
  const sized = SIZED[names.join()];
  if (records !== undefined && !sized) {
    throw new Error(`--records is for one of ${Object.keys(SIZED).join(", ")}: npm run bench -- local --records N`);
  }
  const chosen = Object.keys(BENCHES).filter((name) => names.length === 0 || names.includes(name));
  const benches: Bench[] =
    records === undefined ? chosen.map((name) => BENCHES[name]!) : [(progress) => sized!(records, progress)];
  const sections: Section[] = [];
  for (const one of benches) sections.push(...[await one((line) => console.error(line))].flat());
  const gib = Math.round(totalmem() / 2 ** 30);
  const machine = `Machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${gib} GiB, Node.js ${process.versions.node}, ${process.platform} ${process.arch}.\n`;
  const before = existsSync(README) ? readFileSync(README, "utf8") : "";
  writeFileSync(README, merged([HEAD, machine].join("\n"), before, sections));
  console.log(sections.map(markdown).join("\n"));
  const broken = sections.flatMap(({ title, goals }) =>
    goals.filter(({ kept }) => !kept).map(({ says }) => `${title}: ${says}`),
  );
  for (const line of broken) console.error(`not kept: ${line}`);
  if (broken.length > 0) process.exitCode = 1;
}

new Command("bench")
  .addArgument(new Argument("[parts...]", "what to measure (default: everything)").choices(Object.keys(BENCHES)))
  .option(
    "--records <n>",
    "with local or orders: one run of so many records; with order-items: so many orders too; with loader: so many items in its ledger",
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
