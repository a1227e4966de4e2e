import { Command } from "commander";
import { startLocalAws } from "../../local/aws";
import { Run } from "../../local/runs/run";
import { cleanDeadRuns } from "../../local/runs/runs";
import { TEST_KEYS } from "../../local/setup/environment";
import { ensurePython } from "../../local/setup/python";
import { ensureTerraform } from "../../local/setup/terraform";
import { aborted, interruptible } from "../interrupt";
import { portOption, speedOption } from "../options";
import { CommandError } from "../problem";

interface ServeOptions {
  readonly port?: number;
  readonly speed: number;
  readonly region: string;
}

/** A local AWS with nothing in it, for one's own terraform, cdktf or AWS command line. */
export function serveCommand(): Command {
  return new Command("serve")
    .description("Start the local AWS alone, print the variables that point a shell to it, and stay up")
    .addOption(portOption())
    .addOption(speedOption())
    .option("--region <name>", "AWS Region it answers for", "us-east-1")
    .action((options: ServeOptions) => interruptible((signal) => serve(options, signal)));
}

async function serve({ region, ...options }: ServeOptions, signal: AbortSignal): Promise<void> {
  const note = (line: string) => console.error(line);
  const terraform = await ensureTerraform(note);
  const python = await ensurePython(note);
  await cleanDeadRuns(".", note);
  const run = Run.create({ root: ".", stack: "" });
  const gateway = await startLocalAws({ folder: run.folder, region, python, ...options });
  try {
    run.update({ endpoint: gateway.endpoint, region, serving: true });
    const variables: Readonly<Record<string, string>> = {
      AWS_ENDPOINT_URL: gateway.endpoint,
      AWS_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
      AWS_REGION: region,
      CHECKPOINT_DISABLE: "1",
      ...terraform.environment,
    };
    for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`);
    // A shell that already works for an account would mix the two.
    console.log("unset AWS_PROFILE AWS_SESSION_TOKEN AWS_DEFAULT_REGION");
    note(`The local AWS is up at ${gateway.endpoint}; Ctrl-C ends it, with everything in it.`);
    const reason = await Promise.race([aborted(signal), gateway.failure]);
    if (reason) throw new CommandError(reason.message);
  } finally {
    await gateway.stop();
  }
}
