import type { Construct } from "constructs";
import { Bucket } from "../modules/bucket";
import { EncryptionKey } from "../modules/encryption-key";
import { Alarms } from "../modules/observability";
import { QueryRunner, type QueryRunnerProps } from "../modules/query-runner";
import { Replay } from "../modules/replay";
import { type LoadTable, loadsInto, OWN_PREFIX, S3Loader } from "../modules/s3-loader";
import type { Settings } from "../settings";
import { PipelineStack } from "./pipeline-stack";
import { checkHourColumns, loaderOutputs, MANIFEST_DAYS } from "./table-loads";
import { createWarehouse, warehouseOutputs } from "./warehouse";

/** Tables of sql/kpis, one a format. */
const TABLES: readonly LoadTable[] = [
  {
    name: "kpis",
    columns: ["kpi", "measured_on", "region", "value"],
    copy: { format: "csv" },
    hourColumn: "source_hour",
  },
  {
    name: "page_views",
    columns: ["view_id", "page", "viewed_at", "duration_ms"],
    copy: { format: "json", compression: "gzip", timeFormat: "auto" },
    dedupKey: ["view_id"],
    hourColumn: "source_hour",
  },
  {
    name: "sensors",
    columns: ["sensor_id", "read_at", "celsius"],
    copy: { format: "parquet" },
    hourColumn: "source_hour",
  },
];

/** Files put into a bucket, in the tables of a private warehouse: each version once, the bad ones set aside, any hour again. */
export class S3LoaderStack extends PipelineStack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, settings);
    const { profile, loader: own } = settings;
    const nameOf = (part: string) => this.nameOf(`load-${part}`);
    const { disposable, logRetentionDays } = this;

    const key = new EncryptionKey(this, "key", {
      description: `Files of ${id}`,
      deletionWindowDays: disposable ? 7 : 30,
    });
    const bucket = new Bucket(this, "files", {
      name: nameOf("files"),
      key,
      forceDestroy: disposable,
      temporary: { prefix: OWN_PREFIX, days: MANIFEST_DAYS },
      archive:
        own.archiveAfterDays === undefined
          ? undefined
          : [{ afterDays: own.archiveAfterDays, storageClass: own.archiveClass }],
    });
    const target = createWarehouse(this, { settings, key, nameOf, delivery: "loader", database: own.database });
    const alarms = new Alarms(this, "alarms", { name: nameOf("alarms"), key });
    const tables = own.tables ?? TABLES;
    const { auth, dataset, tables: _, database, archiveAfterDays, archiveClass, ...limits } = own;
    const grants = loadsInto(tables);
    const migrate = (users: Pick<QueryRunnerProps, "iamRoles" | "loaderGrants" | "loader" | "loaderIn">) =>
      new QueryRunner(this, "migrations", {
        name: nameOf("migrate"),
        target,
        key,
        dataset,
        ...users,
        profile,
        logRetentionDays,
      });
    // The user of a password is there before the functions that read it; a function's own comes after its role.
    const loaderIn = auth === "ssm" ? "parameter" : "secret";
    const before = auth === "iam" ? undefined : migrate({ loader: "s3_loader", loaderGrants: grants, loaderIn });
    const parameter = before?.userParameter;
    const loader = new S3Loader(this, "loader", {
      name: nameOf("objects"),
      key,
      bucket,
      target,
      tables,
      secretArn: before?.userSecret?.arn,
      driver: parameter && {
        region: settings.region,
        host: target.endpointHost,
        port: target.endpointPort,
        securityGroup: target.securityGroup,
        parameter: { name: parameter.name, arn: parameter.arn },
      },
      disposable,
      alarms,
      logRetentionDays,
      ...limits,
    });
    const replay = new Replay(this, "replay", {
      name: nameOf("replay"),
      key,
      loader,
      bucket,
      alarms,
      logRetentionDays,
    });
    const roles = [loader.function.role, replay.function.role];
    const migrations = before ?? migrate({ iamRoles: roles.map(({ name }) => ({ roleName: name, grants })) });
    checkHourColumns(this, [dataset], tables);
    loader.start(migrations.ready);

    this.output({
      ...loaderOutputs({ bucket, tables, loader, replay, alarms }),
      ...warehouseOutputs(target),
    });
  }
}
