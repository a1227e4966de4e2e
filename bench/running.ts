import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { KinesisAnalyticsV2Client } from "@aws-sdk/client-kinesis-analytics-v2";
import { DuckDBInstance } from "@duckdb/node-api";
import { start } from "../cli/analytics";
import { type EmitProgress, type EmitResult, emit } from "../cli/emit";
import { TelemetryWriter } from "../cli/emit/generator";
import { synthesize } from "../cli/synth";
import { settle } from "../cli/up/settle";
import type { TelemetryOutputs } from "../cli/up/telemetry";
import { takeStack, terraformFor } from "../local/apply";
import { startLocalAws } from "../local/aws";
import type { Gateway } from "../local/gateway";
import { Run } from "../local/runs/run";
import { TEST_KEYS } from "../local/setup/environment";
import { setUp } from "../local/setup/set-up";

export const BATCH = 500;
/** As `npm start`: a minute of waiting takes a second. */
export const SPEED = 60;
const STACK = "telemetry-warehouse";

/** An applied telemetry stack with its warehouse, ready for records. */
export interface Running {
  readonly gateway: Gateway;
  readonly outputs: TelemetryOutputs;
  /** Folder that goes with it. */
  readonly folder: string;
}

/** Applies the stack to a local AWS, as `npm start` does, and takes it down when `use` has ended. */
export async function withRunning<T>(
  progress: (line: string) => void,
  use: (running: Running) => Promise<T>,
): Promise<T> {
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
      return await use({ gateway, outputs, folder: root });
    } finally {
      await gateway.stop();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Sends the first records of a seed and waits until all are at rest. */
export async function carry(
  { gateway, outputs }: Running,
  records: number,
  seed: number,
  onProgress: (progress: EmitProgress) => void = () => undefined,
): Promise<EmitResult> {
  const { aws, endpoint } = gateway;
  const auth = { kind: "iam", region: aws.region, credentials: TEST_KEYS } as const;
  const sent = await emit({ url: outputs.api_url, endpoint, auth, records, seed, batch: BATCH, onProgress });
  if (sent.accepted !== records) throw new Error(`${sent.accepted} of ${records} accepted: ${sent.firstFailure}`);
  await settle(gateway, () => undefined, new AbortController().signal);
  return sent;
}

/** Writes the first records of a seed to a file, a line each. */
export async function writeRecords(file: string, records: number, seed: number): Promise<void> {
  const out = await open(file, "w");
  const source = new TelemetryWriter(seed);
  try {
    for (let left = records; left > 0; left -= BATCH) {
      const lines = Array.from({ length: Math.min(BATCH, left) }, () => `${source.one().toString("latin1")}\n`);
      await out.write(lines.join(""));
    }
  } finally {
    await out.close();
  }
}

/** What the pipeline does to a record, done by DuckDB alone: the file's records, the fast laps of them into a table. */
export async function load(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE laps AS SELECT speed, rpm, gear, throttle FROM read_json('${file}', format = 'newline_delimited',
     columns = {speed: 'DOUBLE', rpm: 'INTEGER', gear: 'INTEGER', throttle: 'DOUBLE'}) WHERE speed >= 200`,
  );
  connection.closeSync();
  instance.closeSync();
}

/** Seconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
