import * as path from "node:path";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { KinesisAnalyticsApplication } from "@cdktf/provider-aws/lib/kinesis-analytics-application";
import { Annotations } from "cdktf";
import { Construct } from "constructs";
import type { RecordShape } from "../../lambda-src/events/telemetry";
import { ConfigError, checkMatch } from "../support/check";
import { allow } from "../support/iam";
import { applicationLog } from "./application-log";
import { applicationRole } from "./application-role";
import { streamSelect } from "./pump";
import { recordColumns } from "./record-columns";
import { selectFile, sqlFile } from "./sql-file";

/** The in-application stream of the input is the prefix and a number: `sg12_prefix_001`. */
const INPUT_PREFIX = "sg12_prefix";
/** The in-application stream that the output is made of. */
const OUTPUT = "DESTINATION_SQL_STREAM";
/** Beside the SELECT: the statements that pump its rows into the output. */
const PUMP = "pump.sql";
/** The service takes at most 100 KB of code. */
const CODE_BYTES = 102_400;

const SQL_ENGINE_IS_GONE =
  'AWS creates no SQL application any more (closed to new ones since 2025-10-15, deleted since 2026-01-27), so an apply to an account stops here; engine "sql" is for reading along, engine "flink" runs the same SELECT';

export interface SqlApplicationProps {
  /** 1 to 128 characters of letters, digits, `_`, `.` and `-`. */
  readonly name: string;

  /** Delivery stream that is read: its records before any transformation. It takes direct puts. */
  readonly source: { readonly arn: string };

  /** Fields of the records: the columns the SELECT can name, those of nested records flattened. */
  readonly shape: RecordShape;

  /** Delivery stream that gets the rows, as CSV. */
  readonly delivery: { readonly arn: string; grantPut(grantee: IamRole): void };

  /** File of the SELECT, from the project's folder; `pump.sql` beside it wraps it. */
  readonly select: string;

  /** Key that encrypts the log. */
  readonly key: { readonly arn: string };

  /**
   * Days the log is kept, one of the terms CloudWatch Logs knows.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * The SELECT as Kinesis Data Analytics for SQL ran it, between two delivery streams: the resource and the statement of the original pipeline.
 *
 * AWS creates no such application any more. It synthesizes, validates and plans, with a warning, and an apply to an account is refused by AWS.
 *
 * @example
 * new SqlApplication(this, "analytics", {
 *   name: "telemetry", source: raw, shape: TELEMETRY, delivery: processed, select: "sql/telemetry/analytics/fast-laps.sql", key,
 * });
 */
export class SqlApplication extends Construct {
  /** The application itself, for anything these props do not cover. */
  readonly application: KinesisAnalyticsApplication;

  /** Role the application has: reads the one delivery stream, puts on the other. */
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: SqlApplicationProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_.-]{1,128}$/, "1 to 128 letters, digits, _, . and -");
    const code = this.code(props);
    Annotations.of(this).addWarning(SQL_ENGINE_IS_GONE);

    const log = applicationLog(this, props);
    this.role = applicationRole(this, props.name, new DataAwsRegion(this, "region").name);
    const access = allow(
      this,
      "access",
      this.role,
      // Get* is AWS's own wording: an accessor inside of the service, whose actions have no public names.
      { actions: ["firehose:DescribeDeliveryStream", "firehose:Get*"], on: [props.source.arn] },
      { actions: ["firehose:DescribeDeliveryStream"], on: [props.delivery.arn] },
      { actions: ["logs:PutLogEvents"], on: [log.stream.arn] },
    );
    props.delivery.grantPut(this.role);
    this.application = this.createApplication(props, code, log.stream.arn, access);
  }

  get arn(): string {
    return this.application.arn;
  }

  get name(): string {
    return this.application.name;
  }

  private createApplication(props: SqlApplicationProps, code: string, logStreamArn: string, access: IamRolePolicy) {
    const roleArn = this.role.arn;
    return new KinesisAnalyticsApplication(this, "application", {
      name: props.name,
      code,
      // A running application was billed by the hour.
      startApplication: false,
      inputs: {
        namePrefix: INPUT_PREFIX,
        kinesisFirehose: { resourceArn: props.source.arn, roleArn },
        parallelism: { count: 1 },
        schema: {
          recordColumns: [...recordColumns(props.shape)],
          recordEncoding: "UTF-8",
          recordFormat: { mappingParameters: { json: { recordRowPath: "$" } } },
        },
      },
      outputs: [
        {
          name: OUTPUT,
          schema: { recordFormatType: "CSV" },
          kinesisFirehose: { resourceArn: props.delivery.arn, roleArn },
        },
      ],
      cloudwatchLoggingOptions: { logStreamArn, roleArn },
      dependsOn: [access],
    });
  }

  /** `pump.sql` around the SELECT. */
  private code({ select, shape }: SqlApplicationProps): string {
    const file = path.posix.join(path.posix.dirname(select), PUMP);
    const pump = sqlFile(this, "select", file);
    if (!pump.includes(`"${OUTPUT}"`) || !pump.includes("${select}")) {
      throw new ConfigError(this, `select: ${file} must pump \${select} into "${OUTPUT}"`);
    }
    const streaming = streamSelect(this, selectFile(this, select), {
      stream: `${INPUT_PREFIX}_001`,
      columns: recordColumns(shape).map(({ name }) => name),
      nested: Object.keys(shape).filter((field) => typeof shape[field] !== "string"),
    });
    const code = `${pump.replace("${select}", () => streaming)};\n`;
    const bytes = Buffer.byteLength(code);
    if (bytes > CODE_BYTES) {
      throw new ConfigError(this, `select: ${select} makes code of ${bytes} bytes, AWS takes at most ${CODE_BYTES}`);
    }
    return code;
  }
}
