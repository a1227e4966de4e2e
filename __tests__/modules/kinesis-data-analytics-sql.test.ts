import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { KinesisAnalyticsApplication } from "@cdktf/provider-aws/lib/kinesis-analytics-application";
import type { TerraformStack } from "cdktf";
import { TELEMETRY } from "../../lambda-src/events/telemetry";
import { EncryptionKey } from "../../modules/encryption-key";
import { SqlApplication, type SqlApplicationProps } from "../../modules/kinesis-data-analytics";
import { recordColumns } from "../../modules/kinesis-data-analytics/record-columns";
import { emptyStack, resources, statementsOf } from "../support/synth";

let stack: TerraformStack;
let granted: IamRole[];
beforeEach(() => {
  stack = emptyStack();
  granted = [];
});

const minimal = (over: Partial<SqlApplicationProps> = {}) =>
  new SqlApplication(stack, "analytics", {
    name: "telemetry",
    source: { arn: "arn:aws:firehose:us-east-1:111122223333:deliverystream/raw" },
    shape: TELEMETRY,
    delivery: {
      arn: "arn:aws:firehose:us-east-1:111122223333:deliverystream/processed",
      grantPut: (role) => granted.push(role),
    },
    select: "sql/telemetry/analytics/fast-laps.sql",
    key: new EncryptionKey(stack, "key", { description: "k" }),
    ...over,
  });
const application = () => resources(stack, KinesisAnalyticsApplication)[0];

describe("SqlApplication", () => {
  it("pumps the SELECT that Flink runs into its output", () => {
    minimal();
    expect(application().code).toBe(`CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (
  "speed"    DOUBLE,
  "rpm"      INTEGER,
  "gear"     INTEGER,
  "throttle" DOUBLE
);
CREATE OR REPLACE PUMP "STREAM_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM "speed", "rpm", "gear", "throttle"
FROM "sg12_prefix_001"
WHERE "speed" >= 200;
`);
  });

  it("reads the first delivery stream as JSON and writes the second as CSV, and is not started", () => {
    minimal();
    expect(application()).toMatchObject({
      name: "telemetry",
      start_application: false,
      inputs: {
        name_prefix: "sg12_prefix",
        kinesis_firehose: { resource_arn: "arn:aws:firehose:us-east-1:111122223333:deliverystream/raw" },
        schema: {
          record_encoding: "UTF-8",
          record_format: { mapping_parameters: { json: { record_row_path: "$" } } },
        },
      },
      outputs: [
        {
          name: "DESTINATION_SQL_STREAM",
          schema: { record_format_type: "CSV" },
          kinesis_firehose: { resource_arn: "arn:aws:firehose:us-east-1:111122223333:deliverystream/processed" },
        },
      ],
    });
    expect(application().inputs.schema.record_columns).toHaveLength(recordColumns(TELEMETRY).length);
  });

  it("flattens the wheels in the order of the record: front_left, front_left0, front_left1 ...", () => {
    const columns = recordColumns(TELEMETRY);
    expect(columns.filter(({ name }) => name.startsWith("front_left"))).toEqual([
      { name: "front_left", sqlType: "DOUBLE", mapping: "$.suspension.damper_settings.front_left" },
      { name: "front_left0", sqlType: "DOUBLE", mapping: "$.temperatures.brakes.front_left" },
      { name: "front_left1", sqlType: "DOUBLE", mapping: "$.temperatures.tires.front_left" },
      { name: "front_left2", sqlType: "DOUBLE", mapping: "$.pressures.brakes.front_left" },
      { name: "front_left3", sqlType: "DOUBLE", mapping: "$.pressures.tires.front_left" },
    ]);
    expect(columns.slice(0, 3)).toEqual([
      { name: "speed", sqlType: "DOUBLE", mapping: "$.speed" },
      { name: "rpm", sqlType: "INTEGER", mapping: "$.rpm" },
      { name: "gear", sqlType: "INTEGER", mapping: "$.gear" },
    ]);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
  });

  it("may read the one delivery stream, look at the other and write its log, and no more", () => {
    const { role } = minimal();
    expect(statementsOf(stack, "analytics_role")).toEqual([
      {
        actions: ["firehose:DescribeDeliveryStream", "firehose:Get*"],
        resources: ["arn:aws:firehose:us-east-1:111122223333:deliverystream/raw"],
      },
      {
        actions: ["firehose:DescribeDeliveryStream"],
        resources: ["arn:aws:firehose:us-east-1:111122223333:deliverystream/processed"],
      },
      {
        actions: ["logs:PutLogEvents"],
        resources: [expect.stringMatching(/^\$\{aws_cloudwatch_log_stream\..*\.arn\}$/)],
      },
    ]);
    expect(granted).toEqual([role]);
  });

  it("warns that AWS creates no such application any more", () => {
    const warnings = minimal().node.metadata.map(({ data }) => data);
    expect(warnings).toEqual([
      'AWS creates no SQL application any more (closed to new ones since 2025-10-15, deleted since 2026-01-27), so an apply to an account stops here; engine "sql" is for reading along, engine "flink" runs the same SELECT',
    ]);
  });

  describe("with another SELECT", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), "redstream-select-"));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const write = (select: string, pump = 'CREATE PUMP p AS INSERT INTO "DESTINATION_SQL_STREAM" ${select};') => {
      writeFileSync(path.join(folder, "some.sql"), select);
      writeFileSync(path.join(folder, "pump.sql"), pump);
      return `${folder}/some.sql`;
    };

    it("leaves literals, comments' words and functions as they are", () => {
      minimal({
        select: write("SELECT UPPER('speed from x') AS s, t.speed FROM telemetry AS t WHERE rpm > 1 -- gear"),
      });
      expect(application().code).toBe(
        `CREATE PUMP p AS INSERT INTO "DESTINATION_SQL_STREAM" SELECT STREAM UPPER('speed from x') AS s, t."speed" FROM "sg12_prefix_001" AS t WHERE "rpm" > 1;\n`,
      );
    });

    it.each<[string, string, string | undefined, string]>([
      [
        "a nested record",
        "SELECT temperatures.engine FROM telemetry",
        undefined,
        "select names temperatures, a record inside of the record, which engine sql has no name for",
      ],
      [
        "two tables",
        "SELECT speed FROM a, (SELECT 1 FROM b)",
        undefined,
        "select must read one table for engine sql, got 2 FROM",
      ],
      ["what is no SELECT", "DROP STREAM x", undefined, 'some.sql must hold one SELECT, got "DROP STREAM x"'],
      [
        "a pump without the SELECT",
        "SELECT speed FROM t",
        "SELECT 1",
        'pump.sql must pump ${select} into "DESTINATION_SQL_STREAM"',
      ],
    ])("refuses %s", (_, select, pump, message) => {
      const file = write(select, pump);
      expect(() => minimal({ select: file })).toThrow(message);
    });
  });

  it("refuses a name that AWS does", () => {
    expect(() => minimal({ name: "fast laps" })).toThrow(
      't/analytics: name must be 1 to 128 letters, digits, _, . and -, got "fast laps"',
    );
  });
});
