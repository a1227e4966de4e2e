import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type EmitAuth, emit } from "../cli/emit";
import { TEST_KEYS } from "../local/setup/environment";
import { interleaved, median, ratio } from "./measure";
import { type Section, times, whole } from "./table";

const ROUNDS = 7;
const SINGLE = 20_000;
const BATCHED = 1_000_000;
const BATCH = 500;

const SIGNED: EmitAuth = { kind: "iam", region: "us-east-1", credentials: TEST_KEYS };
const UNSIGNED: EmitAuth = { kind: "none" };

/** Records a second of the emitter, one a request and in batches, against a server that answers 200 and does nothing else. */
export async function benchBatch(progress: (line: string) => void): Promise<Section> {
  const server = fork("bench/batch/server.js");
  try {
    const url = `http://127.0.0.1:${await portOf(server)}/live`;
    const rate = async (auth: EmitAuth, records: number, batch?: number) => {
      const result = await emit({ url, auth, records, ...(batch === undefined ? {} : { batch }) });
      if (result.accepted !== records) {
        throw new Error(`${result.accepted} of ${records} accepted: ${result.firstFailure}`);
      }
      return records / (result.elapsedMs / 1000);
    };
    progress(`batch against single puts, ${ROUNDS} rounds`);
    const runs = await interleaved(ROUNDS, {
      single: () => rate(SIGNED, SINGLE),
      batch: () => rate(SIGNED, BATCHED, BATCH),
      singleUnsigned: () => rate(UNSIGNED, SINGLE),
      batchUnsigned: () => rate(UNSIGNED, BATCHED, BATCH),
    });
    const faster = ratio(runs.batch, runs.single);
    return {
      title: "Emitter",
      text: `\`emit\` with and without \`--batch ${BATCH}\` over 16 connections, everything in it that a user waits for: the records are generated and written as JSON, each request is signed as the stacks ask for unless told otherwise (\`auth: iam\`), each answer is read. The server is a process of its own that reads the body and answers 200. Below, the same without signatures (\`auth: none\`).`,
      head: ["way", "records a second", "ratio"],
      rows: [
        ["one record a request", whole(median(runs.single)), times(1)],
        [`${BATCH} records a request`, whole(median(runs.batch)), times(faster)],
        ["one record a request, unsigned", whole(median(runs.singleUnsigned)), times(1)],
        [
          `${BATCH} records a request, unsigned`,
          whole(median(runs.batchUnsigned)),
          times(ratio(runs.batchUnsigned, runs.singleUnsigned)),
        ],
      ],
      goals: [{ says: "batches are at least 50 times single puts", got: times(faster), kept: faster >= 50 }],
    };
  } finally {
    server.kill();
  }
}

async function portOf(server: ChildProcess): Promise<number> {
  const [said] = await Promise.race([
    once(server, "message"),
    once(server, "exit").then(([code]) => {
      throw new Error(`bench/batch/server.js ended with ${code} before it listened`);
    }),
  ]);
  return said as number;
}
