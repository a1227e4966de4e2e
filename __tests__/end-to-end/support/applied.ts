import { rmSync } from "node:fs";
import * as path from "node:path";
import { KinesisAnalyticsV2Client } from "@aws-sdk/client-kinesis-analytics-v2";
import { start } from "../../../cli/analytics";
import { type EmitResult, emit, emitAuthOf } from "../../../cli/emit";
import { settle } from "../../../cli/up/settle";
import type { TelemetryOutputs } from "../../../cli/up/telemetry";
import { type LocalStack, takeStack, terraformFor } from "../../../local/apply";
import { startLocalAws } from "../../../local/aws";
import type { Gateway } from "../../../local/gateway";
import { Run } from "../../../local/runs/run";
import { TEST_KEYS } from "../../../local/setup/environment";
import { type SetUp, setUp } from "../../../local/setup/set-up";
import type { Plan, Terraform } from "../../../local/terraform/terraform";
import { temporary } from "../../support/programs";
import { variablesOf } from "./neighbour";

const silent = () => undefined;

export type Outputs = TelemetryOutputs & { readonly stream_name: string; readonly analytics_application: string };

/**
 * A plan in few words, `create aws_s3_bucket.x (bucket, tags)`, so that a failing test can be read. Empty when Terraform says "No changes". Drift is
 * no part of it: the first refresh after an apply reads every unset attribute back as an empty one and a bucket's policy into the bucket,
 * of AWS too, and Terraform leaves that out of what it says.
 */
export function changesOf({ changes, outputs }: Plan): string[] {
  return [
    ...changes.map(({ address, actions, attributes }) => `${actions.join("+")} ${address} (${attributes.join(", ")})`),
    ...outputs.map((name) => `output ${name}`),
  ];
}

/** A stack on a local AWS of its own: the pieces of `npm start`, held in the hand between their steps. */
export class Applied {
  /** Outputs of the last apply. */
  outputs!: Outputs;

  private constructor(
    readonly stack: string,
    readonly gateway: Gateway,
    private readonly run: Run,
    private readonly root: string,
    readonly setUp: SetUp,
  ) {}

  /** Starts the local AWS; nothing is applied yet. */
  static async start(stack: string, speed: number): Promise<Applied> {
    const ready = await setUp(silent);
    const root = temporary("run");
    const run = Run.create({ root, stack });
    const gateway = await startLocalAws({ folder: run.folder, region: "us-east-1", python: ready.python, speed });
    return new Applied(stack, gateway, run, root, ready);
  }

  /** Takes a synthesized folder over the one before; the state stays. Of another stack when it is named: it is applied beside this one. */
  take(from: string, stack = this.stack): { readonly terraform: Terraform; readonly taken: LocalStack } {
    const { run, gateway } = this;
    const taken = takeStack({ run, stack, setUp: this.setUp, from });
    const common = { run, stack: taken, setUp: this.setUp, endpoint: gateway.endpoint, progress: silent };
    return { taken, terraform: terraformFor({ ...common, variables: variablesOf(taken.prepared) }) };
  }

  /** Applies a synthesized folder as `npm start` does. */
  async apply(from: string): Promise<Terraform> {
    const { terraform } = this.take(from);
    await terraform.init();
    await terraform.apply();
    await this.readOutputs(terraform);
    return terraform;
  }

  async readOutputs(terraform: Terraform): Promise<void> {
    this.outputs = (await terraform.output()) as unknown as Outputs;
  }

  startAnalytics(): Promise<void> {
    const client = new KinesisAnalyticsV2Client(this.gateway.aws.internal);
    return start(this.outputs.analytics_application, { client, progress: silent, pollMilliseconds: 200 });
  }

  /** Sends the first `records` of the seed, by the API's own authorization. */
  async send(records: number, seed: number, batch?: number): Promise<EmitResult> {
    const { aws, endpoint } = this.gateway;
    return emit({
      url: this.outputs.api_url,
      endpoint,
      auth: await emitAuthOf({ ...this.outputs }, { region: aws.region, endpoint, credentials: TEST_KEYS }),
      records,
      seed,
      ...(batch === undefined ? {} : { batch }),
    });
  }

  /** Waits until every record is at rest. */
  settle(): Promise<void> {
    return settle(this.gateway, silent, new AbortController().signal);
  }

  /** A file of this test's own, gone when it stops. */
  scratch(name: string): string {
    return path.join(this.root, name);
  }

  /** Everything Terraform said. */
  get terraformLog(): string {
    return path.join(this.run.folder, "logs", "terraform.log");
  }

  /** What a service counted. */
  count(place: string, event: string): number {
    return this.gateway.aws.meter.read(place, event);
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}
