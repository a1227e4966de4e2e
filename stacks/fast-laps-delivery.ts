import type { Construct } from "constructs";
import { Bucket } from "../modules/bucket";
import type { EncryptionKey } from "../modules/encryption-key";
import { FirehoseAfterAnalytics } from "../modules/firehose-after-analytics";
import { FirehoseAfterAnalyticsRedshift } from "../modules/firehose-after-analytics-redshift";
import { QueryRunner } from "../modules/query-runner";
import type { RedshiftCluster } from "../modules/redshift-cluster";
import type { RedshiftServerless } from "../modules/redshift-serverless";
import { OWN_PREFIX } from "../modules/s3-loader";
import { type Settings, SettingsError } from "../settings";
import { checkHourColumns, MANIFEST_DAYS, TableLoads } from "./table-loads";

export interface FastLapsDeliveryProps {
  readonly settings: Settings;
  readonly target: RedshiftCluster | RedshiftServerless;
  readonly key: EncryptionKey;
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;
  /** Columns in the order of a line's fields. */
  readonly columns: readonly string[];
  readonly disposable: boolean;
  readonly logRetentionDays: number;
}

/** Dataset that adds the hour to a table of Firehose's own COPY. */
const HOURS = "telemetry_loader";

/** The way of the fast laps from the analytics application to their table: the delivery stream, its bucket, and the loader, if one stands behind. */
export interface FastLapsDelivery {
  readonly delivery: FirehoseAfterAnalytics | FirehoseAfterAnalyticsRedshift;
  readonly staging: Bucket;
  readonly loads?: TableLoads;
}

/** Firehose's own COPY, or a loader behind a Firehose that stops at the bucket. */
export function fastLapsDelivery(scope: Construct, props: FastLapsDeliveryProps): FastLapsDelivery {
  return props.settings.warehouse.delivery === "loader" ? byLoader(scope, props) : byFirehose(scope, props);
}

function byFirehose(scope: Construct, props: FastLapsDeliveryProps): FastLapsDelivery {
  const { target, key, nameOf, columns, disposable, logRetentionDays } = props;
  const { telemetry, warehouse, profile } = props.settings;
  const migrations = new QueryRunner(scope, "migrations", {
    name: nameOf("migrate"),
    target,
    key,
    dataset: "telemetry",
    table: warehouse.table,
    profile,
    logRetentionDays,
  });
  const staging = new Bucket(scope, "staging", { name: nameOf("staging"), key, forceDestroy: disposable });
  const delivery = new FirehoseAfterAnalyticsRedshift(scope, "processed-delivery", {
    name: nameOf("processed"),
    target: { jdbcUrl: target.jdbcUrl, secretArn: migrations.userSecretArn, key },
    table: `public.${warehouse.table}`,
    columns,
    bucket: staging,
    key,
    waitFor: [migrations.ready],
    copyOptions: warehouse.copyOptions,
    compression: warehouse.compression,
    backup: warehouse.backup ? { bucket: staging } : undefined,
    retryDurationSeconds: warehouse.retryDurationSeconds,
    logRetentionDays,
    bufferingSizeMb: telemetry.bufferingSizeMb,
    bufferingIntervalSeconds: telemetry.bufferingIntervalSeconds,
  });
  return { delivery, staging };
}

function byLoader(scope: Construct, props: FastLapsDeliveryProps): FastLapsDelivery {
  const { target, key, nameOf, columns, disposable, logRetentionDays } = props;
  const { telemetry, warehouse, profile } = props.settings;
  checkLoader(scope, props.settings);
  const staging = new Bucket(scope, "staging", {
    name: nameOf("staging"),
    key,
    forceDestroy: disposable,
    temporary: { prefix: OWN_PREFIX, days: MANIFEST_DAYS },
  });
  const gzip = warehouse.compression === "GZIP" ? ({ compression: "gzip" } as const) : {};
  const copy = { format: "csv", ...gzip } as const;
  const tables = [{ name: warehouse.table, columns, copy, hourColumn: "source_hour" }];
  const loads = new TableLoads(scope, "loads", {
    nameOf,
    key,
    bucket: staging,
    target,
    tables,
    disposable,
    logRetentionDays,
  });
  const migrations = new QueryRunner(scope, "migrations", {
    name: nameOf("migrate"),
    target,
    key,
    dataset: "telemetry",
    iamRoles: loads.logins,
    profile,
    logRetentionDays,
  });
  // A table of Firehose's own COPY has no hour.
  checkHourColumns(scope, ["telemetry", HOURS], tables);
  loads.start(migrations.runBehind(HOURS));
  const delivery = new FirehoseAfterAnalytics(scope, "processed-delivery", {
    name: nameOf("processed"),
    bucket: staging,
    key,
    prefix: `${warehouse.table}/`,
    compression: warehouse.compression,
    logRetentionDays,
    bufferingSizeMb: telemetry.bufferingSizeMb,
    bufferingIntervalSeconds: telemetry.bufferingIntervalSeconds,
  });
  return { delivery, staging, loads };
}

/** Settings of Firehose's own COPY, of which a loader has none. */
function checkLoader({ node }: Construct, { warehouse }: Settings): void {
  if (warehouse.copyOptions !== "CSV") {
    throw new SettingsError(
      `${node.path}: warehouse.copyOptions ${JSON.stringify(warehouse.copyOptions)} is of warehouse.delivery "firehose"; the loader reads the CSV that the analytics application writes; leave it out`,
    );
  }
  if (warehouse.backup) {
    throw new SettingsError(
      `${node.path}: warehouse.backup true is of warehouse.delivery "firehose"; with "loader" the bucket holds the records as they came; leave it out`,
    );
  }
}
