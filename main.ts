import { App } from "cdktf";
import { readSettings, SettingsError } from "./settings";
import { TelemetryLake } from "./stacks/telemetry-lake";
import { TelemetryWarehouse } from "./stacks/telemetry-warehouse";

/** Settings in, one line a stack, synth. A wrong setting is one line on stderr and exit code 1. */
try {
  const settings = readSettings();
  const app = new App();
  new TelemetryLake(app, "telemetry-lake", settings);
  new TelemetryWarehouse(app, "telemetry-warehouse", settings);
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError) && (error as Error).name !== "ConfigError") throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}
