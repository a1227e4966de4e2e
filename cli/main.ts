import { Command } from "commander";
import { analyticsCommand } from "./commands/analytics";
import { athenaCommand } from "./commands/athena";
import { checkCommand } from "./commands/check";
import { doctorCommand } from "./commands/doctor";
import { emitCommand } from "./commands/emit";
import { invokeCommand } from "./commands/invoke";
import { prepareCommand } from "./commands/prepare";
import { queryCommand } from "./commands/query";
import { redriveCommand, rejectsCommand, retryCommand } from "./commands/rejects";
import { replayCommand } from "./commands/replay";
import { serveCommand } from "./commands/serve";
import { topicsCommand } from "./commands/topics";
import { upCommand } from "./commands/up";
import { sqlIsNoFlag } from "./options";

// Which settings file synth reads; the one thing the command line takes from the environment.
const settingsFile = process.env.REDSTREAM_SETTINGS;

/** Table of contents of the command line. What fails is one line (or what Terraform said) on stderr and exit code 1. */
const program = new Command("redstream")
  .description("Streaming pipelines into Amazon Redshift: run one here, or work on one that is deployed")
  .showHelpAfterError('(see "npx redstream --help")')
  .addCommand(upCommand(settingsFile))
  .addCommand(serveCommand())
  .addCommand(prepareCommand(settingsFile))
  .addCommand(emitCommand())
  .addCommand(analyticsCommand())
  .addCommand(queryCommand())
  .addCommand(checkCommand())
  .addCommand(rejectsCommand())
  .addCommand(retryCommand())
  .addCommand(redriveCommand())
  .addCommand(replayCommand())
  .addCommand(athenaCommand())
  .addCommand(topicsCommand())
  .addCommand(invokeCommand())
  .addCommand(doctorCommand());

program.parseAsync(sqlIsNoFlag(process.argv)).catch((error: Error) => {
  console.error(`redstream: ${error.message || error.name}`);
  process.exitCode = 1;
});
