import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import * as path from "node:path";
import { readProcess } from "../../local/runs/processes";
import { readRecord } from "../../local/runs/run";
import { temporary } from "../support/programs";
import { redstream, run, type Started } from "./support/command";

/** docs/local-aws.md, done step by step: serve, prepare, and the plain cdktf commands. One story, in this order. */
const MINUTES = 60_000;
jest.setTimeout(4 * MINUTES);

const STACK = "telemetry-lake";
const folder = temporary("cdktf");
const copy = path.join(folder, "copy", "cdktf.out");
const variables = path.join(folder, "variables.sh");
const state = path.join(folder, "copy", ".terraform-state", STACK, "terraform.tfstate");
/** What a person's shell may hold: none of it may matter. */
const SHELL = {
  ...process.env,
  AWS_PROFILE: "production",
  AWS_SESSION_TOKEN: "of another session",
  AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
};
let served: Started;

beforeAll(async () => {
  served = redstream(["serve"]);
  await served.says(/Ctrl-C ends it/);
  writeFileSync(variables, served.stdout);
});
afterAll(async () => {
  served.signal("SIGINT");
  await served.ended;
  rmSync(folder, { recursive: true, force: true });
});

const CDKTF = path.resolve("node_modules", ".bin", "cdktf");

/** A cdktf command in a shell that has taken what `serve` printed. */
async function cdktf(...args: string[]): Promise<string> {
  const shell = ["-c", '. "$0" && exec "$@"', variables, CDKTF, ...args];
  const { code, said } = await run("sh", shell, { env: SHELL });
  if (code !== 0) throw new Error(`cdktf ${args[0]} ended with ${code}:\n${said}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  return said.replace(/\x1b\[[\d;]*[A-Za-z]/g, "");
}
const onCopy = (verb: string, ...more: string[]) =>
  cdktf(verb, STACK, "--skip-synth", "-o", copy, "--skip-provider-lock", ...more);

const resourcesInState = () => (JSON.parse(readFileSync(state, "utf8")) as { resources: unknown[] }).resources;

describe("the cdktf commands against a served local AWS", () => {
  it("synth writes what redstream's own synth writes", async () => {
    const out = path.join(folder, "synthesized");
    await cdktf("synth", "-o", out);
    const prepared = await redstream(["prepare", STACK, copy]).ended;
    expect([prepared.code, prepared.stderr]).toEqual([0, ""]);
    for (const stack of [STACK, "telemetry-warehouse"]) {
      const at = path.join("stacks", stack, "cdk.tf.json");
      expect(readFileSync(path.join(out, at), "utf8")).toBe(readFileSync(path.join("cdktf.out", at), "utf8"));
    }
  });

  it("prepare ends with the commands, ready to be copied", async () => {
    const prepared = await redstream(["prepare", STACK, copy]).ended;
    expect(prepared.stdout).toContain(
      [
        `${STACK} is in ${copy}. In a shell that has what "npx redstream serve" prints:`,
        ...["diff", "deploy", "destroy"].map(
          (verb) => `  npx cdktf ${verb} ${STACK} --skip-synth -o ${copy} --skip-provider-lock`,
        ),
        "",
      ].join("\n"),
    );
  });

  it("diff, deploy, diff again and destroy do what they say", async () => {
    const [, planned] = /Plan: (\d+) to add, 0 to change, 0 to destroy/.exec(await onCopy("diff")) ?? [];
    expect(Number(planned)).toBeGreaterThan(50);
    expect(await onCopy("deploy", "--auto-approve")).toContain(
      `Apply complete! Resources: ${planned} added, 0 changed`,
    );
    expect(await onCopy("diff")).toContain("No changes. Your infrastructure matches the configuration.");
    expect(await onCopy("destroy", "--auto-approve")).toContain(`Destroy complete! Resources: ${planned} destroyed.`);
    expect(resourcesInState()).toEqual([]);
  });

  it("serve ends with Ctrl-C, with everything it had started", async () => {
    const folderOfRun = path.resolve(/^Logs and files: (.+)$/m.exec(served.stderr)![1]!);
    const { processes, endpoint } = readRecord(folderOfRun)!;
    expect(processes.map(({ what }) => what)).toEqual(["emulator"]);
    served.signal("SIGINT");
    await served.ended;
    expect([served.code, served.stderr.trimEnd().split("\n").at(-1)]).toEqual([0, "ended"]);
    expect(processes.map(({ pid }) => readProcess(pid))).toEqual([undefined]);
    expect(await reached(Number(new URL(endpoint!).port))).toBe("ECONNREFUSED");
    expect(readdirSync(folderOfRun)).toContain("emulator");
  });
});

function reached(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket
      .once("connect", () => resolve("connected"))
      .once("error", (error: NodeJS.ErrnoException) => resolve(error.code!));
  });
}
