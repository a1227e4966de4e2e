import { readFileSync, rmSync } from "node:fs";
import type { EventMonitorOutputs, EventWarehouseOutputs } from "../../../cli/up/events";
import { placeOf, stacksOf } from "../../../cli/up/places";
import { settle } from "../../../cli/up/settle";
import { type LocalStack, takeStack, terraformFor } from "../../../local/apply";
import { ACCOUNT_ID, startLocalAws } from "../../../local/aws";
import type { Gateway } from "../../../local/gateway";
import type { LocalAws } from "../../../local/gateway/types";
import { Run } from "../../../local/runs/run";
import { type SetUp, setUp } from "../../../local/setup/set-up";
import type { Terraform } from "../../../local/terraform/terraform";
import { temporary } from "../../support/programs";

const silent = () => undefined;
export const EVENT_STACKS = stacksOf("event-monitor");
export type Outputs = EventMonitorOutputs & EventWarehouseOutputs & { readonly warehouse_copy_role_arn: string };

/** Both stacks of the events on a local AWS: as `npm start -- event-monitor` applies them, each to its account. */
export class EventStacks {
  outputs!: Outputs;

  private constructor(
    readonly gateway: Gateway,
    private readonly run: Run,
    private readonly root: string,
    readonly setUp: SetUp,
    private readonly taken: readonly LocalStack[],
  ) {}

  /** Starts the local AWS and takes the synthesized folder; nothing is applied yet. */
  static async start(from: string, speed: number): Promise<EventStacks> {
    const ready = await setUp(silent);
    const root = temporary("events");
    const run = Run.create({ root, stack: "event-monitor" });
    const taken = EVENT_STACKS.map((stack) => takeStack({ run, stack, setUp: ready, from }));
    const gateway = await startLocalAws({ folder: run.folder, region: "us-east-1", python: ready.python, speed });
    return new EventStacks(gateway, run, root, ready, taken);
  }

  /** A Terraform of one of the stacks, with the keys of its account. */
  terraform(name: string): Terraform {
    const { run, gateway, taken } = this;
    const stack = taken.find(({ prepared }) => prepared.stack === name)!;
    const common = { run, stack, setUp: this.setUp, endpoint: gateway.endpoint, progress: silent };
    return terraformFor({ ...common, ...placeOf(name, taken) });
  }

  /** Applies both, the warehouse first. */
  async apply(): Promise<void> {
    let outputs = {};
    for (const name of EVENT_STACKS) {
      const terraform = this.terraform(name);
      await terraform.init();
      await terraform.apply();
      outputs = { ...outputs, ...(await terraform.output()) };
    }
    this.outputs = outputs as Outputs;
  }

  state(name: string): string {
    return this.taken.find(({ prepared }) => prepared.stack === name)!.prepared.state;
  }

  /** Name of the role whose Terraform name begins like this. */
  roleAt(stack: string, name: string): string {
    const { resources } = JSON.parse(readFileSync(this.state(stack), "utf8")) as {
      resources: { type: string; name: string; instances: { attributes: { name: string } }[] }[];
    };
    return resources.find((one) => one.type === "aws_iam_role" && one.name.startsWith(name))!.instances[0]!.attributes
      .name;
  }

  /** Where streams and bucket are. */
  get events(): LocalAws {
    return this.gateway.inAccount(placeOf("event-monitor", this.taken).account ?? ACCOUNT_ID);
  }

  get warehouse(): LocalAws {
    return this.gateway.inAccount(ACCOUNT_ID);
  }

  settle(): Promise<void> {
    return settle(this.gateway, silent, new AbortController().signal);
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}
