import * as path from "node:path";
import type { Gateway } from "../../../local/gateway";
import { runCommand } from "../../../local/setup/command";
import { childEnvironment, TEST_KEYS } from "../../../local/setup/environment";
import { ensurePython } from "../../../local/setup/python";
import { temporary } from "../../support/programs";

/** Runs one `aws` command and answers what it printed, as JSON where it is JSON. Fails with what it said. */
// biome-ignore lint/suspicious/noExplicitAny: each command has an answer of its own
export type AwsCommand = <T = any>(...args: string[]) => Promise<T>;

/** The real AWS command line, pointed to a local AWS by environment alone, as a person's shell would be. */
export async function awsCommand({ endpoint, aws }: Gateway): Promise<AwsCommand> {
  const requirements = path.join(__dirname, "..", "requirements.txt");
  const python = await ensurePython(() => undefined, { requirements });
  const env = childEnvironment(temporary("aws-home"), {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
  });
  return async (...args) => {
    const { code, stdout, stderr } = await runCommand(python, ["-m", "awscli", ...args], { env });
    if (code !== 0) throw new Error(`aws ${args.slice(0, 2).join(" ")}: ${stderr.trim()}`);
    return /^\s*[{[]/.test(stdout) ? JSON.parse(stdout) : stdout;
  };
}
