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

  it.each([
    [["s3-loader", "--brokers", "1"], "--brokers is"],
    [["telemetry-lake", "--messages", "5", "--brokers", "1"], "--messages and --brokers are"],
  ])("refuses what a pipeline without Kafka would pass over: %p", async (args, said) => {
    await expect(run(...args)).rejects.toThrow(`${said} for orders, whose messages go to Kafka; ${args[0]} has none`);
  });

  it("takes one number of orders, by either name", async () => {
    await expect(run("orders", "--messages", "5", "--records", "6")).rejects.toThrow(
      "--messages and --records are the same: give one of them",
    );
  });
});
