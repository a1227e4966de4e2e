import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { STSClient } from "@aws-sdk/client-sts";
import type { AppliedStack, RunRecord } from "../local/runs/run";
import { latestLive, liveRuns } from "../local/runs/runs";
import { TEST_KEYS } from "../local/setup/environment";
import { CommandError } from "./problem";

export const TARGETS = ["local", "aws"] as const;
export type TargetName = (typeof TARGETS)[number];

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };

/** Where a command works: an applied stack, on a local run that stays up or in an account. */
export interface Target {
  readonly stack: string;
  readonly region: string;
  /** Endpoint of the local run; undefined for AWS itself. */
  readonly endpoint: string | undefined;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Settings of SDK clients. */
  readonly client: { readonly region: string; readonly endpoint?: string; readonly credentials?: Credentials };
  credentials(): Promise<Credentials>;
}

/**
 * Finds the applied stack `stack`. Left out on a local run, it is the one that runs; of a run with several stacks, the one that has the output `having`.
 */
export function findTarget(name: TargetName, stack: string | undefined, root = ".", having?: string): Target {
  return name === "local" ? localTarget(stack, root, having) : awsTarget(stack, root);
}

/** One output of the stack as text. */
export function outputOf(target: Target, name: string): string {
  const value = target.outputs[name];
  if (typeof value !== "string") {
    throw new CommandError(
      `${target.stack} has no output ${name}; it has ${Object.keys(target.outputs).join(", ") || "none"}`,
    );
  }
  return value;
}

function localTarget(stack: string | undefined, root: string, having: string | undefined): Target {
  const { record } = latestLive(root);
  const serving = liveRuns(root)
    .map(({ record }) => record)
    .filter(({ serving }) => serving);
  const found = stack === undefined ? record : serving.find((one) => stack in stacksOf(one));
  if (!found) {
    throw new CommandError(
      `${stack} is not up locally; up are ${serving.flatMap((one) => Object.keys(stacksOf(one))).join(", ")}: start it with "npm start -- ${stack} --keep"`,
    );
  }
  if (!found.outputs) {
    throw new CommandError("the local AWS that is up has no stack applied by redstream: it was started with serve");
  }
  const { endpoint, region = "us-east-1" } = found;
  const stacks = stacksOf(found);
  const name = stack ?? Object.keys(stacks).find((one) => having && having in stacks[one]!.outputs) ?? found.stack;
  const { outputs, account } = stacks[name]!;
  const credentials = account === undefined ? TEST_KEYS : { ...TEST_KEYS, accessKeyId: account };
  return {
    stack: name,
    region,
    endpoint,
    outputs,
    client: { region, credentials, ...(endpoint ? { endpoint } : {}) },
    credentials: async () => credentials,
  };
}

/** The stacks of a run; the one it is named for comes first. */
function stacksOf({ stack, outputs = {}, applied = {} }: RunRecord): Readonly<Record<string, AppliedStack>> {
  return { [stack]: { outputs }, ...applied };
}

function awsTarget(stack: string | undefined, root: string): Target {
  if (stack === undefined) throw new CommandError("name the stack: with --target aws there is no running one to take");
  const folder = path.join(root, "cdktf.out", "stacks", stack);
  const file = path.join(folder, "cdk.tf.json");
  if (!existsSync(file)) throw new CommandError(`${stack} is not synthesized: run "npm run synth" first`);
  const region: unknown = JSON.parse(readFileSync(file, "utf8")).provider?.aws?.[0]?.region;
  if (typeof region !== "string") throw new CommandError(`${file} sets no region: run "npm run synth" again`);
  return {
    stack,
    region,
    endpoint: undefined,
    outputs: terraformOutputs(folder, stack),
    client: { region },
    // Where the SDKs look: environment, profiles, roles of the machine.
    credentials: () => new STSClient({ region }).config.credentials(),
  };
}

function terraformOutputs(folder: string, stack: string): Record<string, unknown> {
  let text: string;
  try {
    text = execFileSync("terraform", ["output", "-json", "-no-color"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const reason =
      (stderr || message)
        .trim()
        .split("\n")
        .find((line) => /\w/.test(line)) ?? message;
    throw new CommandError(`${stack}: terraform output failed in ${folder}: ${reason}`);
  }
  const outputs = JSON.parse(text) as Record<string, { value: unknown }>;
  if (Object.keys(outputs).length === 0) throw new CommandError(`${stack} is not deployed: its state has no outputs`);
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
}
