import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { benchBatch } from "./batch";
import { benchLocal } from "./local";
import { benchSynth } from "./synth";
import { markdown } from "./table";
import { benchTransform } from "./transform";

const progress = (line: string) => console.error(line);

const HEAD = `# Benchmarks

Written by \`npm run bench\`; do not edit. Both sides of a ratio are measured in the same run, in turns; a figure is the median of the rounds, a ratio the
median of the rounds' ratios. Absolute figures are this machine's, at that moment.
`;

async function main(): Promise<void> {
  const sections = [];
  for (const bench of [benchSynth, benchTransform, benchBatch, benchLocal]) sections.push(await bench(progress));
  const gib = Math.round(totalmem() / 2 ** 30);
  const machine = `Machine: ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${gib} GiB, Node.js ${process.versions.node}, ${process.platform} ${process.arch}.\n`;
  const text = [HEAD, machine, ...sections.map(markdown)].join("\n");
  writeFileSync("bench/README.md", `${text.trimEnd()}\n`);
  console.log(text);
  const broken = sections.flatMap(({ title, goals }) =>
    goals.filter(({ kept }) => !kept).map(({ says }) => `${title}: ${says}`),
  );
  for (const line of broken) console.error(`not kept: ${line}`);
  if (broken.length > 0) process.exitCode = 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
