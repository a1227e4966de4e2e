import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import { ForeignBucket } from "../modules/bucket";
import { EncryptionKey } from "../modules/encryption-key";
import { InterfaceEndpoint } from "../modules/network";
import { QueryRunner } from "../modules/query-runner";
import type { RedshiftCluster } from "../modules/redshift-cluster";
import type { RedshiftServerless } from "../modules/redshift-serverless";
import { type ForeignLoadTarget, LOADS, loadsInto, WarehouseAccess } from "../modules/s3-loader";
import { allow } from "../modules/support/iam";
import { type EventSettings, type Settings, SettingsError } from "../settings";
import { EVENT_LOADS, EVENT_TABLES, type EventStream } from "./event-tables";
import { PipelineStack } from "./pipeline-stack";
import type { LoadRoleNames } from "./table-loads";
import { createWarehouse, warehouseOutputs } from "./warehouse";

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

  private readonly access: WarehouseAccess | undefined;
  private readonly partition: string;
  private readonly region: string;
  private readonly events: EventSettings;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, settings);
    const { profile } = settings;
    this.events = settings.events;
    this.region = settings.region;
    const nameOf = (part: string) => this.nameOf(`events-${part}`);
    this.accountId = new DataAwsCallerIdentity(this, "account").accountId;
    this.partition = new DataAwsPartition(this, "partition").partition;
    this.eventAccountId = this.events.accounts === "other" ? this.askForEventAccount() : this.accountId;
    this.bucketName = this.events.bucketName ?? nameOf("files");

    const byLoader = this.events.delivery === "loader";
    checkLoader(this, settings);
    const elsewhere = this.events.accounts === "other" && !byLoader ? this.deliveryRoles : undefined;
    this.key = new EncryptionKey(this, "key", {
      description: "Warehouse of the events",
      deletionWindowDays: this.disposable ? 7 : 30,
      ...(elsewhere ? { readers: { ...elsewhere, via: "secretsmanager" } } : {}),
    });
    this.warehouse = createWarehouse(this, {
      settings,
      delivery: this.events.delivery,
      database: this.events.database,
      key: this.key,
      nameOf,
    });
    if (byLoader) this.access = this.admitLoader(nameOf("load"));
    this.migrations = new QueryRunner(this, "migrations", {
      name: nameOf("migrate"),
      target: this.warehouse,
      key: this.key,
      dataset: "events",
      ...(this.access
        ? { iamRoles: [{ roleName: this.access.role.name, grants: loadsInto(EVENT_LOADS) }] }
        : { table: Object.values(EVENT_TABLES), secretReaders: elsewhere }),
      profile,
      logRetentionDays: this.logRetentionDays,
    });
    // For a COPY by hand of what Firehose gave up on: Firehose's own COPY reads with Firehose's role, the loader's by the chain.
    new ForeignBucket(this, "files", {
      name: this.bucketName,
      accountId: this.eventAccountId,
      region: settings.region,
    }).grantRead(this.warehouse.copyRole);

    if (this.events.lakeFormat !== "none") this.queryLake(nameOf("lake-migrate"), settings);

    this.output({
      ...warehouseOutputs(this.warehouse),
      warehouse_tables: Object.values(EVENT_TABLES)
        .map((table) => `public.${table}`)
        .join(","),
      warehouse_copy_role_arn: this.warehouse.copyRole.arn,
      event_bucket: this.bucketName,
      ...(byLoader ? { warehouse_loads: `${LOADS.schema}.${LOADS.table}` } : {}),
    });
  }

  /** The warehouse as the loader of `event-monitor` finds it. */
  get loadTarget(): ForeignLoadTarget {
    const { warehouse, access, bucketRoleArn } = this;
    if (!access || "workgroupName" in warehouse) throw new Error("there is no loader without delivery loader");
    return {
      database: warehouse.database,
      identifier: warehouse.identifier,
      loadRoleArn: access.role.arn,
      externalId: this.externalId,
      copyRoleArns: [warehouse.copyRole.arn, bucketRoleArn],
    };
  }

  /** The database user of loader and replay, as Redshift names it to the roles of a chain. */
  get databaseUserArn(): string {
    const { warehouse, access, partition, region, accountId } = this;
    const cluster = "identifier" in warehouse ? warehouse.identifier : "";
    return `arn:${partition}:redshift:${region}:${accountId}:dbuser:${cluster}/IAMR:${access?.role.name}`;
  }

  /** Names of the roles in the events' account that this one's policies name beforehand. */
  get loadRoleNames(): LoadRoleNames {
    return { loader: this.nameOf("events-load-function"), replay: this.nameOf("events-replay-function") };
  }

  get bucketRoleName(): string {
    return this.nameOf("events-files");
  }

  get lakeRoleName(): string {
    return this.nameOf("events-lake");
  }

  /** Database of the data catalog that `event-monitor` makes. */
  get lakeDatabase(): string {
    return this.nameOf("events-lake").replaceAll("-", "_");
  }

  private get bucketRoleArn(): string {
    return this.eventRoleArn(this.bucketRoleName);
  }

  private get externalId(): string {
    return this.nameOf("events-loader");
  }

  private eventRoleArn(name: string): string {
    return `arn:${this.partition}:iam::${this.eventAccountId}:role/${name}`;
  }

  private admitLoader(name: string): WarehouseAccess {
    const { loader, replay } = this.loadRoleNames;
    return new WarehouseAccess(this, "access", {
      name,
      target: this.warehouse,
      loaders: { accountId: this.eventAccountId, arns: [this.eventRoleArn(loader), this.eventRoleArn(replay)] },
      externalId: this.externalId,
      bucketRoleArn: this.bucketRoleArn,
    });
  }

  /** An external schema over what `event-monitor` keeps in a columnar format. The roles are a chain, in one account too: only its end may read. */
  private queryLake(name: string, { region, profile }: Settings): void {
    const { copyRole } = this.warehouse;
    const lakeRoleArn = this.eventRoleArn(this.lakeRoleName);
    allow(this, "lake-chain", copyRole, { actions: ["sts:AssumeRole"], on: [lakeRoleArn] });
    this.reachCatalog(region);
    new QueryRunner(this, "lake-migrations", {
      name,
      target: this.warehouse,
      key: this.key,
      dataset: "events_lake",
      values: { database: this.lakeDatabase, region, roles: `${copyRole.arn},${lakeRoleArn}` },
      waitFor: [this.migrations.ready],
      profile,
      logRetentionDays: this.logRetentionDays,
    });
  }

  /**
   * With enhanced VPC routing a cluster asks Glue through its VPC, which has no way out but to S3; files are read by Redshift's own servers, outside of it.
   * https://docs.aws.amazon.com/redshift/latest/mgmt/spectrum-enhanced-vpc.html
   */
  private reachCatalog(region: string): void {
    const { warehouse } = this;
    if (this.events.delivery !== "loader" || !("network" in warehouse)) return;
    const { vpc, subnets } = warehouse.network;
    const serviceName = `com.amazonaws.${region}.glue`;
    const endpoint = new InterfaceEndpoint(this, "catalog", {
      name: this.nameOf("events-glue"),
      serviceName,
      vpc,
      subnets,
    });
    endpoint.admit("warehouse", warehouse.securityGroup);
  }

  /** Name of the role of one delivery stream, where it is not given. */
  roleNameOf(stream: EventStream): string {
    return this.nameOf(`events-${stream}-delivery`);
  }

  private get deliveryRoles() {
    const given = this.events.deliveryRoleArn;
    const own = STREAMS.map((stream) => this.eventRoleArn(this.roleNameOf(stream)));
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

/** What goes with Firehose's own COPY only, or with a cluster only. */
function checkLoader(scope: Construct, { events, warehouse }: Settings): void {
  if (events.delivery !== "loader") return;
  const refuse = (what: string) => {
    throw new SettingsError(`${scope.node.path}: ${what}`);
  };
  if (warehouse.kind === "serverless") {
    refuse(
      'events.delivery "loader" needs warehouse.kind "provisioned": what Redshift Serverless gives as external id in a chain of roles is not documented',
    );
  }
  for (const name of ["copyOptions", "deliveryRoleArn"] as const) {
    if (events[name] !== undefined) {
      refuse(`events.${name} ${JSON.stringify(events[name])} is of events.delivery "firehose"; leave it out`);
    }
  }
}
