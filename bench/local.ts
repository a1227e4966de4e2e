import * as path from "node:path";
import { interleaved, median, ratio } from "./measure";
import { BATCH, carry, load, type Running, SPEED, timed, withRunning, writeRecords } from "./running";
import { type Section, times, whole } from "./table";

const ROUNDS = 5;
const RECORDS = 20_000;

/** Records a second from the emitter to the warehouse's table, beside what DuckDB alone takes to load the same records. */
export const benchLocal = (progress: (line: string) => void): Promise<Section> =>
  withRunning(progress, (running) => compare(running, progress));

async function compare(running: Running, progress: (line: string) => void): Promise<Section> {
  const file = path.join(running.folder, "records.json");
  await writeRecords(file, RECORDS, 1);
  progress(`local run, ${ROUNDS} rounds of ${RECORDS} records`);
  const runs = await interleaved(ROUNDS, {
    local: () => timed(() => carry(running, RECORDS, 1)),
    duckdb: () => timed(() => load(file)),
  });
  const rate = (took: readonly number[]) => whole(RECORDS / median(took));
  return {
    title: "Local run",
    text: `${whole(RECORDS)} records a round in batches of ${BATCH}, from the emitter through API, stream, processor, raw bucket, SELECT, staging bucket and COPY until all are at rest (the wait for buffers, shortened ${SPEED} times, is in it), beside DuckDB alone reading the same records from a file into the same table.`,
    head: ["way", "records a second", "time"],
    rows: [
      ["local run, end to end", rate(runs.local), times(ratio(runs.local, runs.duckdb))],
      ["DuckDB alone", rate(runs.duckdb), times(1)],
    ],
    goals: [],
  };
}
