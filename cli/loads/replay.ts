import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import type { ReplayPlan, ReplayRequest, ReplayWork } from "../../lambda-src/replay/event";
import { CommandError } from "../problem";
import type { ClientSettings, LoaderOutputs } from "./outputs";

/** What is loaded again, as the command line names it. */
export type ReplaySpan = Pick<ReplayRequest, "table" | "from" | "to" | "allowMissing">;

/** Milliseconds between two looks at a run. */
const LOOK_MS = 1000;

/** What a replay would do, by the deployed function itself; nothing is changed by it. */
export async function plan(client: ClientSettings, loader: LoaderOutputs, span: ReplaySpan): Promise<ReplayPlan> {
  const lambda = new LambdaClient(client);
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: loader.replay_function,
      Qualifier: "live",
      Payload: JSON.stringify({ step: "plan", ...span, dryRun: true }),
    }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString() || "null");
  if (FunctionError) throw new CommandError(answer?.errorMessage ?? `${loader.replay_function} ended with an error`);
  return answer as ReplayPlan;
}

/** Starts a run of the state machine; answers its ARN. */
export async function startReplay(client: ClientSettings, loader: LoaderOutputs, span: ReplaySpan): Promise<string> {
  const { executionArn } = await new SFNClient(client).send(
    new StartExecutionCommand({ stateMachineArn: loader.replay_state_machine, input: JSON.stringify(span) }),
  );
  return executionArn!;
}

/** Waits for a run to end; answers what it loaded. It goes on without whoever waits. */
export async function follow(
  client: ClientSettings,
  executionArn: string,
  signal: AbortSignal,
): Promise<ReplayWork["loaded"]> {
  const machines = new SFNClient(client);
  for (;;) {
    const { status, output, error, cause } = await machines.send(new DescribeExecutionCommand({ executionArn }));
    if (status === "SUCCEEDED") return (JSON.parse(output ?? "{}") as ReplayWork).loaded;
    if (status !== "RUNNING" && status !== "PENDING_REDRIVE") {
      throw new CommandError(
        `the replay ${String(status).toLowerCase()}: ${reasonOf(cause) ?? error ?? "no reason given"}`,
      );
    }
    if (signal.aborted) throw new CommandError(`stopped waiting; the replay goes on as ${executionArn}`);
    await sleep(LOOK_MS);
  }
}

/** A failed call's cause is the function's error as JSON. */
function reasonOf(cause: string | undefined): string | undefined {
  try {
    return (JSON.parse(cause ?? "") as { errorMessage?: string }).errorMessage ?? cause;
  } catch {
    return cause;
  }
}

/** What `lambda-src/replay/price.ts` counts with. */
const PRICES =
  "list prices of us-east-1 on 2026-11-21, aws.amazon.com/s3/pricing and aws.amazon.com/dynamodb/pricing: requests, and restoring from Glacier (standard tier); not the warehouse's own time";

export function linesOfPlan({ table, hours, files, bytes, restore, dollars }: ReplayPlan): string[] {
  const first = hours[0];
  if (first === undefined) return [`${table}: no object in these hours; nothing would be loaded and no row replaced`];
  return [
    `${table}: ${count(hours.length, "hour")} with ${count(files, "file")}, ${size(bytes)}, from ${first} to ${hours.at(-1)} (UTC)`,
    restore.files === 0
      ? "nothing has to be restored from Glacier"
      : `${count(restore.files, "file")} of them (${size(restore.bytes)}) would be restored from Glacier first, which takes 3 to 12 hours`,
    `about ${dollars.toFixed(dollars < 0.01 ? 6 : 2)} US dollars (${PRICES})`,
  ];
}

const count = (n: number, what: string) => `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
const UNITS = ["bytes", "KB", "MB", "GB", "TB"] as const;

function size(bytes: number): string {
  const step = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${UNITS[step]}`;
}
