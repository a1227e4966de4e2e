import * as path from "node:path";
import type { CloudwatchLogStream } from "@cdktf/provider-aws/lib/cloudwatch-log-stream";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Kinesisanalyticsv2Application } from "@cdktf/provider-aws/lib/kinesisanalyticsv2-application";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { RecordShape } from "../../lambda-src/events/telemetry";
import type { Bucket } from "../bucket";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import { allow } from "../support/iam";
import { applicationLog } from "./application-log";
import { applicationRole } from "./application-role";
import { flinkColumns } from "./columns";
import { checkProperties, verbatim } from "./properties";
import { RunnerJar } from "./runner-jar";
import { selectFile, sqlFile } from "./sql-file";

/** What may evaluate the SELECT: this construct, or `SqlApplication`. */
const ENGINES = ["flink", "sql"] as const;
const POSITIONS = ["TRIM_HORIZON", "LATEST"] as const;

/** What Flink SQL reads of the project's own folder, in the order it runs. Each lies beside the SELECT. */
const STATEMENTS = ["source.sql", "sink.sql", "deliver.sql"];

export interface AnalyticsApplicationProps {
  /** 1 to 128 characters of letters, digits, `_`, `.` and `-`. */
  readonly name: string;

  /** What evaluates the SELECT: `flink` is Managed Service for Apache Flink. `sql` is `SqlApplication`. */
  readonly engine: "flink";

  /** Stream that is read; `DataStream` is one. */
  readonly source: { readonly name: string; grantRead(grantee: IamRole): void };

  /** Fields of the stream's records: the columns the SELECT can name. */
  readonly shape: RecordShape;

  /** Delivery stream that gets the lines. */
  readonly delivery: { readonly name: string; grantPut(grantee: IamRole): void };

  /**
   * File of the SELECT, from the project's folder. The statements that wrap it lie beside it: `source.sql` and `sink.sql` make the
   * tables, `deliver.sql` makes a line of each row.
   */
  readonly select: string;

  /** Bucket that holds the program. */
  readonly codeBucket: Bucket;

  /** Key that encrypts the code bucket and the log. */
  readonly key: { readonly arn: string };

  /**
   * Where the first start, and one without a snapshot, begins to read: `TRIM_HORIZON` is the oldest record that the stream
   * retains, so what was put before the start is not lost; `LATEST` leaves it out. Any other start goes on at its snapshot.
   *
   * @default "TRIM_HORIZON"
   */
  readonly initialPosition?: (typeof POSITIONS)[number];

  /**
   * Parallel tasks, 1 to 64. More than the source has shards gain nothing.
   *
   * @default 1
   */
  readonly parallelism?: number;

  /**
   * Tasks that share one billed processing unit (KPU, 1 vCPU and 4 GB), 1 to 8.
   *
   * @default 1
   */
  readonly parallelismPerKpu?: number;

  /**
   * Whether AWS adds tasks under load, up to 8 times `parallelism`.
   *
   * @default false
   */
  readonly autoScaling?: boolean;

  /**
   * Milliseconds between checkpoints, 1,000 to 3,600,000. After a failure, records since the last one are read and delivered again.
   *
   * @default 60000
   */
  readonly checkpointIntervalMilliseconds?: number;

  /**
   * Whether `apply` starts the application. A running one is billed by the hour, at least two KPUs.
   *
   * @default false - `redstream analytics start` does
   */
  readonly startApplication?: boolean;

  /**
   * Days the log is kept, one of the terms CloudWatch Logs knows.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * A SELECT that runs on a stream without end and hands its rows, as lines, to a delivery stream.
 *
 * Until it is started nothing arrives there. Delivery is at least once: after a failure the records since the last checkpoint come again.
 *
 * @example
 * new AnalyticsApplication(this, "analytics", {
 *   name: "telemetry", engine: "flink", source: stream, shape: TELEMETRY, delivery: processed,
 *   select: "sql/telemetry/analytics/fast-laps.sql", codeBucket: code, key,
 * });
 */
export class AnalyticsApplication extends Construct {
  /** The application itself, for anything these props do not cover. */
  readonly application: Kinesisanalyticsv2Application;

  /** Role the program has: reads the stream, puts on the delivery stream. */
  readonly role: IamRole;

  private readonly access: IamRolePolicy;

