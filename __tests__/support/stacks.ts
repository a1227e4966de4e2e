import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { type App, Testing } from "cdktf";
import { parseSettings } from "../../settings";
import { EventMonitor } from "../../stacks/event-monitor";
import { EventWarehouse } from "../../stacks/event-warehouse";
import { OrdersInfra } from "../../stacks/orders-infra";
import { OrdersProducer } from "../../stacks/orders-producer";
import { S3LoaderStack } from "../../stacks/s3-loader";
import { TelemetryLake } from "../../stacks/telemetry-lake";
import { TelemetryWarehouse } from "../../stacks/telemetry-warehouse";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

const STACKS = { "telemetry-lake": TelemetryLake, "telemetry-warehouse": TelemetryWarehouse } as const;
export type StackName = keyof typeof STACKS;
export const STACK_NAMES = Object.keys(STACKS) as StackName[];

/** The stacks of the events, of which one reads the other's values. */
export const EVENT_STACK_NAMES = ["event-warehouse", "event-monitor"] as const;
export type EventStackName = (typeof EVENT_STACK_NAMES)[number];

/** The synthesized JSON of one stack of main.ts under `settings`, its validations run. */
export function synthesizedStack(name: StackName | EventStackName, settings: unknown = {}): Json {
  const app: App = Testing.app();
  const parsed = parseSettings(settings, "test");
  if (name !== "event-warehouse" && name !== "event-monitor") {
    return JSON.parse(Testing.synth(new STACKS[name](app, name, parsed), true));
  }
  new EventMonitor(app, "event-monitor", parsed, new EventWarehouse(app, "event-warehouse", parsed));
  // One reads the other's state: only a synth of the whole app knows that.
  app.synth();
  return JSON.parse(readFileSync(path.join(app.outdir, "stacks", name, "cdk.tf.json"), "utf8"));
}

/** The synthesized JSON of every stack of main.ts under `settings`, by name. */
export function synthesizedStacks(settings: unknown): Readonly<Record<string, Json>> {
  const app: App = Testing.app();
  const parsed = parseSettings(settings, "test");
  new TelemetryLake(app, "telemetry-lake", parsed);
  new TelemetryWarehouse(app, "telemetry-warehouse", parsed);
  new S3LoaderStack(app, "s3-loader", parsed);
  new EventMonitor(app, "event-monitor", parsed, new EventWarehouse(app, "event-warehouse", parsed));
  new OrdersProducer(app, "orders-producer", parsed, new OrdersInfra(app, "orders-infra", parsed));
  app.synth();
  const stacks = path.join(app.outdir, "stacks");
  const read = (name: string) => JSON.parse(readFileSync(path.join(stacks, name, "cdk.tf.json"), "utf8"));
  return Object.fromEntries(readdirSync(stacks).map((name) => [name, read(name)]));
}
