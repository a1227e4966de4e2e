import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import { ForeignBucket } from "../modules/bucket";
import { EncryptionKey } from "../modules/encryption-key";
import { QueryRunner } from "../modules/query-runner";
import type { RedshiftCluster } from "../modules/redshift-cluster";
import type { RedshiftServerless } from "../modules/redshift-serverless";
import type { EventSettings, Settings } from "../settings";
import { PipelineStack } from "./pipeline-stack";
import { createWarehouse, warehouseOutputs } from "./warehouse";

/** Tables of sql/events, by the stream that fills each. */
export const EVENT_TABLES = { user: "events", utm: "utm" } as const;
export type EventStream = keyof typeof EVENT_TABLES;
const STREAMS = Object.keys(EVENT_TABLES) as EventStream[];

/**
 * The warehouse of the events, in an account of its own or beside the streams. It goes first: it decides the names of the bucket that it reads and of
 * the roles that load it, so that its policies can name them before they are there.
 */
export class EventWarehouse extends PipelineStack {
  readonly warehouse: RedshiftCluster | RedshiftServerless;
  readonly key: EncryptionKey;
  readonly migrations: QueryRunner;

  /** Account of this stack. */
  readonly accountId: string;
  /** Account of the streams, the bucket and the delivery roles. */
  readonly eventAccountId: string;
  /** Bucket that `event-monitor` makes. */
  readonly bucketName: string;

  private readonly partition: string;
  private readonly events: EventSettings;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, settings);
    const { profile } = settings;
    this.events = settings.events;
    const nameOf = (part: string) => this.nameOf(`events-${part}`);
    this.accountId = new DataAwsCallerIdentity(this, "account").accountId;
    this.partition = new DataAwsPartition(this, "partition").partition;
    this.eventAccountId = this.events.accounts === "other" ? this.askForEventAccount() : this.accountId;
    this.bucketName = this.events.bucketName ?? nameOf("files");

    const elsewhere = this.events.accounts === "other" ? this.deliveryRoles : undefined;
    this.key = new EncryptionKey(this, "key", {
      description: "Warehouse of the events",
      deletionWindowDays: this.disposable ? 7 : 30,
      ...(elsewhere ? { readers: { ...elsewhere, via: "secretsmanager" } } : {}),
    });
    this.warehouse = createWarehouse(this, {
      settings,
      // Firehose of the other account has no other way in.
      delivery: "firehose",
      database: this.events.database,
      key: this.key,
      nameOf,
    });
    this.migrations = new QueryRunner(this, "migrations", {
      name: nameOf("migrate"),
      target: this.warehouse,
      key: this.key,
      dataset: "events",
      table: Object.values(EVENT_TABLES),
      secretReaders: elsewhere,
      profile,
      logRetentionDays: this.logRetentionDays,
    });
    // For a COPY by hand of what Firehose gave up on; Firehose's own COPY reads with Firehose's role.
    new ForeignBucket(this, "files", {
      name: this.bucketName,
      accountId: this.eventAccountId,
      region: settings.region,
    }).grantRead(this.warehouse.copyRole);

    this.output({
      ...warehouseOutputs(this.warehouse),
      warehouse_tables: Object.values(EVENT_TABLES)
        .map((table) => `public.${table}`)
        .join(","),
      warehouse_copy_role_arn: this.warehouse.copyRole.arn,
      event_bucket: this.bucketName,
    });
  }

  /** Name of the role of one delivery stream, where it is not given. */
  roleNameOf(stream: EventStream): string {
    return this.nameOf(`events-${stream}-delivery`);
  }

  private get deliveryRoles() {
    const given = this.events.deliveryRoleArn;
    const own = STREAMS.map(
      (stream) => `arn:${this.partition}:iam::${this.eventAccountId}:role/${this.roleNameOf(stream)}`,
    );
    return { accountId: this.eventAccountId, arns: given === undefined ? own : [given] };
  }

  /** An account belongs to whoever deploys, so it is a variable and not a setting. */
  private askForEventAccount(): string {
    return new TerraformVariable(this, "event_account_id", {
      type: "string",
      description: "Account of the event streams, 12 digits",
      validation: [
        {
          condition: '${can(regex("^[0-9]{12}$", var.event_account_id))}',
          errorMessage: "event_account_id must be 12 digits: the account that event-monitor is applied to",
        },
      ],
    }).stringValue;
  }
}
