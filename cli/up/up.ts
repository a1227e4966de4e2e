import * as path from "node:path";
import { KinesisAnalyticsV2Client } from "@aws-sdk/client-kinesis-analytics-v2";
import { hasKafka, takeStack, terraformFor } from "../../local/apply";
import { ACCOUNT_ID, startLocalAws } from "../../local/aws";
import type { Gateway } from "../../local/gateway";
import { byReason } from "../../local/inert";
import { type AppliedStack, Run } from "../../local/runs/run";
import { cleanDeadRuns } from "../../local/runs/runs";
import { TEST_KEYS } from "../../local/setup/environment";
import { ensureKafka } from "../../local/setup/kafka";
import { setUp } from "../../local/setup/set-up";
import { checkSpace } from "../../local/setup/space";
import { checkSynthesized } from "../../local/terraform/prepare";
import { start } from "../analytics";
import { type BadResult, type EmitResult, emit, emitAuthOf, progressLine, sendBad } from "../emit";
import { aborted } from "../interrupt";
import { CommandError, cleanUp } from "../problem";
import { Reporter } from "../reporter";
import { synthesize } from "../synth";
import { type EventMonitorOutputs, type EventWarehouseOutputs, sendEvents, sumUpEvents } from "./events";
import { type FilesOutputs, putFiles, settleFiles, sumUpFiles } from "./files";
import { hasLoads, settleLoads } from "./loads";
import { Memory } from "./memory";
import { type OrdersOutputs, sendOrders, sumUpOrders } from "./orders";
import { hasAnalytics, mainStackOf, placeOf, stacksOf } from "./places";
import { Schedule } from "./schedule";
import { settle } from "./settle";
import { addsUp, linesOfSummary, type Summary } from "./summary";
import { sumUpTelemetry, type TelemetryOutputs } from "./telemetry";

export const PIPELINES = ["telemetry-warehouse", "telemetry-lake", "event-monitor", "s3-loader", "orders"] as const;
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
  /** Bad and odd records beside the good ones, as a percentage of them. 0 sends none. */
  readonly badRecords: number;
  /** Stay up and serve after the summary. */
  readonly keep: boolean;
  readonly speed: number;
  readonly port?: number;
  /** Of orders: Kafka brokers, whatever the stack has. Left out, as many as it has. */
  readonly brokers?: number;
  /** Synthesized folder to apply instead of a fresh synth. */
  readonly from?: string;
  readonly settingsFile: string | undefined;
}

