import { readFileSync } from "node:fs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { Command } from "commander";
import { invoke } from "../invoke";
import { targetOption } from "../options";
import { CommandError } from "../problem";
import { findTarget, type TargetName } from "../target";

/** `redstream invoke`: what a deployed function answers to an event, on the local run that is up or in an account. */
export function invokeCommand(): Command {
  return new Command("invoke")
    .description("Run a deployed function with an event of your own, and show what it answers")
    .argument("<function>", "name of the function, as Terraform made it")
    .argument("[stack]", "stack that it belongs to (default: the one that is up locally)")
    .option("--event <file>", "JSON file with the event (default: {})")
    .addOption(targetOption())
    .action(
      async (name: string, stack: string | undefined, { event, target }: { event?: string; target: TargetName }) => {
        const { client } = findTarget(target, stack);
        const answer = await invoke(new LambdaClient({ ...client, maxAttempts: 1 }), name, eventOf(event), {
          log: console.error,
        });
        console.log(JSON.stringify(answer, null, 2));
      },
    );
}

/** The text of a JSON file. */
function eventOf(file: string | undefined): string {
  if (file === undefined) return "{}";
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`--event ${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw new CommandError(`--event ${file} is not JSON: ${(error as Error).message}`);
  }
  return text;
}
