import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Kinesisanalyticsv2Application } from "@cdktf/provider-aws/lib/kinesisanalyticsv2-application";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { App, TerraformStack } from "cdktf";
import { TELEMETRY } from "../../lambda-src/events/telemetry";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import { AnalyticsApplication, type AnalyticsApplicationProps } from "../../modules/kinesis-data-analytics";
import { flinkColumns } from "../../modules/kinesis-data-analytics/columns";
import { checkProperties, verbatim } from "../../modules/kinesis-data-analytics/properties";
import { withoutComments } from "../../modules/kinesis-data-analytics/sql-file";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
  granted = [];
});

let granted: IamRole[] = [];

function minimal(over: Partial<AnalyticsApplicationProps> = {}): AnalyticsApplication {
  const key = new EncryptionKey(stack, "key", { description: "k" });
  return new AnalyticsApplication(stack, "analytics", {
    name: "telemetry",
    engine: "flink",
    source: { name: "stream", grantRead: (role) => granted.push(role) },
    shape: TELEMETRY,
    delivery: { name: "processed", grantPut: (role) => granted.push(role) },
    select: "sql/telemetry/analytics/fast-laps.sql",
    codeBucket: new Bucket(stack, "bucket", { name: "code", key }),
    key,
    ...over,
  });
}

const configuration = () => resources(stack, Kinesisanalyticsv2Application)[0].application_configuration;
const properties = () => configuration().environment_properties.property_group[0].property_map;

