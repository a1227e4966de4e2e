import type { Construct } from "constructs";
import { Bucket } from "../modules/bucket";
import { FirehoseAfterAnalyticsRedshift } from "../modules/firehose-after-analytics-redshift";
import { QueryRunner } from "../modules/query-runner";
import { RedshiftCluster } from "../modules/redshift-cluster";
import type { Settings } from "../settings";
import { FastLaps } from "./fast-laps";
import { PipelineStack } from "./pipeline-stack";
import { TelemetryIngest } from "./telemetry-ingest";

/** Columns of the analytics SELECT, in its order; sql/telemetry creates the table with them. */
const COLUMNS = ["speed", "rpm", "gear", "throttle"];

/** Telemetry from an HTTP call to a Redshift table: the lake's beginning, and the fast laps loaded by COPY. */
export class TelemetryWarehouse extends PipelineStack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, settings);
    const { telemetry, warehouse, profile, region } = settings;
    const nameOf = (part: string) => this.nameOf(`wh-${part}`);
    const disposable = this.disposable;

    const ingest = new TelemetryIngest(this, "ingest", { settings: telemetry, nameOf, disposable });
    const { key } = ingest;
    const cluster = new RedshiftCluster(this, "warehouse", {
      name: nameOf("cluster"),
      region,
      key,
      profile,
      database: warehouse.database,
      nodeType: warehouse.nodeType,
      nodes: warehouse.nodes,
    });
    const migrations = new QueryRunner(this, "migrations", {
      name: nameOf("migrate"),
      target: cluster,
      key,
      dataset: "telemetry",
      table: warehouse.table,
      profile,
    });
    const staging = new Bucket(this, "staging", { name: nameOf("staging"), key, forceDestroy: disposable });
    const delivery = new FirehoseAfterAnalyticsRedshift(this, "processed-delivery", {
      name: nameOf("processed"),
      target: { jdbcUrl: cluster.jdbcUrl, secretArn: migrations.userSecretArn, key },
      table: `public.${warehouse.table}`,
      columns: COLUMNS,
      bucket: staging,
      key,
      waitFor: [migrations.ready],
      copyOptions: warehouse.copyOptions,
      retryDurationSeconds: warehouse.retryDurationSeconds,
      bufferingSizeMb: telemetry.bufferingSizeMb,
      bufferingIntervalSeconds: telemetry.bufferingIntervalSeconds,
    });
    const { application } = new FastLaps(this, "fast-laps", {
      name: nameOf("fast-laps"),
      codeBucketName: nameOf("code"),
      engine: telemetry.engine,
      ingest,
      delivery,
      disposable,
    });

    this.output({
      ...ingest.outputs,
      processed_bucket: staging.name,
      processed_delivery_stream: delivery.name,
      analytics_application: application.name,
      warehouse_cluster: cluster.identifier,
      warehouse_database: cluster.database,
      warehouse_admin_secret_arn: cluster.adminSecretArn,
      warehouse_table: `public.${warehouse.table}`,
    });
  }
}
