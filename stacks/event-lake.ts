import { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { Construct } from "constructs";
import { Bucket } from "../modules/bucket";
import type { EncryptionKey } from "../modules/encryption-key";
import { DataFirehose } from "../modules/kinesis-data-firehose";
import type { DataStream } from "../modules/kinesis-data-stream";
import { LakeReader, LakeTable } from "../modules/lake-catalog";
import type { Alarms } from "../modules/observability";
import { SettingsError } from "../settings";
import { EVENT_COLUMNS, EVENT_TABLES, type EventStream } from "./event-tables";
import type { EventWarehouse } from "./event-warehouse";

export interface EventLakeProps {
  readonly format: "parquet" | "orc";
  readonly warehouse: EventWarehouse;
  readonly streams: Readonly<Record<EventStream, DataStream>>;
  /** Key of files and logs. */
  readonly key: EncryptionKey;
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;
  /** Seconds after which a delivery stream writes a file, 1 to 900. */
  readonly bufferingIntervalSeconds: number;
  /** Whether files are destroyed with the stack. */
  readonly disposable: boolean;
  readonly logRetentionDays: number;
}

/**
 * The events once more, in a columnar format, with tables that the warehouse queries in place. Beside what is loaded and not instead of it: Firehose converts for a
 * destination in S3 alone, and COPY from columnar files cuts no text, turns none into NULL and puts none into a TIMESTAMP.
 *
 * A bucket of its own, so that an archive class of the loaded files, which nothing may query, is none of its files'.
 */
export class EventLake extends Construct {
  readonly outputs: Readonly<Record<string, string>>;

  private readonly deliveries: Readonly<Record<EventStream, DataFirehose>>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: EventLakeProps,
  ) {
    super(scope, id);
    const { warehouse, nameOf, key, disposable } = props;
    checkInterval(this, props);
    const bucket = new Bucket(this, "files", { name: nameOf("event-lake"), key, forceDestroy: disposable });
    const database = new GlueCatalogDatabase(this, "database", {
      name: warehouse.lakeDatabase,
      description: "What the event streams were sent, for queries of the warehouse",
    });
    const user = this.pipe("user", bucket, database);
    const utm = this.pipe("utm", bucket, database);
    new LakeReader(this, "reader", {
      name: warehouse.lakeRoleName,
      database,
      tables: [user.table, utm.table],
      bucket,
      warehouse: { accountId: warehouse.accountId, arn: warehouse.warehouse.copyRole.arn },
    });
    this.deliveries = { user: user.delivery, utm: utm.delivery };
    this.outputs = {
      lake_bucket: bucket.name,
      lake_database: database.name,
      user_lake_delivery_stream: user.delivery.name,
      utm_lake_delivery_stream: utm.delivery.name,
    };
  }

  /** Rings when an event does not come as far as the bucket. */
  raiseAlarms(alarms: Alarms): void {
    for (const [name, { deliveryStream }] of Object.entries(this.deliveries)) {
      alarms.onDelivery(`lake-${name}`, deliveryStream);
    }
  }

  /** The table of one stream's events, and the delivery stream that writes its files. */
  private pipe(name: EventStream, bucket: Bucket, database: GlueCatalogDatabase) {
    const { format, streams, key, nameOf, bufferingIntervalSeconds, logRetentionDays } = this.props;
    // A folder a format: after a change of it the table would take the files of the former one for its own, and every query would fail.
    const folder = `${EVENT_TABLES[name]}/${format}`;
    const table = new LakeTable(this, `${name}-table`, {
      name: EVENT_TABLES[name],
      description: "Every event as it was sent, all text",
      database,
      bucket,
      prefix: `${folder}/`,
      format,
      columns: EVENT_COLUMNS[name].map((column) => ({ name: column, type: "string" })),
    });
    const delivery = new DataFirehose(this, `${name}-delivery`, {
      name: nameOf(`event-lake-${name}`),
      source: streams[name],
      bucket,
      key,
      format: { type: format === "parquet" ? "PARQUET" : "ORC", table },
      prefix: `${folder}/!{timestamp:yyyy/MM/dd/HH}/`,
      bufferingIntervalSeconds,
      logRetentionDays,
    });
    return { table, delivery };
  }
}

/**
 * Our rule and not AWS's, whose pages say of a conversion only that it buffers 64 MB or more
 * (https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html): without an interval each file would hold what came in a moment, a header and a
 * footer around a few rows, and a query would read tens of thousands of them a day.
 */
function checkInterval({ node }: Construct, { format, bufferingIntervalSeconds }: EventLakeProps): void {
  if (bufferingIntervalSeconds > 0) return;
  throw new SettingsError(
    `${node.path}: events.bufferingIntervalSeconds 0 (zero buffering) contradicts events.lakeFormat "${format}", whose files hold many rows each; give 1 to 900 or leave lakeFormat out`,
  );
}
