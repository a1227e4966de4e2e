import { App } from "cdktf";
import { readSettings, SettingsError } from "./settings";
import { EventMonitor } from "./stacks/event-monitor";
import { EventWarehouse } from "./stacks/event-warehouse";
import { OrdersInfra } from "./stacks/orders-infra";
import { OrdersProducer } from "./stacks/orders-producer";
import { S3LoaderStack } from "./stacks/s3-loader";
import { TelemetryLake } from "./stacks/telemetry-lake";
import { TelemetryWarehouse } from "./stacks/telemetry-warehouse";

/** CDKTF's words where it asks Terraform for its version and there is none. */
const NO_TERRAFORM = /Could not determine version of terraform/;

/** Settings in, one line a stack, synth. A wrong setting, or no Terraform, is one line on stderr and exit code 1. */
try {
  const settings = readSettings();
  const app = new App();
  new TelemetryLake(app, "telemetry-lake", settings);
  new TelemetryWarehouse(app, "telemetry-warehouse", settings);
  new S3LoaderStack(app, "s3-loader", settings);
  new EventMonitor(app, "event-monitor", settings, new EventWarehouse(app, "event-warehouse", settings));
  new OrdersProducer(app, "orders-producer", settings, new OrdersInfra(app, "orders-infra", settings));
  app.synth();
} catch (error) {
  const { name, message } = error as Error;
  const noTerraform = NO_TERRAFORM.test(message);
  if (!(error instanceof SettingsError) && name !== "ConfigError" && !noTerraform) throw error;
  console.error(
    noTerraform
      ? "terraform is not on the PATH, and CDKTF asks it for its version: install Terraform 1.5 or later (developer.hashicorp.com/terraform/install)"
      : message,
  );
  process.exitCode = 1;
}
