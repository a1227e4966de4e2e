import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { KinesisAnalyticsV2Client } from "@aws-sdk/client-kinesis-analytics-v2";
import { DuckDBInstance } from "@duckdb/node-api";
import { start } from "../cli/analytics";
import { emit, telemetryRecords } from "../cli/emit";
import { synthesize } from "../cli/synth";
import { settle } from "../cli/up/settle";
import type { TelemetryOutputs } from "../cli/up/telemetry";
import { takeStack, terraformFor } from "../local/apply";
import { startLocalAws } from "../local/aws";
import type { Gateway } from "../local/gateway";
import { Run } from "../local/runs/run";
import { TEST_KEYS } from "../local/setup/environment";
import { setUp } from "../local/setup/set-up";
import { interleaved, median, ratio } from "./measure";
import { type Section, times, whole } from "./table";

const ROUNDS = 5;
const RECORDS = 20_000;
const BATCH = 500;
const STACK = "telemetry-warehouse";
/** As `npm start`: an hour of waiting takes a minute. */
const SPEED = 60;

/** Records a second from the emitter to the warehouse's table, beside what DuckDB alone takes to load the same records. */
export async function benchLocal(progress: (line: string) => void): Promise<Section> {
  const root = mkdtempSync(path.join(tmpdir(), "bench-local-"));
  try {
    const ready = await setUp(progress);
    const from = path.join(root, "cdktf.out");
    await synthesize(from, "bench/settings.json");
    const run = Run.create({ root, stack: STACK });
    const stack = takeStack({ run, stack: STACK, setUp: ready, from });
    const { folder } = run;
    const gateway = await startLocalAws({ folder, region: stack.region, python: ready.python, speed: SPEED });
    try {
      const terraform = terraformFor({ run, stack, setUp: ready, endpoint: gateway.endpoint, progress });
      await terraform.init();
      await terraform.apply();
      const outputs = (await terraform.output()) as unknown as TelemetryOutputs;
      const client = new KinesisAnalyticsV2Client(gateway.aws.internal);
      await start(outputs.analytics_application!, { client, progress, pollMilliseconds: 200 });
      return await compare(gateway, outputs, root, progress);
    } finally {
      await gateway.stop();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function compare(
  gateway: Gateway,
  outputs: TelemetryOutputs,
  root: string,
  progress: (line: string) => void,
): Promise<Section> {
  const file = path.join(root, "records.json");
  await writeRecords(file);
  progress(`local run, ${ROUNDS} rounds of ${RECORDS} records`);
  const runs = await interleaved(ROUNDS, {
    local: () => timed(() => carry(gateway, outputs)),
    duckdb: () => timed(() => load(file)),
  });
  const rate = (took: readonly number[]) => whole(RECORDS / median(took));
  return {
    title: "Local run",
    text: `${RECORDS.toLocaleString("en-US")} records a round in batches of ${BATCH}, from the emitter through API, stream, processor, raw bucket, SELECT, staging bucket and COPY until all are at rest (the wait for buffers, shortened ${SPEED} times, is in it), beside DuckDB alone reading the same records from a file into the same table.`,
    head: ["way", "records a second", "time"],
    rows: [
      ["local run, end to end", rate(runs.local), times(ratio(runs.local, runs.duckdb))],
      ["DuckDB alone", rate(runs.duckdb), times(1)],
    ],
    goals: [],
  };
}

async function carry(gateway: Gateway, outputs: TelemetryOutputs): Promise<void> {
  const { aws, endpoint } = gateway;
  const auth = { kind: "iam", region: aws.region, credentials: TEST_KEYS } as const;
  const sent = await emit({ url: outputs.api_url, endpoint, auth, records: RECORDS, batch: BATCH });
  if (sent.accepted !== RECORDS) throw new Error(`${sent.accepted} of ${RECORDS} accepted: ${sent.firstFailure}`);
  await settle(gateway, () => undefined, new AbortController().signal);
}

async function load(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE laps AS SELECT speed, rpm, gear, throttle FROM read_json('${file}', format = 'newline_delimited',
     columns = {speed: 'DOUBLE', rpm: 'INTEGER', gear: 'INTEGER', throttle: 'DOUBLE'}) WHERE speed >= 200`,
  );
  connection.closeSync();
  instance.closeSync();
}

async function writeRecords(file: string): Promise<void> {
  const source = telemetryRecords(1);
  const out = createWriteStream(file);
  for (let i = 0; i < RECORDS; i++) out.write(`${JSON.stringify(source.next().value)}\n`);
  await new Promise<void>((resolve, reject) => out.on("error", reject).end(resolve));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
