import type { Construct } from "constructs";
import { Alarms } from "../modules/observability";
import type { Settings } from "../settings";
import { FastLaps } from "./fast-laps";
import { fastLapsDelivery } from "./fast-laps-delivery";
import { PipelineStack } from "./pipeline-stack";
import { TelemetryCatalog } from "./telemetry-catalog";
import { TelemetryIngest } from "./telemetry-ingest";
import { createWarehouse, warehouseOutputs } from "./warehouse";

/** Columns of the analytics SELECT, in its order; sql/telemetry creates the table with them. */
const COLUMNS = ["speed", "rpm", "gear", "throttle"];

/** Telemetry from an HTTP call to a Redshift table: the lake's beginning, and the fast laps loaded by COPY. */
export class TelemetryWarehouse extends PipelineStack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, settings);
    const { telemetry, warehouse } = settings;
    const nameOf = (part: string) => this.nameOf(`wh-${part}`);
    const { disposable, logRetentionDays } = this;

    const ingest = new TelemetryIngest(this, "ingest", {
      settings: telemetry,
      nameOf,
      disposable,
      logRetentionDays,
      catalogOf: (lake) => new TelemetryCatalog(this, "catalog", { ...lake, settings: telemetry, nameOf, disposable }),
    });
    const { key } = ingest;
    const target = createWarehouse(this, { settings, key, nameOf });
    const { delivery, staging, loads } = fastLapsDelivery(this, {
      settings,
      target,
      key,
      nameOf,
      columns: COLUMNS,
      disposable,
      logRetentionDays,
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

    // A name apart from the loader's: when the delivery is changed, the one is made while the other is destroyed.
    const alarms = loads?.alarms ?? new Alarms(this, "alarms", { name: nameOf("delivery-alarms"), key });
    ingest.raiseAlarms(alarms);
    fastLaps.raiseAlarms(alarms);
    alarms.onDelivery("processed", delivery.deliveryStream);

    this.output({
      ...ingest.outputs,
      processed_bucket: staging.name,
      processed_delivery_stream: delivery.name,
      ...fastLaps.outputs,
      ...warehouseOutputs(target),
      warehouse_table: `public.${warehouse.table}`,
      alarm_topic: alarms.topic.arn,
      ...loads?.outputs,
    });
  }
}