describe("AnalyticsApplication", () => {
  it("is not started by apply unless told so, keeps snapshots, runs on one task", () => {
    minimal();
    expect(resources(stack, Kinesisanalyticsv2Application)).toMatchObject([
      {
        name: "telemetry",
        runtime_environment: "FLINK-1_19",
        start_application: false,
        application_configuration: {
          application_code_configuration: { code_content_type: "ZIPFILE" },
          application_snapshot_configuration: { snapshots_enabled: true },
          flink_application_configuration: {
            checkpoint_configuration: { configuration_type: "CUSTOM", checkpoint_interval: 60_000 },
            parallelism_configuration: { parallelism: 1, parallelism_per_kpu: 1, auto_scaling_enabled: false },
          },
        },
      },
    ]);
  });

  it("gives the runner the SELECT as it stands in its file, without comments", () => {
    minimal();
    expect(properties().select).toBe("SELECT speed, rpm, gear, throttle\nFROM telemetry\nWHERE speed >= 200");
  });

  it("reads what was put before the start, unless told otherwise", () => {
    minimal();
    expect(properties()["source.position"]).toBe("TRIM_HORIZON");
  });

  it("names the stream, the delivery stream and the Region once, as values of the statements", () => {
    minimal();
    expect(properties()).toMatchObject({
      "source.stream": "stream",
      "delivery.stream": "processed",
      "aws.region": expect.stringContaining("data.aws_region"),
      "script.1": expect.stringContaining("'stream' = '$${source.stream}'"),
      "script.2": expect.stringContaining("'delivery-stream' = '$${delivery.stream}'"),
      "script.3": expect.stringContaining("FROM ($${select})"),
    });
  });

  it("may read its own program and write its own log, and no more beside the stream and the delivery stream", () => {
    const { role } = minimal();
    expect(statementsOf(stack, "analytics_role")).toEqual([
      {
        actions: ["s3:GetObject", "s3:GetObjectVersion"],
        resources: [expect.stringMatching(/^\$\{aws_s3_bucket\.\w+\.arn\}\/flink-sql-runner\.jar$/)],
      },
      { actions: ["kms:Decrypt"], resources: [expect.stringMatching(/^\$\{aws_kms_key\.\w+\.arn\}$/)] },
      {
        actions: ["logs:DescribeLogGroups"],
        resources: [expect.stringMatching(/^\$\{replace\(aws_cloudwatch_log_group\.\w+\.arn, .*name, "\*"\)\}$/)],
      },
      {
        actions: ["logs:DescribeLogStreams"],
        resources: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.\w+\.arn\}:log-stream:\*$/)],
      },
      {
        actions: ["logs:PutLogEvents"],
        resources: [expect.stringMatching(/^\$\{aws_cloudwatch_log_stream\..+\.arn\}$/)],
      },
    ]);
    expect(granted.map((one) => one === role)).toEqual([true, true]);
  });

  it("has a role that AWS assumes for this application only", () => {
    minimal();
    const documents = Object.entries<{ statement: unknown }>(synthesized(stack).data.aws_iam_policy_document);
    const trust = documents.find(([id]) => id.startsWith("analytics_role-trust"))?.[1];
    expect(trust?.statement).toEqual([
      {
        actions: ["sts:AssumeRole"],
        principals: [{ type: "Service", identifiers: ["kinesisanalytics.amazonaws.com"] }],
        condition: [
          { test: "StringEquals", variable: "aws:SourceAccount", values: [expect.stringContaining(".account_id}")] },
          {
            test: "ArnEquals",
            variable: "aws:SourceArn",
            values: [expect.stringMatching(/^arn:\$\{.+\}:kinesisanalytics:\$\{.+\}:\$\{.+\}:application\/telemetry$/)],
          },
        ],
      },
    ]);
  });

  it("encrypts its log and keeps it for 30 days", () => {
    minimal();
    expect(resources(stack, CloudwatchLogGroup)).toMatchObject([
      {
        name: "/aws/kinesis-analytics/telemetry",
        retention_in_days: 30,
        kms_key_id: expect.stringContaining("aws_kms_key"),
      },
    ]);
  });

  it("names the program's version, so that a new JAR is a planned change", () => {
    minimal();
    expect(configuration().application_code_configuration.code_content.s3_content_location.object_version).toMatch(
      /^\$\{aws_s3_object\.\w+\.version_id\}$/,
    );
  });

  it("uploads the program once the bucket keeps versions and encrypts", () => {
    minimal();
    expect(resources(stack, S3Object)[0].depends_on).toEqual([
      expect.stringContaining("aws_s3_bucket_server_side_encryption_configuration"),
      expect.stringContaining("aws_s3_bucket_versioning"),
    ]);
  });

  it("stops a plan without the JAR with the line that names the command which builds it", () => {
    minimal();
    expect(resources(stack, S3Object)[0]).toMatchObject({
      source: "${path.module}/flink-sql-runner.jar",
      source_hash:
        '${fileexists("${path.module}/flink-sql-runner.jar") ? filemd5("${path.module}/flink-sql-runner.jar") : null}',
      lifecycle: {
        precondition: [
          {
            condition: '${fileexists("${path.module}/flink-sql-runner.jar")}',
            error_message:
              'flink-sql-runner.jar is not in the stack\'s folder; build it with "npm run build:jar" and synthesize again',
          },
        ],
      },
    });
  });

  it.each([
    ["spark", 'engine must be one of flink, sql, got "spark"'],
    ["sql", 'engine "sql" is SqlApplication; this is an application of Flink'],
  ])("refuses engine %s", (engine, message) => {
    expect(() => minimal({ engine: engine as "flink" })).toThrow(`t/analytics: ${message}`);
  });

  it.each([0, 65])("refuses %d parallel tasks", (parallelism) => {
    expect(() => minimal({ parallelism })).toThrow(
      `t/analytics: parallelism must be between 1 and 64, got ${parallelism}`,
    );
  });

  it.each([0, 9])("refuses %d tasks a KPU", (parallelismPerKpu) => {
    expect(() => minimal({ parallelismPerKpu })).toThrow(
      `t/analytics: parallelismPerKpu must be between 1 and 8, got ${parallelismPerKpu}`,
    );
  });

  it("refuses a checkpoint interval under a second", () => {
    expect(() => minimal({ checkpointIntervalMilliseconds: 999 })).toThrow(
      "t/analytics: checkpointIntervalMilliseconds must be between 1000 and 3600000, got 999",
    );
  });

  it("refuses a SELECT file that is not there", () => {
    expect(() => minimal({ select: "sql/telemetry/analytics/none.sql" })).toThrow(
      "t/analytics: select: there is no file sql/telemetry/analytics/none.sql in the project",
    );
  });

  it("refuses a SELECT file that holds something else", () => {
    expect(() => minimal({ select: "sql/telemetry/analytics/sink.sql" })).toThrow(
      't/analytics: select: sql/telemetry/analytics/sink.sql must hold one SELECT, got "CREATE TABLE fast_laps (\\n  line STRING\\n) WITH (\\n  \'connector"',
    );
  });

  it("refuses a runtime property that is too long for AWS", () => {
    expect(() => checkProperties(stack, { select: "x".repeat(2049) })).toThrow(
      "t: runtime property select must have 1 to 2048 characters, got 2049; move a part of it into a property of its own",
    );
  });

  it("gives every field of a telemetry record a column", () => {
    const names = (shape: object): string[] =>
      Object.entries(shape).flatMap(([name, type]) => [name, ...(typeof type === "object" ? names(type) : [])]);
    const columns = flinkColumns(TELEMETRY);
    expect([...columns.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(names(TELEMETRY));
    expect(columns).toContain("`gear` INT, `throttle` DOUBLE");
    expect(columns).toContain("`suspension` ROW<`ride_height` DOUBLE, `damper_settings` ROW<`front_left` DOUBLE");
  });

  it("takes comments out of SQL, but not out of literals and hints", () => {
    expect(withoutComments("-- a\nSELECT '--x' /* b */, `/*c*/` /*+ HINT */ FROM t -- end")).toBe(
      "SELECT '--x' , `/*c*/` /*+ HINT */ FROM t ",
    );
  });

  it("keeps Terraform from reading what is for the runner", () => {
    expect(verbatim("${a} %{b} $c")).toBe("$${a} %%{b} $c");
  });

  it("writes the same JSON with and without the JAR, and copies the JAR beside it when it is built", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "jar-"));
    const here = process.cwd();
    const said = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      const synth = (outdir: string) => {
        const app = new App({ outdir: path.join(folder, outdir), skipValidation: true });
        stack = new TerraformStack(app, "t");
        minimal();
        // Where the JAR is looked for; the SQL was read from the project.
        process.chdir(folder);
        app.synth();
        process.chdir(here);
        return path.join(folder, outdir, "stacks", "t");
      };
      const without = synth("without");
      expect(said).toHaveBeenCalledWith(
        't: flink-sql-runner.jar is not in the stack\'s folder; build it with "npm run build:jar" and synthesize again\n',
      );
      expect(existsSync(path.join(without, "flink-sql-runner.jar"))).toBe(false);

      mkdirSync(path.join(folder, "flink/sql-runner/target"), { recursive: true });
      writeFileSync(path.join(folder, "flink/sql-runner/target/flink-sql-runner.jar"), "PK");
      const withJar = synth("with");
      expect(readFileSync(path.join(withJar, "flink-sql-runner.jar"), "utf8")).toBe("PK");
      const json = (at: string) => readFileSync(path.join(at, "cdk.tf.json"), "utf8");
      expect(json(withJar)).toBe(json(without));
    } finally {
      process.chdir(here);
      said.mockRestore();
    }
  });
});
