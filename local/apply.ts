import * as path from "node:path";
import { checkTypes, type InertType } from "./inert";
import type { Run } from "./runs/run";
import { terraformEnvironment } from "./setup/environment";
import { SetupError } from "./setup/problem";
import type { SetUp } from "./setup/set-up";
import { type PreparedStack, prepareCopy } from "./terraform/prepare";
import { Terraform } from "./terraform/terraform";

/** A synthesized stack in a run's own folder. */
export interface LocalStack {
  readonly prepared: PreparedStack;
  /** Region of its AWS provider. */
  readonly region: string;
  /** Types that do nothing in a local run, with the reason of each. */
  readonly inert: readonly InertType[];
}

/** Copies a synthesized stack into the run's folder. Throws SetupError where the local AWS could not carry it as a whole. */
export function takeStack(options: {
  readonly run: Run;
  readonly stack: string;
  readonly setUp: SetUp;
  /** Synthesized folder. @default "cdktf.out" */
  readonly from?: string;
  /** Brokers of a local Kafka cluster, whatever was applied. @default as many as applied */
  readonly brokers?: number;
}): LocalStack {
  const { run, stack, setUp, from = "cdktf.out", brokers } = options;
  const prepared = prepareCopy({
    stack,
    from,
    to: path.join(run.folder, "cdktf.out"),
    plugins: setUp.terraform.plugins,
    ...(setUp.jar && "path" in setUp.jar ? { jar: setUp.jar.path } : {}),
    ...(brokers === undefined ? {} : { brokers }),
  });
  return { prepared, region: regionOf(prepared), inert: checkTypes(prepared.configuration) };
}

/** What real brokers serve here; a run asks for Java and their JARs before it applies such a stack. */
const KAFKA = ["aws_msk_cluster", "aws_msk_serverless_cluster"];

/** Whether the stack has a Kafka cluster. */
export function hasKafka({ prepared }: { readonly prepared: { readonly configuration: object } }): boolean {
  const { resource = {} } = prepared.configuration as { readonly resource?: object };
  return KAFKA.some((type) => type in resource);
}

/** A Terraform for that stack which can reach nothing but the local AWS at `endpoint`. */
export function terraformFor(options: {
  readonly run: Run;
  readonly stack: LocalStack;
  readonly setUp: SetUp;
  readonly endpoint: string;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Account to apply to, 12 digits. @default the run's own */
  readonly account?: string;
  /** Values of the stack's Terraform variables. @default none */
  readonly variables?: Readonly<Record<string, string>>;
}): Terraform {
  const { run, stack, setUp, endpoint, progress, signal, account, variables } = options;
  return new Terraform({
    folder: stack.prepared.folder,
    executable: setUp.terraform.executable,
    env: terraformEnvironment({
      folder: run.folder,
      endpoint,
      region: stack.region,
      setup: setUp.terraform.environment,
      ...(account === undefined ? {} : { account }),
      ...(variables === undefined ? {} : { variables }),
    }),
    log: path.join(run.folder, "logs", "terraform.log"),
    progress,
    onStart: (pid) => run.started(pid, "terraform"),
    ...(signal ? { signal } : {}),
  });
}

function regionOf({ configuration, stack }: PreparedStack): string {
  const providers = (configuration.provider as { aws?: { region?: unknown }[] } | undefined)?.aws ?? [];
  const region = providers[0]?.region;
  if (typeof region !== "string") {
    throw new SetupError(`${stack} sets no region on its aws provider: synthesize it again`);
  }
  return region;
}
