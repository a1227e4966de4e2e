import { synthesizedStacks } from "../support/stacks";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

/** Stacks that carry data: the others make what these write to. */
const PIPELINES = ["telemetry-lake", "telemetry-warehouse", "s3-loader", "event-monitor", "orders-producer"];

/** Metrics that ring for what a resource's attribute names, `undefined` if nothing does. */
const ringsFor = ({ resource }: Json, dimension: string, value: string): string[] =>
  Object.values<Json>(resource.aws_cloudwatch_metric_alarm)
    .filter(({ dimensions }) => dimensions[dimension] === value)
    .map(({ metric_name }) => metric_name)
    .sort();

/** Those of the stacks that have resources of a type, each with their ids. */
const having = (stacks: Readonly<Record<string, Json>>, type: string, which = /^/): [string, string[]][] =>
  PIPELINES.map((name): [string, string[]] => [
    name,
    Object.keys(stacks[name].resource[type] ?? {}).filter((id) => which.test(id)),
  ]).filter(([, ids]) => ids.length > 0);

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
  const stacks = synthesizedStacks(settings);

  it.each(having(stacks, "aws_kinesis_firehose_delivery_stream"))(
    "%s rings when a delivery stream cannot write, load or convert, is late or behind its source",
    (name, ids) => {
      const json = stacks[name];
      for (const id of ids) {
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

  it.each(having(stacks, "aws_kinesisanalyticsv2_application"))(
    "%s rings when its analytics application is down",
    (name, ids) => {
      const json = stacks[name];
      for (const id of ids) {
        const application = `\${aws_kinesisanalyticsv2_application.${id}.name}`;
        expect(ringsFor(json, "Application", application)).toEqual(["downtime"]);
      }
    },
  );

  it.each(having(stacks, "aws_sqs_queue", /dead-letters|failures/))(
    "%s rings when something lies in a queue of what failed",
    (name, ids) => {
      const json = stacks[name];
      for (const id of ids) {
        expect(ringsFor(json, "QueueName", `\${aws_sqs_queue.${id}.name}`)).toEqual([
          "ApproximateNumberOfMessagesVisible",
        ]);
      }
    },
  );

  it.each(PIPELINES)("%s has one topic for all of them, which its outputs name", (name) => {
    const [topic, ...others] = Object.keys(stacks[name].resource.aws_sns_topic ?? {});
    expect(others).toEqual([]);
    expect(stacks[name].output.alarm_topic).toEqual({ value: `\${aws_sns_topic.${topic}.arn}` });
  });
});
