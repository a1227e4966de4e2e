import {
  type ApplicationDetail,
  DescribeApplicationCommand,
  DescribeApplicationOperationCommand,
  type KinesisAnalyticsV2Client,
  ResourceNotFoundException,
  StartApplicationCommand,
  StopApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";

/** The application did not get where it was told to. The message is for the person who typed the command. */
export class AnalyticsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AnalyticsError";
  }
}

export interface AnalyticsOptions {
  readonly client: KinesisAnalyticsV2Client;
  /** Gets one line at every change of status. */
  readonly progress: (line: string) => void;
  /**
   * Seconds to wait for the status, at least 1.
   *
   * @default 900 - AWS takes some minutes
   */
  readonly timeoutSeconds?: number;
  /**
   * Milliseconds between two looks at the status.
   *
   * @default 2000
   */
  readonly pollMilliseconds?: number;
}

/** Starts the application `name` where its latest snapshot ends, and waits until it runs. One that runs already is left alone. */
export async function start(name: string, options: AnalyticsOptions): Promise<void> {
  const before = await status(name, options);
  if (before === "RUNNING") {
    options.progress(`${name} is running already`);
    return;
  }
  if (before === "STARTING") return reach(name, "RUNNING", undefined, options);
  checkReady(name, before, "READY", "started");
  const { OperationId } = await options.client.send(
    new StartApplicationCommand({
      ApplicationName: name,
      RunConfiguration: {
        ApplicationRestoreConfiguration: { ApplicationRestoreType: "RESTORE_FROM_LATEST_SNAPSHOT" },
        // A changed SELECT may keep less state than the snapshot holds; the positions in the stream are kept in any case.
        FlinkRunConfiguration: { AllowNonRestoredState: true },
      },
    }),
  );
  await reach(name, "RUNNING", OperationId, options);
}

/** Stops the application `name` with a snapshot, and waits until it is ready for the next start. One that is stopped is left alone. */
export async function stop(name: string, options: AnalyticsOptions): Promise<void> {
  const before = await status(name, options);
  if (before === "READY") {
    options.progress(`${name} is stopped already`);
    return;
  }
  if (before === "STOPPING") return reach(name, "READY", undefined, options);
  checkReady(name, before, "RUNNING", "stopped");
  const { OperationId } = await options.client.send(new StopApplicationCommand({ ApplicationName: name }));
  await reach(name, "READY", OperationId, options);
}

/** The status as AWS names it: READY, STARTING, RUNNING, STOPPING, UPDATING ... */
export async function status(name: string, { client }: Pick<AnalyticsOptions, "client">): Promise<string> {
  return (await describe(name, client)).ApplicationStatus ?? "UNKNOWN";
}

async function describe(name: string, client: KinesisAnalyticsV2Client): Promise<ApplicationDetail> {
  try {
    const { ApplicationDetail } = await client.send(new DescribeApplicationCommand({ ApplicationName: name }));
    if (ApplicationDetail) return ApplicationDetail;
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
  throw new AnalyticsError(`there is no analytics application ${name}; apply the stack that holds it first`);
}

function checkReady(name: string, got: string, wanted: string, done: string): void {
  if (got === wanted) return;
  throw new AnalyticsError(`${name} is ${got} and can be ${done} only when it is ${wanted}; wait, then try again`);
}

/** Looks at the status until it is `wanted`. Back at the opposite one, the operation has failed and says why. */
async function reach(
  name: string,
  wanted: "RUNNING" | "READY",
  operation: string | undefined,
  options: AnalyticsOptions,
): Promise<void> {
  const { timeoutSeconds = 900, pollMilliseconds = 2000, progress, client } = options;
  const opposite = wanted === "RUNNING" ? "READY" : "RUNNING";
  const until = Date.now() + timeoutSeconds * 1000;
  let shown: string | undefined;
  for (;;) {
    const now = await status(name, options);
    if (now !== shown) progress(`${name} is ${now}`);
    shown = now;
    if (now === wanted) return;
    if (now === opposite)
      throw new AnalyticsError(`${name} is ${now}, not ${wanted}: ${await reason(name, operation, client)}`);
    if (Date.now() >= until) {
      throw new AnalyticsError(
        `${name} is ${now} after ${timeoutSeconds} s, not ${wanted}; see its log group /aws/kinesis-analytics/${name}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}

async function reason(name: string, operation: string | undefined, client: KinesisAnalyticsV2Client): Promise<string> {
  const seeLog = `see its log group /aws/kinesis-analytics/${name}`;
  if (operation === undefined) return seeLog;
  const { ApplicationOperationInfoDetails: info } = await client.send(
    new DescribeApplicationOperationCommand({ ApplicationName: name, OperationId: operation }),
  );
  return info?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? seeLog;
}
