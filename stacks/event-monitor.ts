import type { Construct } from "constructs";
import { Bucket } from "../modules/bucket";
import { EncryptionKey } from "../modules/encryption-key";
import { FirehoseAfterAnalyticsRedshift } from "../modules/firehose-after-analytics-redshift";
import { DataFirehose } from "../modules/kinesis-data-firehose";
import { DataStream } from "../modules/kinesis-data-stream";
import { Alarms } from "../modules/observability";
import { BucketRole, OWN_PREFIX } from "../modules/s3-loader";
import type { EventSettings, Settings } from "../settings";
import { EventLake } from "./event-lake";
import { COPY_OPTIONS, EVENT_COLUMNS, EVENT_LOADS, EVENT_TABLES, type EventStream } from "./event-tables";
import type { EventWarehouse } from "./event-warehouse";
import { PipelineStack } from "./pipeline-stack";
import { MANIFEST_DAYS, TableLoads } from "./table-loads";

/**
 * Two event streams into the tables of `EventWarehouse`, through a bucket. Values of the warehouse's stack come out of its state, so it is applied
 * first; with the two in different accounts, this stack is applied with the keys of the events' account.
 */
export class EventMonitor extends PipelineStack {
  private readonly key: EncryptionKey;
  private readonly bucket: Bucket;

  constructor(
    scope: Construct,
    id: string,
    private readonly settings: Settings,
    private readonly warehouse: EventWarehouse,
  ) {
    super(scope, id, settings);
    this.addDependency(warehouse);
    const { events } = settings;
    const copyRole = { accountId: warehouse.accountId, arns: [warehouse.warehouse.copyRole.arn] };
    const byLoader = events.delivery === "loader";
    // The loader's COPY goes through a role of this account; Firehose's leaves files that the warehouse's own role must be able to read.
    const elsewhere = events.accounts === "other" && !byLoader ? copyRole : undefined;
    this.key = new EncryptionKey(this, "key", {
      description: "Events",
      deletionWindowDays: this.disposable ? 7 : 30,
      ...(elsewhere ? { readers: { ...elsewhere, via: "s3" } } : {}),
    });
    this.bucket = new Bucket(this, "files", {
      name: warehouse.bucketName,
      key: this.key,
      forceDestroy: this.disposable,
      archive: archiveOf(events),
      readers: elsewhere,
      ...(byLoader ? { temporary: { prefix: OWN_PREFIX, days: MANIFEST_DAYS } } : {}),
    });
    const user = this.pipe("user");
    const utm = this.pipe("utm");
    const lake = this.lake({ user: user.stream, utm: utm.stream });
    const loads = byLoader ? this.load() : undefined;
    // A name apart from the loader's: when the delivery is changed, the one is made while the other is destroyed.
    const alarms =
      loads?.alarms ?? new Alarms(this, "alarms", { name: this.nameOf("events-delivery-alarms"), key: this.key });
    alarms.onDelivery("user", user.delivery.deliveryStream);
    alarms.onDelivery("utm", utm.delivery.deliveryStream);
    lake?.raiseAlarms(alarms);
    this.output({
      user_stream: user.stream.name,
      utm_stream: utm.stream.name,
      event_bucket: this.bucket.name,
      warehouse_stack: warehouse.node.id,
      user_delivery_stream: user.delivery.name,
      utm_delivery_stream: utm.delivery.name,
      alarm_topic: alarms.topic.arn,
      ...loads?.outputs,
      ...lake?.outputs,
    });
  }

  /** What loads the files that Firehose leaves. */
  private load(): TableLoads {
    const { warehouse, bucket, key, disposable, logRetentionDays } = this;
    new BucketRole(this, "reader", {
      name: warehouse.bucketRoleName,
      bucket,
      copyRole: { accountId: warehouse.accountId, arn: warehouse.warehouse.copyRole.arn },
      databaseUserArn: warehouse.databaseUserArn,
    });
    const loads = new TableLoads(this, "loads", {
      nameOf: (part) => this.nameOf(`events-${part}`),
      key,
      bucket,
      target: warehouse.loadTarget,
      roleNames: warehouse.loadRoleNames,
      tables: EVENT_LOADS,
      disposable,
      logRetentionDays,
    });
    loads.start();
    return loads;
  }

  /** A copy that the warehouse queries where it lies. */
  private lake(streams: Record<EventStream, DataStream>): EventLake | undefined {
    const { warehouse, key, disposable, logRetentionDays } = this;
    const { lakeFormat, bufferingIntervalSeconds } = this.settings.events;
    if (lakeFormat === "none") return undefined;
    const nameOf = (part: string) => this.nameOf(part);
    const common = { warehouse, streams, key, nameOf, bufferingIntervalSeconds, disposable, logRetentionDays };
    return new EventLake(this, "lake", { ...common, format: lakeFormat });
  }

  /** One stream, and the delivery stream that loads its table. */
  private pipe(name: EventStream) {
    const { events } = this.settings;
    const { shardCount, retentionHours } = events[name];
    const stream = new DataStream(this, `${name}-stream`, {
      name: this.nameOf(`event-stream-${name}`),
      key: this.key,
      retentionHours,
      ...(shardCount === undefined ? {} : { mode: "PROVISIONED", shardCount }),
    });
    return {
      stream,
      delivery: events.delivery === "loader" ? this.toBucket(name, stream) : this.toTable(name, stream),
    };
  }

  private common(name: EventStream, source: DataStream) {
    const { bufferingSizeMb, bufferingIntervalSeconds } = this.settings.events;
    const { bucket, key, logRetentionDays } = this;
    return {
      name: this.nameOf(`event-delivery-${name}`),
      source,
      bucket,
      key,
      logRetentionDays,
      bufferingSizeMb,
      bufferingIntervalSeconds,
    };
  }

  /** Firehose stops here; the hour in the key is the hour of the rows. */
  private toBucket(name: EventStream, stream: DataStream): DataFirehose {
    return new DataFirehose(this, `${name}-delivery`, {
      ...this.common(name, stream),
      prefix: `${EVENT_TABLES[name]}/!{timestamp:yyyy/MM/dd/HH}/`,
    });
  }

  /** Firehose loads by itself. */
  private toTable(name: EventStream, stream: DataStream): FirehoseAfterAnalyticsRedshift {
    const { events, warehouse } = this.settings;
    return new FirehoseAfterAnalyticsRedshift(this, `${name}-delivery`, {
      ...this.common(name, stream),
      target: {
        jdbcUrl: this.warehouse.warehouse.jdbcUrl,
        secretArn: this.warehouse.migrations.userSecretArn,
        key: this.warehouse.key,
        enhancedVpcRouting: warehouse.enhancedVpcRouting,
      },
      table: `public.${EVENT_TABLES[name]}`,
      columns: EVENT_COLUMNS[name],
      prefix: `${EVENT_TABLES[name]}/`,
      copyOptions: events.copyOptions ?? COPY_OPTIONS,
      ...(events.deliveryRoleArn === undefined
        ? { roleName: this.warehouse.roleNameOf(name) }
        : { roleArn: events.deliveryRoleArn }),
      retryDurationSeconds: events.retryDurationSeconds,
    });
  }
}

function archiveOf({ archiveAfterDays, archiveClass }: EventSettings) {
  return archiveAfterDays === undefined
    ? undefined
    : [{ afterDays: archiveAfterDays, storageClass: archiveClass } as const];
}
