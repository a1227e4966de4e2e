import { readFileSync } from "node:fs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { namedQueries, namedQuery, runQuery } from "../../cli/athena";
import type { Answer } from "../../cli/query";
import { type JsonCaller, jsonCall } from "../../local/json-call";
import { Applied, changesOf } from "./support/applied";
import { fast, recordsOf, sql } from "./support/records";
import { synthesizeWith } from "./support/synthesized";

jest.setTimeout(60_000);

/** What the warehouse stack keeps its raw records as: Parquet, a folder a gear, in the hours of a zone ahead of UTC, beside what came. */
const COLUMNAR = {
  telemetry: {
    raw: {
      format: "parquet",
      compression: "GZIP",
      backup: true,
      timeZone: "Asia/Tokyo",
      partitioning: {
        lap_gear: { expression: ".gear", values: Array.from({ length: 8 }, (_, i) => String(i + 1)) },
      },
    },
  },
};

/** The lake and the warehouse, each on a local AWS of its own, with the same records sent to both. */
let lake: Applied;
let warehouse: Applied;
let columnar: string;
const sent = recordsOf(1200, 23);

beforeAll(async () => {
  let synthesized: readonly [string, string];
  [synthesized, lake, warehouse] = await Promise.all([
    (async () => [await synthesizeWith(), await synthesizeWith(COLUMNAR)] as const)(),
    Applied.start("telemetry-lake", 60),
    Applied.start("telemetry-warehouse", 60),
  ]);
  columnar = synthesized[1];
  await Promise.all(
    [lake, warehouse].map(async (applied, i) => {
      await applied.apply(synthesized[i]!);
      await applied.startAnalytics();
      await applied.send(sent.length, 23);
      await applied.settle();
    }),
  );
}, 900_000);

afterAll(async () => {
  await Promise.all([lake?.stop(), warehouse?.stop()]);
});

const workgroupOf = ({ outputs }: Applied) => (outputs as unknown as Record<string, string>).athena_workgroup!;
const databaseOf = ({ outputs }: Applied) => (outputs as unknown as Record<string, string>).athena_database!;
const callerOf = ({ gateway }: Applied): JsonCaller => gateway.aws.internal;
const run = (on: Applied, text: string, caller = callerOf(on)) =>
  runQuery(caller, { QueryString: text, Database: databaseOf(on), WorkGroup: workgroupOf(on) });
const runNamed = async (on: Applied, name: string) =>
  runQuery(callerOf(on), await namedQuery(callerOf(on), workgroupOf(on), name));