  constructor(scope: Construct, id: string, props: AnalyticsApplicationProps) {
    super(scope, id);
    if (checkOneOf<string>(this, "engine", props.engine, ENGINES) === "sql") {
      throw new ConfigError(this, 'engine "sql" is SqlApplication; this is an application of Flink');
    }
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_.-]{1,128}$/, "1 to 128 letters, digits, _, . and -");
    const region = new DataAwsRegion(this, "region").name;
    const properties = this.properties(props, region);

    const jar = new RunnerJar(this, "code", { bucket: props.codeBucket });
    const { group, stream } = applicationLog(this, props);

    this.role = applicationRole(this, props.name, region);
    this.access = allow(
      this,
      "access",
      this.role,
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], on: [`${props.codeBucket.arn}/${jar.key}`] },
      { actions: ["kms:Decrypt"], on: [props.key.arn] },
      // The service lists groups before it writes; AWS has no narrower resource for that call.
      { actions: ["logs:DescribeLogGroups"], on: [Fn.replace(group.arn, group.name, "*")] },
      { actions: ["logs:DescribeLogStreams"], on: [`${group.arn}:log-stream:*`] },
      { actions: ["logs:PutLogEvents"], on: [stream.arn] },
    );
    props.source.grantRead(this.role);
    props.delivery.grantPut(this.role);

    this.application = this.createApplication(props, properties, jar, stream);
  }

  get arn(): string {
    return this.application.arn;
  }

  get name(): string {
    return this.application.name;
  }

  private createApplication(
    props: AnalyticsApplicationProps,
    properties: Readonly<Record<string, string>>,
    jar: RunnerJar,
    log: CloudwatchLogStream,
  ): Kinesisanalyticsv2Application {
    return new Kinesisanalyticsv2Application(this, "application", {
      name: props.name,
      // What the connectors in the JAR are built for.
      runtimeEnvironment: "FLINK-1_19",
      serviceExecutionRole: this.role.arn,
      startApplication: props.startApplication ?? false,
      applicationConfiguration: {
        applicationCodeConfiguration: {
          codeContentType: "ZIPFILE",
          codeContent: {
            s3ContentLocation: {
              bucketArn: props.codeBucket.arn,
              fileKey: jar.key,
              objectVersion: jar.object.versionId,
            },
          },
        },
        environmentProperties: {
          propertyGroup: [{ propertyGroupId: "SqlRunner", propertyMap: { ...properties } }],
        },
        // A stop keeps the position of every shard, and the next start goes on there.
        applicationSnapshotConfiguration: { snapshotsEnabled: true },
        flinkApplicationConfiguration: {
          checkpointConfiguration: {
            configurationType: "CUSTOM",
            checkpointingEnabled: true,
            checkpointInterval: checkInteger(
              this,
              "checkpointIntervalMilliseconds",
              props.checkpointIntervalMilliseconds ?? 60_000,
              1000,
              3_600_000,
            ),
            minPauseBetweenCheckpoints: 5000,
          },
          monitoringConfiguration: { configurationType: "CUSTOM", logLevel: "INFO", metricsLevel: "APPLICATION" },
          parallelismConfiguration: {
            configurationType: "CUSTOM",
            parallelism: checkInteger(this, "parallelism", props.parallelism ?? 1, 1, 64),
            parallelismPerKpu: checkInteger(this, "parallelismPerKpu", props.parallelismPerKpu ?? 1, 1, 8),
            autoScalingEnabled: props.autoScaling ?? false,
          },
        },
      },
      cloudwatchLoggingOptions: { logStreamArn: log.arn },
      dependsOn: [this.access],
    });
  }

  /** What the SQL runner is given: the statements, and what stands in them as `${name}`. */
  private properties(props: AnalyticsApplicationProps, region: string): Record<string, string> {
    const folder = path.posix.dirname(props.select);
    const scripts = STATEMENTS.map((file) => sqlFile(this, "select", path.posix.join(folder, file)));
    const select = selectFile(this, props.select);
    const texts = { ...Object.fromEntries(scripts.map((sql, i) => [`script.${i + 1}`, sql])), select };
    checkProperties(this, { ...texts, columns: flinkColumns(props.shape) });
    return {
      ...Object.fromEntries(Object.entries(texts).map(([name, sql]) => [name, verbatim(sql)])),
      columns: flinkColumns(props.shape),
      "source.stream": props.source.name,
      "source.position": checkOneOf(this, "initialPosition", props.initialPosition ?? "TRIM_HORIZON", POSITIONS),
      "delivery.stream": props.delivery.name,
      "aws.region": region,
    };
  }
}
