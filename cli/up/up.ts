import * as path from "node:path";
import { KinesisAnalyticsV2Client } from "@aws-sdk/client-kinesis-analytics-v2";
import { takeStack, terraformFor } from "../../local/apply";
import { startLocalAws } from "../../local/aws";
import type { Gateway } from "../../local/gateway";
import { Run } from "../../local/runs/run";
import { cleanDeadRuns } from "../../local/runs/runs";
import { TEST_KEYS } from "../../local/setup/environment";
import { setUp } from "../../local/setup/set-up";
import { start } from "../analytics";
import { type EmitResult, emit, emitAuthOf, progressLine } from "../emit";
import { aborted } from "../interrupt";
import { CommandError, cleanUp } from "../problem";
import { Reporter } from "../reporter";
import { synthesize } from "../synth";
import { Memory } from "./memory";
import { settle } from "./settle";
import { addsUp, linesOfSummary, type Summary } from "./summary";
import { sumUpTelemetry, type TelemetryOutputs } from "./telemetry";

export const PIPELINES = ["telemetry-warehouse", "telemetry-lake"] as const;
export type Pipeline = (typeof PIPELINES)[number];

export interface UpOptions {
  readonly pipeline: Pipeline;
  readonly records: number;
  /** Records a second; 0 is as fast as it goes. */
  readonly rate: number;
  readonly seed: number;
  readonly concurrency: number;
  /** Records in one request; left out, one record a request. */
  readonly batch?: number;
  /** Stay up and serve after the summary. */
  readonly keep: boolean;
  readonly speed: number;
  readonly port?: number;
  /** Synthesized folder to apply instead of a fresh synth. */
  readonly from?: string;
  readonly settingsFile: string | undefined;
}

/** The main job, step by step: prepare, start, apply, send, settle, sum up. Answers whether the counts add up. */
export async function up(options: UpOptions, signal: AbortSignal, reporter = new Reporter()): Promise<boolean> {
  const { progress, say } = reporter;
  await cleanDeadRuns(".", progress);
  const run = Run.create({ root: ".", stack: options.pipeline });
  const from = await synthesized(options, run, progress);
  const ready = await setUp(progress);
  const stack = takeStack({ run, stack: options.pipeline, setUp: ready, from });
  for (const line of stack.prepared.standIns) progress(`stands in: ${line}`);
  for (const { type, reason } of stack.inert) progress(`inert here: ${type} (${reason})`);
  stopIf(signal);

  const gateway = await startLocalAws({
    folder: run.folder,
    region: stack.region,
    python: ready.python,
    speed: options.speed,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  try {
    run.started(gateway.emulatorPid, "emulator");
    progress(`the local AWS is up at ${gateway.endpoint}; its clock: ${options.speed} s of waiting take one`);
    const terraform = terraformFor({ run, stack, setUp: ready, endpoint: gateway.endpoint, progress, signal });
    await terraform.init();
    await terraform.apply();
    const outputs = await terraform.output();
    run.update({ endpoint: gateway.endpoint, region: stack.region, outputs });
    progress("applied");

    const memory = new Memory();
    const summary = await carry(gateway, outputs as unknown as TelemetryOutputs, options, signal, reporter);
    linesOfSummary(summary).forEach(say);
    say(`memory of this process, the services of the local AWS in it: at most ${memory.peak} MB`);
    memory.stop();
    say(`logs and state: ${path.relative(".", run.folder)}`);
    const good = addsUp(summary);
    say(`${good ? "It adds up" : "It does NOT add up"}, after ${reporter.seconds.toFixed(1)} s.`);
    if (options.keep) await serve(gateway, run, signal, say);
    return good;
  } finally {
    await cleanUp(() => gateway.stop());
  }
}

async function synthesized(options: UpOptions, run: Run, progress: (line: string) => void): Promise<string> {
  if (options.from !== undefined) return options.from;
  const folder = path.join(run.folder, "synthesized");
  await synthesize(folder, options.settingsFile);
  progress("synthesized");
  return folder;
}

/** Starts the analytics, sends the records, waits until they have come to rest, and counts. */
async function carry(
  gateway: Gateway,
  outputs: TelemetryOutputs,
  options: UpOptions,
  signal: AbortSignal,
  { progress }: Reporter,
): Promise<Summary> {
  if (outputs.analytics_application === undefined) {
    progress("engine sql: AWS runs no SQL application any more and none is run here; nothing will be selected");
  } else {
    await start(outputs.analytics_application, {
      client: new KinesisAnalyticsV2Client(gateway.aws.internal),
      progress,
      pollMilliseconds: 200,
    });
  }
  const sent = await send(gateway, outputs, options, signal, progress);
  await settle(gateway, progress, signal);
  return sumUpTelemetry(gateway.aws, outputs, sent, options.seed);
}

/** Milliseconds between two lines of the emitter's progress. */
const PROGRESS_MS = 2000;

async function send(
  { aws, endpoint }: Gateway,
  outputs: TelemetryOutputs,
  { records, rate, seed, concurrency, batch }: UpOptions,
  signal: AbortSignal,
  progress: (line: string) => void,
): Promise<EmitResult> {
  let said = 0;
  const sent = await emit({
    url: outputs.api_url,
    endpoint,
    auth: await emitAuthOf({ ...outputs }, { region: aws.region, endpoint, credentials: TEST_KEYS }),
    records,
    rate,
    seed,
    concurrency,
    ...(batch === undefined ? {} : { batch }),
    signal,
    onProgress: (now) => {
      const done = now.accepted + now.refused + now.lost === now.records;
      if (!done && now.elapsedMs - said < PROGRESS_MS) return;
      said = now.elapsedMs;
      progress(`emit: ${progressLine(now)}`);
    },
  });
  if (sent.firstFailure) progress(`emit: first failure: ${sent.firstFailure}`);
  stopIf(signal);
  return sent;
}

async function serve(gateway: Gateway, run: Run, signal: AbortSignal, say: (line?: string) => void): Promise<void> {
  run.update({ serving: true });
  say();
  say(`Staying up at ${gateway.endpoint}. In another shell:`);
  say("  npx redstream emit | npx redstream query SQL | npx redstream analytics status");
  say(
    `  export AWS_ENDPOINT_URL=${gateway.endpoint} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=${gateway.aws.region} AWS_DEFAULT_REGION=${gateway.aws.region}`,
  );
  say("Ctrl-C ends it, with everything in it.");
  const reason = await Promise.race([aborted(signal), gateway.failure]);
  if (reason) throw new CommandError(reason.message);
}

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new CommandError("stopped");
}
