import { type App, Testing } from "cdktf";
import { parseSettings } from "../../settings";
import { TelemetryLake } from "../../stacks/telemetry-lake";
import { TelemetryWarehouse } from "../../stacks/telemetry-warehouse";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

const STACKS = { "telemetry-lake": TelemetryLake, "telemetry-warehouse": TelemetryWarehouse } as const;
export type StackName = keyof typeof STACKS;
export const STACK_NAMES = Object.keys(STACKS) as StackName[];

/** The synthesized JSON of one stack of main.ts under `settings`, its validations run. */
export function synthesizedStack(name: StackName, settings: unknown = {}): Json {
  const app: App = Testing.app();
  return JSON.parse(Testing.synth(new STACKS[name](app, name, parseSettings(settings, "test")), true));
}
