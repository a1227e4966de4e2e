import type { Construct } from "constructs";
import { Bucket } from "../modules/bucket";
import { FirehoseAfterAnalytics } from "../modules/firehose-after-analytics";
import { Alarms } from "../modules/observability";
import type { Settings } from "../settings";
import { FastLaps } from "./fast-laps";
import { PipelineStack } from "./pipeline-stack";
import { TelemetryCatalog } from "./telemetry-catalog";
import { processedDeliveryProps } from "./telemetry-delivery";
import { TelemetryIngest } from "./telemetry-ingest";

/** Telemetry from an HTTP call to files: every record with its EXTRA2 in one bucket, the fast laps as CSV in another. */
export class TelemetryLake extends PipelineStack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, settings);
    const { telemetry } = settings;
    const nameOf = (part: string) => this.nameOf(`lake-${part}`);
    const { disposable, logRetentionDays } = this;

    const ingest = new TelemetryIngest(this, "ingest", {
      settings: telemetry,
      nameOf,
      disposable,
      logRetentionDays,
      catalogOf: (lake) => new TelemetryCatalog(this, "catalog", { ...lake, settings: telemetry, nameOf, disposable }),
    });
    const processed = new Bucket(this, "processed", {
      name: nameOf("processed"),
      key: ingest.key,
      forceDestroy: disposable,
    });
    const delivery = new FirehoseAfterAnalytics(this, "processed-delivery", {
      name: nameOf("processed"),
      bucket: processed,
      key: ingest.key,
      logRetentionDays,
      ...processedDeliveryProps(this, telemetry),
    });
    const fastLaps = new FastLaps(this, "fast-laps", {
      name: nameOf("fast-laps"),
      codeBucketName: nameOf("code"),
      engine: telemetry.engine,
      ingest,
      delivery,
      disposable,
      logRetentionDays,
    });
    ingest.catalog.addFastLaps(processed);
    const alarms = new Alarms(this, "alarms", { name: nameOf("alarms"), key: ingest.key });
    ingest.raiseAlarms(alarms);
    fastLaps.raiseAlarms(alarms);
    alarms.onDelivery("processed", delivery.deliveryStream);

    this.output({
      ...ingest.outputs,
      processed_bucket: processed.name,
      processed_delivery_stream: delivery.name,
      ...fastLaps.outputs,
      alarm_topic: alarms.topic.arn,
    });
  }
}
