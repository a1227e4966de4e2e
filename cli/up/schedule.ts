import { setTimeout as sleep } from "node:timers/promises";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { LocalAws } from "../../local/gateway/types";
import { jsonCall } from "../../local/json-call";

/** Outputs of `orders-producer` that say where its schedule is. */
export interface ScheduleOutputs {
  readonly producer_function: string;
  readonly producer_schedule: string;
}

/** Runs of the producers' function that are over, and what they sent, as they said it themselves. */
export interface Runs {
  readonly runs: number;
  readonly acknowledged: number;
}

const LOOK_MS = 250;
/** Looks in a row that must find nothing on its way. */
const QUIET_LOOKS = 4;
/** Longest until a rule of each minute comes round, here where its clock looks every ten seconds, and its runs have begun. */
const COMES_ROUND_MS = 120_000;

/** The producers' schedule as it was applied: whether it is on, and what the runs it began have sent, by the log of their function. */
export class Schedule {
  private paused = false;

  constructor(
    private readonly aws: LocalAws,
    private readonly outputs: ScheduleOutputs,
  ) {}

  async isOn(): Promise<boolean> {
    return (await this.rule<{ readonly State: string }>("DescribeRule")).State === "ENABLED";
  }

  /** Waits until it has come round, where `by` is what others than the schedule have had the function do, and puts it off. */
  async comesRound(by: Runs, signal: AbortSignal): Promise<void> {
    const end = performance.now() + COMES_ROUND_MS + (await this.longestRunMs());
    while (!signal.aborted && performance.now() < end && (await this.logged()).runs <= by.runs) await sleep(LOOK_MS);
    await this.rule("DisableRule");
    this.paused = true;
  }

  /** Waits until no run is under way: what the brokers hold is what the runs say they sent, or no run can be left. Answers the schedule's own part. */
  async ends(by: Runs, held: () => Promise<number>, signal: AbortSignal): Promise<Runs> {
    const end = performance.now() + (await this.longestRunMs());
    for (let quiet = 0; quiet < QUIET_LOOKS && !signal.aborted && performance.now() < end; ) {
      quiet = (await held()) === (await this.logged()).acknowledged ? quiet + 1 : 0;
      await sleep(LOOK_MS);
    }
    const { runs, acknowledged } = await this.logged();
    return { runs: runs - by.runs, acknowledged: acknowledged - by.acknowledged };
  }

  /** On again, if it was put off: as it was applied. */
  async goesOn(): Promise<void> {
    if (this.paused) await this.rule("EnableRule");
    this.paused = false;
  }

  private async logged(): Promise<Runs> {
    const { region, internal } = this.aws;
    const { events } = await jsonCall<{ readonly events: readonly { readonly message: string }[] }>(
      { region, endpoint: internal.endpoint, credentials: internal.credentials },
      "logs",
      "Logs_20140328.FilterLogEvents",
      { logGroupName: `/aws/lambda/${this.outputs.producer_function}`, filterPattern: "acknowledged" },
    );
    return sumOfRuns(events.map(({ message }) => message));
  }

  private rule<Answer>(action: string): Promise<Answer> {
    const { region, internal } = this.aws;
    return jsonCall<Answer>(
      { region, endpoint: internal.endpoint, credentials: internal.credentials },
      "events",
      `AWSEvents.${action}`,
      { Name: this.outputs.producer_schedule },
    );
  }

  private async longestRunMs(): Promise<number> {
    const { Timeout } = await new LambdaClient(this.aws.internal).send(
      new GetFunctionConfigurationCommand({ FunctionName: this.outputs.producer_function, Qualifier: "live" }),
    );
    return Timeout! * 1000;
  }
}

/** What log lines of the function say in sum; each run says it once, as JSON, by itself or as the `message` of a structured line. Other lines say nothing. */
export function sumOfRuns(lines: readonly string[]): Runs {
  const results = lines.map(resultIn).filter((count) => count !== undefined);
  return { runs: results.length, acknowledged: results.reduce((sum, count) => sum + count, 0) };
}

function resultIn(line: string): number | undefined {
  try {
    const parsed = JSON.parse(line) as { readonly message?: unknown; readonly acknowledged?: unknown };
    if (typeof parsed.message === "string") return resultIn(parsed.message);
    return typeof parsed.acknowledged === "number" ? parsed.acknowledged : undefined;
  } catch {
    return undefined;
  }
}
