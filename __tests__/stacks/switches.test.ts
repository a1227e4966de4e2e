import { readFileSync } from "node:fs";
import * as path from "node:path";
import { Testing } from "cdktf";
import { parseSettings } from "../../settings";
import { EventMonitor } from "../../stacks/event-monitor";
import { EventWarehouse } from "../../stacks/event-warehouse";
import { OrdersInfra } from "../../stacks/orders-infra";
import { OrdersProducer } from "../../stacks/orders-producer";
import { S3LoaderStack } from "../../stacks/s3-loader";
import { TelemetryLake } from "../../stacks/telemetry-lake";
import { TelemetryWarehouse } from "../../stacks/telemetry-warehouse";

const STACKS = [
  "telemetry-lake",
  "telemetry-warehouse",
  "event-warehouse",
  "event-monitor",
  "s3-loader",
  "orders-infra",
  "orders-producer",
];

/** What AWS tells resources of one type and account apart by. */
const NAMES = ["name", "alarm_name", "function_name", "bucket"];
/** Named within another resource. */
const WITHIN = ["aws_cloudwatch_log_stream"];

/** Addresses by stack, type and name, of what is named outright: a name that is a reference follows what it names. */
function namesOf(input: object): ReadonlyMap<string, string> {
  const app = Testing.app();
  const settings = parseSettings(input, "test");
  new TelemetryLake(app, "telemetry-lake", settings);
  new TelemetryWarehouse(app, "telemetry-warehouse", settings);
  new S3LoaderStack(app, "s3-loader", settings);
  new EventMonitor(app, "event-monitor", settings, new EventWarehouse(app, "event-warehouse", settings));
  new OrdersProducer(app, "orders-producer", settings, new OrdersInfra(app, "orders-infra", settings));
  app.synth();
  const found = new Map<string, string>();
  for (const stack of STACKS) {
    const { resource } = JSON.parse(readFileSync(path.join(app.outdir, "stacks", stack, "cdk.tf.json"), "utf8"));
    for (const [type, blocks] of Object.entries<Record<string, Record<string, unknown>>>(resource)) {
      if (WITHIN.includes(type)) continue;
      for (const [id, block] of Object.entries(blocks)) {
        const name = NAMES.map((attribute) => block[attribute]).find((value) => typeof value === "string");
        if (name !== undefined && !/^\$\{aws_[^}]+\}$/.test(String(name))) found.set(`${stack}: ${type} ${name}`, id);
      }
    }
  }
  return found;
}

/**
 * Terraform makes and destroys what has two addresses in whatever order. Under one name the new one is refused, or, where AWS takes a second creation for the
 * first (topics, alarms), it is the one that is destroyed.
 */
describe("a setting that is changed on a stack that is applied", () => {
  const before = namesOf({});

  it.each<[string, object]>([
    ["a loader behind Firehose", { warehouse: { delivery: "loader" }, events: { delivery: "loader" } }],
    ["a copy in a columnar format", { events: { lakeFormat: "parquet" } }],
    ["engine sql", { telemetry: { engine: "sql" } }],
    ["a serverless warehouse", { warehouse: { kind: "serverless" } }],
    ["a password in a secret", { loader: { auth: "secret" } }],
    ["a password in SSM", { loader: { auth: "ssm" } }],
    ["serverless brokers", { orders: { kafka: "serverless" } }],
  ])("to %s gives no other resource a name that is taken", (_, settings) => {
    const taken = [...namesOf(settings)].filter(([name, id]) => before.has(name) && before.get(name) !== id);
    expect(taken.map(([name, id]) => `${name}: ${before.get(name)} and ${id}`)).toEqual([]);
  });
});
