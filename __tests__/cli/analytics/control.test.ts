import { type KinesisAnalyticsV2Client, ResourceNotFoundException } from "@aws-sdk/client-kinesis-analytics-v2";
import { start, status, stop } from "../../../cli/analytics";

/** A client whose application goes through `statuses`, one a look, and stays at the last. */
function application(statuses: string[], failure?: string) {
  const sent: { name: string; input: object }[] = [];
  const lines: string[] = [];
  const client = {
    send: async (command: { constructor: { name: string }; input: object }) => {
      const name = command.constructor.name.replace("Command", "");
      if (name === "DescribeApplication") {
        const [now] = statuses.length > 1 ? statuses.splice(0, 1) : statuses;
        if (!now) throw new ResourceNotFoundException({ message: "none", $metadata: {} });
        return { ApplicationDetail: { ApplicationStatus: now } };
      }
      sent.push({ name, input: command.input });
      if (name === "DescribeApplicationOperation") {
        return {
          ApplicationOperationInfoDetails: { OperationFailureDetails: { ErrorInfo: { ErrorString: failure } } },
        };
      }
      return { OperationId: "op" };
    },
  } as unknown as KinesisAnalyticsV2Client;
  return { sent, lines, options: { client, progress: (line: string) => lines.push(line), pollMilliseconds: 0 } };
}

describe("analytics start", () => {
  it("starts at the latest snapshot and waits until the application runs", async () => {
    const { sent, lines, options } = application(["READY", "STARTING", "STARTING", "RUNNING"]);
    await start("laps", options);
    expect(sent).toEqual([
      {
        name: "StartApplication",
        input: {
          ApplicationName: "laps",
          RunConfiguration: {
            ApplicationRestoreConfiguration: { ApplicationRestoreType: "RESTORE_FROM_LATEST_SNAPSHOT" },
            FlinkRunConfiguration: { AllowNonRestoredState: true },
          },
        },
      },
    ]);
    expect(lines).toEqual(["laps is STARTING", "laps is RUNNING"]);
  });

  it("leaves one that runs already alone", async () => {
    const { sent, lines, options } = application(["RUNNING"]);
    await start("laps", options);
    expect(sent).toEqual([]);
    expect(lines).toEqual(["laps is running already"]);
  });

  it("waits for one that is being started", async () => {
    const { sent, options } = application(["STARTING", "STARTING", "RUNNING"]);
    await start("laps", options);
    expect(sent).toEqual([]);
  });

  it("says why a start failed", async () => {
    const { options } = application(["READY", "STARTING", "READY"], "no property select");
    await expect(start("laps", options)).rejects.toThrow("laps is READY, not RUNNING: no property select");
  });

  it("points to the log where AWS gives no reason", async () => {
    const { options } = application(["READY", "STARTING", "READY"]);
    await expect(start("laps", options)).rejects.toThrow(
      "laps is READY, not RUNNING: see its log group /aws/kinesis-analytics/laps",
    );
  });

  it("refuses one that is being updated", async () => {
    const { options } = application(["UPDATING"]);
    await expect(start("laps", options)).rejects.toThrow(
      "laps is UPDATING and can be started only when it is READY; wait, then try again",
    );
  });

  it("gives up after the time it was given", async () => {
    const { options } = application(["READY", "STARTING"]);
    await expect(start("laps", { ...options, timeoutSeconds: 0 })).rejects.toThrow(
      "laps is STARTING after 0 s, not RUNNING; see its log group /aws/kinesis-analytics/laps",
    );
  });
});

describe("analytics stop", () => {
  it("stops with a snapshot and waits until the application is ready", async () => {
    const { sent, lines, options } = application(["RUNNING", "STOPPING", "READY"]);
    await stop("laps", options);
    expect(sent).toEqual([{ name: "StopApplication", input: { ApplicationName: "laps" } }]);
    expect(lines).toEqual(["laps is STOPPING", "laps is READY"]);
  });

  it("leaves one that is stopped alone", async () => {
    const { sent, lines, options } = application(["READY"]);
    await stop("laps", options);
    expect(sent).toEqual([]);
    expect(lines).toEqual(["laps is stopped already"]);
  });
});

describe("analytics status", () => {
  it("is the name AWS has for it", async () => {
    expect(await status("laps", application(["RUNNING"]).options)).toBe("RUNNING");
  });

  it("says what to do when there is no such application", async () => {
    await expect(status("laps", application([]).options)).rejects.toThrow(
      "there is no analytics application laps; apply the stack that holds it first",
    );
  });
});
