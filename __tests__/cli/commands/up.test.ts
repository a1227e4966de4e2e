import { upCommand } from "../../../cli/commands/up";

const run = (...args: string[]) => upCommand(undefined).parseAsync(args, { from: "user" });

describe("redstream up", () => {
  it.each([
    [["event-monitor", "--bad-records", "1"], "--bad-records is"],
    [["s3-loader", "--batch", "500"], "--batch is"],
    [["s3-loader", "--batch", "500", "--concurrency", "4"], "--batch and --concurrency are"],
  ])("refuses what a pipeline without an API would pass over: %p", async (args, said) => {
    await expect(run(...args)).rejects.toThrow(
      `${said} for telemetry-warehouse and telemetry-lake, whose records go to an API; ${args[0]} has none`,
    );
  });
});
