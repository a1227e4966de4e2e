import * as path from "node:path";
import { Command } from "commander";
import { startLocalAws } from "../../local/aws";
import { Run } from "../../local/runs/run";
import { cleanDeadRuns } from "../../local/runs/runs";
import { TEST_KEYS } from "../../local/setup/environment";
import { ensurePython } from "../../local/setup/python";
import { ensureTerraform } from "../../local/setup/terraform";
import { aborted, interruptible } from "../interrupt";
import { portOption, regionOption, speedOption } from "../options";
import { CommandError, cleanUp } from "../problem";

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
    .addOption(regionOption())
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
    run.started(gateway.emulatorPid, "emulator");
    run.update({ endpoint: gateway.endpoint, region, serving: true });
    for (const line of shellLines(gateway.endpoint, region, terraform.environment)) console.log(line);
    note(`The local AWS is up at ${gateway.endpoint}; its clock: ${options.speed} s of waiting take one.`);
    note(`Logs and files: ${path.relative(".", run.folder)}`);
    note("Put the lines above into another shell to work with it. Ctrl-C ends it, with everything in it.");
    const reason = await Promise.race([aborted(signal), gateway.failure]);
    if (reason) throw new CommandError(reason.message);
  } finally {
    await cleanUp(() => gateway.stop());
  }
  note("ended");
}

/** Variables of a shell that points to another endpoint, or to none: each goes before AWS_ENDPOINT_URL and the keys, or changes whom they are for. */
const UNSET = ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"];

/** What a shell takes to work with the local AWS and with nothing else. */
export function shellLines(endpoint: string, region: string, terraform: Readonly<Record<string, string>>): string[] {
  const variables: Readonly<Record<string, string>> = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
    AWS_REGION: region,
    // What the AWS CLI of version 1 reads.
    AWS_DEFAULT_REGION: region,
    CHECKPOINT_DISABLE: "1",
    ...terraform,
  };
  return [
    // AWS_ENDPOINT_URL_S3 and the like would still send that service's calls elsewhere.
    `unset ${UNSET.join(" ")} $(env | sed -n 's/^\\(AWS_ENDPOINT_URL_[A-Z0-9_]*\\)=.*/\\1/p')`,
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
    // Loopback is never asked for through a proxy; the AWS CLI would.
    'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"',
  ];
}

/** As a shell reads it back, in quotes where it needs them. */
function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