/** The main job, step by step: prepare, start, apply, send, settle, sum up. Answers whether the counts add up. */
export async function up(options: UpOptions, signal: AbortSignal, reporter = new Reporter()): Promise<boolean> {
  const { progress, say } = reporter;
  await cleanDeadRuns(".", progress);
  checkSpace(".");
  const run = Run.create({ root: ".", stack: options.pipeline });
  const from = await synthesized(options, run, progress);
  const ready = await setUp(progress, { analytics: hasAnalytics(options.pipeline) });
  const few = options.brokers === undefined ? {} : { brokers: options.brokers };
  const stacks = stacksOf(options.pipeline).map((name) => takeStack({ run, stack: name, setUp: ready, from, ...few }));
  for (const { prepared, inert } of stacks) {
    for (const line of prepared.standIns) progress(`stands in: ${line}`);
    for (const { reason, types } of byReason(inert)) progress(`inert here: ${types.join(", ")} (${reason})`);
  }
  // In the middle of an apply, where the brokers are started, Terraform would have the word.
  if (stacks.some(hasKafka)) await ensureKafka(progress);
  stopIf(signal);

  const gateway = await startLocalAws({
    folder: run.folder,
    region: stacks[0]!.region,
    python: ready.python,
    speed: options.speed,
    ...(options.brokers === undefined
      ? {}
      : { kafka: { nodes: options.brokers, says: (line) => progress(`${options.brokers} broker(s): ${line}`) } }),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  try {
    run.started(gateway.emulatorPid, "emulator");
    progress(`the local AWS is up at ${gateway.endpoint}; its clock: ${options.speed} s of waiting take one`);
    const applied: Record<string, AppliedStack> = {};
    for (const stack of stacks) {
      const { stack: name } = stack.prepared;
      const place = placeOf(name, stacks);
      if (stacks.length > 1) progress(`${name}: in account ${place.account ?? ACCOUNT_ID}`);
      const common = { run, stack, setUp: ready, endpoint: gateway.endpoint, progress, signal };
      const terraform = terraformFor({ ...common, ...place });
      await terraform.init();
      await terraform.apply();
      applied[name] = { outputs: await terraform.output(), ...(place.account ? { account: place.account } : {}) };
    }
    const { outputs } = applied[mainStackOf(options.pipeline)]!;
    const { region } = stacks[0]!;
    run.update({ endpoint: gateway.endpoint, region, outputs, ...(stacks.length > 1 ? { applied } : {}) });
    progress("applied");

    const memory = new Memory();
    const summary = await carryOn(gateway, applied, options, signal, reporter);
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
  if (options.from !== undefined) {
    for (const stack of stacksOf(options.pipeline)) checkSynthesized(options.from, stack);
    return options.from;
  }
  const folder = path.join(run.folder, "synthesized");
  await synthesize(folder, options.settingsFile);
  progress("synthesized");
  return folder;
}

/** Sends the pipeline its data, waits until it has come to rest, and counts. */
function carryOn(
  gateway: Gateway,
  applied: Readonly<Record<string, AppliedStack>>,
  options: UpOptions,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<Summary> {
  const outputs: unknown = applied[mainStackOf(options.pipeline)]!.outputs;
  switch (options.pipeline) {
    case "orders":
      return carryOrders(gateway, applied, options, signal, reporter);
    case "event-monitor":
      return carryEvents(gateway, applied, options, signal, reporter);
    case "s3-loader":
      return carryFiles(gateway, outputs as FilesOutputs, options, signal, reporter);
    default:
      return carry(gateway, outputs as TelemetryOutputs, options, signal, reporter);
  }
}

/** Puts files of every format, good and bad, waits until each has come to its end, and counts. */
async function carryFiles(
  gateway: Gateway,
  outputs: FilesOutputs,
  { records, seed }: UpOptions,
  signal: AbortSignal,
  { progress }: Reporter,
): Promise<Summary> {
  const put = await putFiles(gateway.aws, outputs, { records, seed, signal });
  progress(`${put.files.length} files put`);
  stopIf(signal);
  await settleFiles(gateway, outputs, put.files, progress, signal);
  return sumUpFiles(gateway.aws, outputs, put);
}

/** Has the producers send orders, waits until the view has what the brokers hold, and counts. */
async function carryOrders(
  { aws }: Gateway,
  applied: Readonly<Record<string, AppliedStack>>,
  { records, rate, seed }: UpOptions,
  signal: AbortSignal,
  { progress }: Reporter,
): Promise<Summary> {
  const outputs = Object.assign({}, ...stacksOf("orders").map((name) => applied[name]!.outputs)) as OrdersOutputs;
  const schedule = new Schedule(aws, outputs);
  const sent = await sendOrders(aws, outputs, schedule, { records, rate, seed, signal, progress });
  try {
    return await sumUpOrders(aws, outputs, sent, records);
  } finally {
    await schedule.goesOn();
  }
}

/** Puts both streams' events, waits until they have come to rest, and counts. */
async function carryEvents(
  gateway: Gateway,
  applied: Readonly<Record<string, AppliedStack>>,
  { records, rate, seed }: UpOptions,
  signal: AbortSignal,
  { progress }: Reporter,
): Promise<Summary> {
  const [first, second] = stacksOf("event-monitor").map((name) => applied[name]!);
  const outputs = { ...first!.outputs, ...second!.outputs } as unknown as EventMonitorOutputs & EventWarehouseOutputs;
  const accounts = {
    warehouse: gateway.inAccount(first!.account ?? ACCOUNT_ID),
    events: gateway.inAccount(second!.account ?? ACCOUNT_ID),
  };
  const sent = await sendEvents(accounts.events, outputs, { records, rate, seed, signal, progress });
  stopIf(signal);
  await settle(gateway, progress, signal);
  if (hasLoads(outputs)) {
    await settleLoads({ aws: accounts.events, failure: gateway.failure }, outputs, progress, signal);
  }
  return sumUpEvents(accounts, outputs, sent, seed);
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
  const [sent, bad] = await Promise.all([
    send(gateway, outputs, options, signal, progress),
    options.badRecords === 0 ? undefined : sendBadBeside(gateway, outputs, options, signal),
  ]);
  await settle(gateway, progress, signal);
  if (hasLoads(outputs)) await settleLoads(gateway, outputs, progress, signal);
  return sumUpTelemetry(gateway.aws, outputs, sent, options.seed, bad);
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

/** Of the records that bad ones are made of: not those that are sent good. */
const OTHER_SEED = 0x5bad_5eed;

async function sendBadBeside(
  { aws, endpoint }: Gateway,
  outputs: TelemetryOutputs,
  { records, badRecords, seed }: UpOptions,
  signal: AbortSignal,
): Promise<BadResult> {
  const caller = { region: aws.region, endpoint, credentials: TEST_KEYS };
  return sendBad({
    ...caller,
    url: outputs.api_url,
    auth: await emitAuthOf({ ...outputs }, caller),
    dataStream: outputs.stream_name,
    deliveryStream: outputs.raw_delivery_stream,
    records: Math.ceil((records * badRecords) / 100),
    seed: (seed ^ OTHER_SEED) >>> 0,
    signal,
  });
}

/** What a person does next, by pipeline. */
const VERBS: Readonly<Record<string, string>> = {
  orders:
    'npx redstream topics | npx redstream invoke FUNCTION --event FILE | npx redstream query "SELECT * FROM order_items LIMIT 10"',
  "s3-loader":
    "npx redstream check s3-loader kpis | npx redstream rejects | npx redstream retry | npx redstream replay --table kpis --from 2026-11-20T08 --to 2026-11-20T10 --dry-run",
};

async function serve(gateway: Gateway, run: Run, signal: AbortSignal, say: (line?: string) => void): Promise<void> {
  run.update({ serving: true });
  say();
  say(`Staying up at ${gateway.endpoint}. In another shell:`);
  say(
    `  ${VERBS[run.record.stack] ?? "npx redstream emit | npx redstream query SQL | npx redstream analytics status"}`,
  );
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