/** Values as numbers. */
const numbers = ({ rows }: Answer) => rows.map((row) => row.map(Number));
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Sums of doubles depend on their order in the last digits. */
function expectSame(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  found.forEach((row, i) => {
    row.forEach((value, k) => {
      const wanted = expected[i]![k]!;
      expect({
        at: [i, k],
        same: Math.abs(value - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
        value,
        wanted,
      }).toMatchObject({
        same: true,
      });
    });
  });
}

describe("the lake, by Athena", () => {
  it("holds every record that was sent, its nested readings and its EXTRA2 included", async () => {
    const answer = await run(
      lake,
      "SELECT COUNT(*), SUM(speed), SUM(rpm), SUM(temperatures.tires.rear_right), SUM(suspension.ride_height), SUM(extra2), COUNT(extra2) FROM telemetry",
    );
    expectSame(numbers(answer), [
      [
        sent.length,
        total(sent.map(({ speed }) => speed)),
        total(sent.map(({ rpm }) => rpm)),
        total(sent.map(({ temperatures }) => temperatures.tires.rear_right)),
        total(sent.map(({ suspension }) => suspension.ride_height)),
        total(sent.map(({ fuel_consumption, lap_time }) => fuel_consumption * lap_time)),
        sent.length,
      ],
    ]);
  });

  it("holds in the processed bucket the rows of the warehouse's table, as often as there", async () => {
    const question = (table: string) =>
      `SELECT speed, rpm, gear, throttle, COUNT(*) AS times FROM ${table} GROUP BY speed, rpm, gear, throttle ORDER BY speed, rpm, gear, throttle`;
    const [files, table] = await Promise.all([
      run(lake, question("fast_laps")),
      sql(warehouse, question(warehouse.outputs.warehouse_table!)),
    ]);
    expect(numbers(files)).toEqual(numbers(table));
    expect(total(numbers(files).map((row) => row[4]!))).toBe(sent.filter(fast()).length);
  });

  it.each(["speed_by_gear", "top_speeds", "possible_duplicates"])("answers %s as the warehouse does", async (name) => {
    const text = readFileSync(`sql/telemetry/queries/${name}.sql`, "utf8");
    const [files, table] = await Promise.all([runNamed(lake, name), sql(warehouse, text)]);
    expect(files.columns).toEqual(table.columns);
    // Redshift's average of whole numbers is a whole number, Trino's is not: compared by its whole part.
    const mean = files.columns.indexOf("mean_rpm");
    const comparable = (answer: Answer) =>
      numbers(answer).map((row) => row.map((value, i) => (i === mean ? Math.trunc(value) : value)));
    expectSame(comparable(files), comparable(table));
  });

  it("counts the records by the hour they are filed under", async () => {
    const { columns, rows } = await runNamed(lake, "records_by_hour");
    expect(columns).toEqual(["year", "month", "day", "hour", "records", "without_extra2"]);
    expect(total(rows.map((row) => Number(row[4])))).toBe(sent.length);
    expect(total(rows.map((row) => Number(row[5])))).toBe(0);
  });

  it("leaves out what Firehose put aside", async () => {
    const s3 = new S3Client(lake.gateway.aws.internal);
    const Key = "errors/processing-failed/2026/01/01/x";
    await s3.send(new PutObjectCommand({ Bucket: lake.outputs.raw_bucket, Key, Body: "{}\n" }));
    expect((await run(lake, "SELECT COUNT(*) FROM telemetry")).rows).toEqual([[String(sent.length)]]);
  });

  it("is asked with the caller's own rights: on the workgroup, the catalog, the data and the results", async () => {
    const { aws } = lake.gateway;
    const database = databaseOf(lake);
    const bucket = (name: string) => [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`];
    const results = (await run(lake, "SELECT 1")).location.split("/")[2]!;
    const iam = new IAMClient(aws.internal);
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: "analyst",
        AssumeRolePolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: { AWS: aws.accountId }, Action: "sts:AssumeRole" }],
        }),
      }),
    );
    const { Credentials } = await new STSClient(aws.internal).send(
      new AssumeRoleCommand({ RoleArn: Role!.Arn, RoleSessionName: "test" }),
    );
    const analyst: JsonCaller = {
      ...aws.internal,
      credentials: {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      },
    };
    const grants: object[] = [];
    const allow = (...statement: [string[], string[]]) => {
      grants.push({ Effect: "Allow", Action: statement[0], Resource: statement[1] });
      const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: grants });
      return iam.send(new PutRolePolicyCommand({ RoleName: "analyst", PolicyName: "p", PolicyDocument }));
    };
    const attempt = () => run(lake, "SELECT COUNT(*) FROM telemetry", analyst).then(({ rows }) => rows, String);

    expect(await attempt()).toMatch(
      /not authorized to perform: athena:StartQueryExecution on resource: .*:workgroup\//,
    );
    await allow(["athena:*"], [`arn:aws:athena:${aws.region}:${aws.accountId}:workgroup/${workgroupOf(lake)}`]);
    expect(await attempt()).toMatch(/FAILED: AccessDenied.*glue:GetTable/);
    await allow(
      ["glue:GetTable"],
      ["catalog", `database/${database}`, `table/${database}/*`].map(
        (what) => `arn:aws:glue:${aws.region}:${aws.accountId}:${what}`,
      ),
    );
    expect(await attempt()).toMatch(/FAILED: PERMISSION_DENIED: s3:\/\/redstream-lake-raw/);
    await allow(["s3:GetObject", "s3:ListBucket"], bucket(lake.outputs.raw_bucket));
    expect(await attempt()).toMatch(/FAILED: Access denied when writing output to url: s3:\/\/redstream-lake-results/);
    await allow(["s3:GetObject", "s3:PutObject"], bucket(results));
    expect(await attempt()).toEqual([[String(sent.length)]]);
  }, 60_000);
});

describe("the warehouse stack, by Athena", () => {
  it("has its raw records as Parquet, partitioned by what they hold and planned again without a change", async () => {
    const { rows } = await run(
      warehouse,
      "SELECT lap_gear, COUNT(*), MIN(gear), MAX(gear), SUM(extra2) FROM telemetry GROUP BY lap_gear ORDER BY lap_gear",
    );
    const gears = [...new Set(sent.map(({ gear }) => gear))].sort();
    expectSame(
      rows.map((row) => row.map(Number)),
      gears.map((gear) => {
        const of = sent.filter((record) => record.gear === gear);
        return [
          gear,
          of.length,
          gear,
          gear,
          total(of.map(({ fuel_consumption, lap_time }) => fuel_consumption * lap_time)),
        ];
      }),
    );
    expect(changesOf(await warehouse.take(columnar).terraform.plan())).toEqual([]);
  }, 300_000);

  it("has the raw bucket's table with its queries, and no table of files on their way into the warehouse", async () => {
    expect((await namedQueries(callerOf(warehouse), workgroupOf(warehouse))).map(({ Name }) => Name)).toEqual([
      "consumption",
      "records_by_hour",
      "tires_by_gear",
    ]);
    const { TableList } = await jsonCall<{ TableList: { Name: string }[] }>(
      callerOf(warehouse),
      "glue",
      "AWSGlue.GetTables",
      {
        DatabaseName: databaseOf(warehouse),
      },
    );
    expect(TableList.map(({ Name }) => Name)).toEqual(["telemetry"]);
    const [[records, , , best] = []] = numbers(await runNamed(warehouse, "consumption"));
    expect([records, best]).toEqual([sent.length, Math.min(...sent.map(({ lap_time }) => lap_time))]);
    const tires = await runNamed(warehouse, "tires_by_gear");
    expect(total(numbers(tires).map((row) => row[1]!))).toBe(sent.length);
  });
});
