import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { LambdaFunction } from "../../modules/lambda-function";
import { readSettings } from "../../settings";
import { TelemetryWarehouse } from "../../stacks/telemetry-warehouse";

/** What `synth-growth` measures: SHAPE and COUNT are its arguments. `stacks`: so many telemetry warehouses. `functions`: so many functions in one stack. */
const [shape, count] = process.argv.slice(2);
const times = (each: (i: number) => unknown) => {
  for (let i = 0; i < Number(count); i++) each(i);
};

const settings = readSettings();
const app = new App();
if (shape === "stacks") {
  times((i) => new TelemetryWarehouse(app, `telemetry-${i}`, settings));
} else {
  const stack = new TerraformStack(app, "functions");
  new AwsProvider(stack, "aws", { region: "us-east-1" });
  new ArchiveProvider(stack, "archive");
  const key = new EncryptionKey(stack, "key", { description: "Functions", deletionWindowDays: 7 });
  times(
    (i) =>
      new LambdaFunction(stack, `function-${i}`, {
        name: `function-${i}`,
        source: "transform-telemetry",
        key,
        timeoutSeconds: 60,
      }),
  );
}
app.synth();
