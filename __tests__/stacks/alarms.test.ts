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

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

/** Every stack of main.ts that carries data. */
function pipelines(more: object): Readonly<Record<string, Json>> {
  const app = Testing.app();
  const settings = parseSettings(more, "test");
  new TelemetryLake(app, "telemetry-lake", settings);
  new TelemetryWarehouse(app, "telemetry-warehouse", settings);
  new S3LoaderStack(app, "s3-loader", settings);
  new EventMonitor(app, "event-monitor", settings, new EventWarehouse(app, "event-warehouse", settings));
  new OrdersProducer(app, "orders-producer", settings, new OrdersInfra(app, "orders-infra", settings));
  app.synth();
  const names = ["telemetry-lake", "telemetry-warehouse", "s3-loader", "event-monitor", "orders-producer"];
  const read = (name: string) => JSON.parse(readFileSync(path.join(app.outdir, "stacks", name, "cdk.tf.json"), "utf8"));
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

/** Metrics that ring for what a resource's attribute names, `undefined` if nothing does. */
const ringsFor = ({ resource }: Json, dimension: string, value: string): string[] =>
  Object.values<Json>(resource.aws_cloudwatch_metric_alarm)
    .filter(({ dimensions }) => dimensions[dimension] === value)
    .map(({ metric_name }) => metric_name)
    .sort();

const idsOf = ({ resource }: Json, type: string): string[] => Object.keys(resource[type] ?? {});

describe.each([
  ["the defaults", {}],
  [
    "loaders and columnar files",
    {
      telemetry: { raw: { format: "parquet" } },
      warehouse: { delivery: "loader" },
      events: { delivery: "loader", lakeFormat: "parquet" },
    },
  ],
])("with %s", (_, settings) => {
  const stacks = pipelines(settings);

  it.each(Object.keys(stacks))(
    "%s rings when a delivery stream cannot write, load or convert, is late or behind its source",
    (name) => {
      const json = stacks[name];
      for (const id of idsOf(json, "aws_kinesis_firehose_delivery_stream")) {
        const stream = json.resource.aws_kinesis_firehose_delivery_stream[id];
        const rings = ringsFor(json, "DeliveryStreamName", `\${aws_kinesis_firehose_delivery_stream.${id}.name}`);
        expect({ id, rings }).toEqual({
          id,
          rings: [
            ...(stream.destination === "redshift" ? ["DeliveryToRedshift.Success"] : []),
            "DeliveryToS3.DataFreshness",
            "DeliveryToS3.Success",
            ...(stream.extended_s3_configuration?.data_format_conversion_configuration
              ? ["FailedConversion.Records"]
              : []),
            ...(stream.kinesis_source_configuration ? ["KinesisMillisBehindLatest"] : []),
          ],
        });
      }
    },
  );

  it.each(Object.keys(stacks))("%s rings when its analytics application is down", (name) => {
    const json = stacks[name];
    for (const id of idsOf(json, "aws_kinesisanalyticsv2_application")) {
      const application = `\${aws_kinesisanalyticsv2_application.${id}.name}`;
      expect(ringsFor(json, "Application", application)).toEqual(["downtime"]);
    }
  });

  it.each(Object.keys(stacks))("%s rings when something lies in a queue of what failed", (name) => {
    const json = stacks[name];
    for (const id of idsOf(json, "aws_sqs_queue").filter((one) => /dead-letters|failures/.test(one))) {
      expect(ringsFor(json, "QueueName", `\${aws_sqs_queue.${id}.name}`)).toEqual([
        "ApproximateNumberOfMessagesVisible",
      ]);
    }
  });

  it.each(Object.keys(stacks))("%s has one topic for all of them, which its outputs name", (name) => {
    const [topic, ...others] = idsOf(stacks[name], "aws_sns_topic");
    expect(others).toEqual([]);
    expect(stacks[name].output.alarm_topic).toEqual({ value: `\${aws_sns_topic.${topic}.arn}` });
  });
});
