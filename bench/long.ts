import * as path from "node:path";
import { Memory } from "../cli/up/memory";
import { addsUp, linesOfSummary } from "../cli/up/summary";
import { sumUpTelemetry } from "../cli/up/telemetry";
import { BATCH, carry, load, type Running, timed, withRunning, writeRecords } from "./running";
import { type Section, times, whole } from "./table";

const SEED = 1;

/** One long local run: what arrived of the records by count and checksum, how fast, and what memory our own process took on the way. */
export const benchLong = (records: number, progress: (line: string) => void): Promise<Section> =>
  withRunning(progress, (running) => carryAll(running, records, progress));

async function carryAll(running: Running, records: number, progress: (line: string) => void): Promise<Section> {
  const { gateway, outputs, folder } = running;
  const memory = new Memory();
  const tenths: number[] = [];
  const started = performance.now();
  const sent = await carry(running, records, SEED, (now) => {
    if (now.accepted < ((tenths.length + 1) * records) / 10) return;
    tenths.push(memory.mark());
    progress(
      `${whole(now.accepted)} of ${whole(records)} taken after ${seconds(started)}, at most ${tenths.at(-1)} MB`,
    );
  });
  const took = (performance.now() - started) / 1000;
  const { peak } = memory;
  memory.stop();
  progress(`at rest after ${seconds(started)}; counting`);
  const summary = await sumUpTelemetry(gateway.aws, outputs, sent, SEED);
  for (const line of linesOfSummary(summary)) progress(line);
  const file = path.join(folder, "records.json");
  await writeRecords(file, records, SEED);
  const alone = await timed(() => load(file));
  const first = tenths[1]!;
  const last = tenths.at(-1)!;
  return {
    title: "Long local run",
    text: `${whole(records)} records in batches of ${BATCH} through the same stack, as \`npm start -- --records ${records} --batch ${BATCH}\`, counted at every hop and compared with what was sent by checksum, beside DuckDB alone loading the same records. Memory is the resident memory of our own process, in which emitter, gateway and services are; the emulator, which keeps every object and record in memory, is another.`,
    head: ["way", "records a second", "time"],
    rows: [
      ["local run, end to end", whole(records / took), times(took / alone)],
      ["the emitter's part of it", whole(records / (sent.elapsedMs / 1000)), times(sent.elapsedMs / 1000 / alone)],
      ["DuckDB alone", whole(records / alone), times(1)],
    ],
    goals: [
      {
        says: "nothing lost, nothing doubled but by repeated puts",
        got: `${whole(sent.accepted)} accepted, at most ${whole(sent.unknown)} of them twice; ${addsUp(summary) ? "every count and the checksum add up" : "it does not add up"}`,
        kept: addsUp(summary),
      },
      {
        says: "the last tenth of the records takes at most a quarter more memory than the second",
        got: `${tenths.map((mb) => whole(mb)).join(", ")} MB in each tenth, ${whole(peak)} MB at most`,
        kept: last <= 1.25 * first,
      },
    ],
  };
}

const seconds = (started: number) => `${((performance.now() - started) / 1000).toFixed(0)} s`;
