import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { emit } from "../cli/emit";
import { interleaved, median, ratio } from "./measure";
import { type Section, times, whole } from "./table";

const ROUNDS = 5;
const SINGLE = 20_000;
const BATCHED = 400_000;
const BATCH = 500;

/** Records a second of the emitter, one a request and in batches, against a server that answers 200 and does nothing else. */
export async function benchBatch(progress: (line: string) => void): Promise<Section> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
  const rate = async (records: number, batch?: number) => {
    const result = await emit({ url, auth: { kind: "none" }, records, ...(batch === undefined ? {} : { batch }) });
    if (result.accepted !== records)
      throw new Error(`${result.accepted} of ${records} accepted: ${result.firstFailure}`);
    return records / (result.elapsedMs / 1000);
  };
  try {
    progress(`batch against single puts, ${ROUNDS} rounds`);
    const runs = await interleaved(ROUNDS, { single: () => rate(SINGLE), batch: () => rate(BATCHED, BATCH) });
    const faster = ratio(runs.batch, runs.single);
    return {
      title: "Emitter",
      text: `\`emit\` with and without \`--batch ${BATCH}\`, unsigned, 16 connections, generation of the records included, against a server in the same process that reads the body and answers 200.`,
      head: ["way", "records a second", "ratio"],
      rows: [
        ["one record a request", whole(median(runs.single)), times(1)],
        [`${BATCH} records a request`, whole(median(runs.batch)), times(faster)],
      ],
      goals: [{ says: "batches are at least 50 times single puts", got: times(faster), kept: faster >= 50 }],
    };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
