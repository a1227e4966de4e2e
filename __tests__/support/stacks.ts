import { readFileSync } from "node:fs";
import * as path from "node:path";
import { type App, Testing } from "cdktf";
import { parseSettings } from "../../settings";
import { EventMonitor } from "../../stacks/event-monitor";
import { EventWarehouse } from "../../stacks/event-warehouse";
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
