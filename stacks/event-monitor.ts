import type { Construct } from "constructs";
import { USER_EVENT, UTM_EVENT } from "../lambda-src/events/tracking";
import { Bucket } from "../modules/bucket";
import { EncryptionKey } from "../modules/encryption-key";
import { FirehoseAfterAnalyticsRedshift } from "../modules/firehose-after-analytics-redshift";
import { DataStream } from "../modules/kinesis-data-stream";
import type { EventSettings, Settings } from "../settings";
import { EVENT_TABLES, type EventStream, type EventWarehouse } from "./event-warehouse";
import { PipelineStack } from "./pipeline-stack";

/** Columns and place of each stream's files. */
const LOADS = {
  user: { columns: USER_EVENT, prefix: "events/" },
  utm: { columns: UTM_EVENT, prefix: "utm/" },
} as const;

/** What the article found after "Delimiter not found": fields by name, text cut to its column, nothing as NULL. */
const COPY_OPTIONS = { format: "json", truncateColumns: true, blanksAsNull: true, emptyAsNull: true } as const;

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
    const elsewhere = events.accounts === "other" ? copyRole : undefined;
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
    });
    const user = this.pipe("user");
    const utm = this.pipe("utm");
    this.output({
      user_stream: user.stream.name,
      utm_stream: utm.stream.name,
      event_bucket: this.bucket.name,
      user_delivery_stream: user.delivery.name,
      utm_delivery_stream: utm.delivery.name,
    });
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
    const { columns, prefix } = LOADS[name];
    const delivery = new FirehoseAfterAnalyticsRedshift(this, `${name}-delivery`, {
      name: this.nameOf(`event-delivery-${name}`),
      source: stream,
      target: {
        jdbcUrl: this.warehouse.warehouse.jdbcUrl,
        secretArn: this.warehouse.migrations.userSecretArn,
        key: this.warehouse.key,
        enhancedVpcRouting: this.settings.warehouse.enhancedVpcRouting,
      },
      table: `public.${EVENT_TABLES[name]}`,
      columns,
      bucket: this.bucket,
      key: this.key,
      prefix,
      copyOptions: events.copyOptions ?? COPY_OPTIONS,
      ...(events.deliveryRoleArn === undefined
        ? { roleName: this.warehouse.roleNameOf(name) }
        : { roleArn: events.deliveryRoleArn }),
      bufferingSizeMb: events.bufferingSizeMb,
      bufferingIntervalSeconds: events.bufferingIntervalSeconds,
      retryDurationSeconds: events.retryDurationSeconds,
      logRetentionDays: this.logRetentionDays,
    });
    return { stream, delivery };
  }
}

function archiveOf({ archiveAfterDays, archiveClass }: EventSettings) {
  return archiveAfterDays === undefined
    ? undefined
    : [{ afterDays: archiveAfterDays, storageClass: archiveClass } as const];
}
