import type { Command } from "commander";
import { checkCommand } from "../../../cli/commands/check";
import { emitCommand } from "../../../cli/commands/emit";
import { replayCommand } from "../../../cli/commands/replay";

/** What a command says to a person who typed something else than it takes; it gets nowhere near a stack. */
async function refusal(command: Command, ...typed: string[]): Promise<string> {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  try {
    await command.parseAsync(typed, { from: "user" });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was taken");
}

const span = (from: string, to: string) => ["--table", "kpis", "--from", from, "--to", to];

it.each([
  ["2026-02-30T08", "a day that is none"],
  ["2026-11-21T24", "an hour that is none"],
  ["2026-11-21T08:30", "half an hour"],
  ["2026-11-21", "a day"],
  ["yesterday", "a word"],
])("replay takes whole hours, and not %s (%s)", async (from) => {
  expect(await refusal(replayCommand(), ...span(from, "2026-11-21T09"))).toBe(
    `error: option '--from <hour>' argument '${from}' is invalid. It must be a whole hour in UTC, such as 2026-11-21T08.`,
  );
});

it.each(["2026-11-21T08", "2026-11-21T07"])(
  "replay takes a span that ends later than it begins, not %s",
  async (to) => {
    expect(await refusal(replayCommand(), ...span("2026-11-21T08:00:00Z", to))).toBe(
      `--from must be before --to, got 2026-11-21T08 and ${to}`,
    );
  },
);

it.each([
  [["--file", "x"], "--file x needs --stream: user or utm"],
  [["--repeat", "3"], "--repeat is of use with --file only"],
  [["--stream", "user", "--key", "id"], "--key is of use with --file only"],
  [
    ["--stream", "user", "--file", "x", "--repeat", "0"],
    "error: option '--repeat <n>' argument '0' is invalid. It must be a whole number between 1 and 1000000.",
  ],
])("emit says of %j: %s", async (typed, message) => {
  expect(await refusal(emitCommand(), ...typed)).toBe(message);
});

it("check takes one table, and a stack before it", async () => {
  expect(await refusal(checkCommand(), "s3-loader", "kpis", "page_views")).toBe(
    "check takes a stack and one table, got s3-loader kpis page_views",
  );
  expect(await refusal(checkCommand())).toBe("error: missing required argument 'table'");
});
