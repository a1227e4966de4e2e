import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Service } from "../../../../local/gateway/types";
import { createAthena } from "../../../../local/services/athena";
import { temporary } from "../../../support/programs";
import { FakeAws, ROOT, STRANGER } from "./fake-aws";

let fake: FakeAws;
let athena: Service;
let folder: string;

beforeEach(async () => {
  fake = new FakeAws();
  folder = temporary("athena");
  athena = createAthena(await fake.listen(folder));
  fake.tables["lake.laps"] = LAPS;
  fake.tables["lake.telemetry"] = TELEMETRY;
  await call("CreateWorkGroup", {
    Name: "wg",
    Configuration: { ResultConfiguration: { OutputLocation: "s3://results/q/" } },
  });
});
afterEach(async () => {
  await athena.close?.();
  await fake.close();
  rmSync(folder, { recursive: true });
});

const TEXT = "org.apache.hadoop.mapred.TextInputFormat";
/** CSV under YYYY/MM/DD/HH/, as AWS's page on Firehose and partition projection has it. */
const LAPS = {
  PartitionKeys: [{ Name: "datehour", Type: "string" }],
  Parameters: {
    "projection.enabled": "true",
    "projection.datehour.type": "date",
    "projection.datehour.format": "yyyy/MM/dd/HH",
    "projection.datehour.range": "2025/01/01/00,NOW",
    "storage.location.template": "s3://laps/$" + "{datehour}/",
  },
  StorageDescriptor: {
    Location: "s3://laps/",
    InputFormat: TEXT,
    Columns: [
      { Name: "speed", Type: "double" },
      { Name: "gear", Type: "int" },
    ],
    SerdeInfo: {
      SerializationLibrary: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
      Parameters: { "field.delim": ",", "serialization.null.format": "" },
    },
  },
};
/** JSON lines under year=/month=. */
const TELEMETRY = {
  PartitionKeys: [
    { Name: "year", Type: "int" },
    { Name: "month", Type: "int" },
  ],
  Parameters: {
    "projection.enabled": "true",
    "projection.year.type": "integer",
    "projection.year.range": "2025,2034",
    "projection.month.type": "integer",
    "projection.month.range": "1,12",
    "projection.month.digits": "2",
  },
  StorageDescriptor: {
    Location: "s3://raw/",
    InputFormat: TEXT,
    Columns: [
      { Name: "speed", Type: "double" },
      { Name: "gear", Type: "int" },
      { Name: "tires", Type: "struct<front:double,rear:struct<left:double>>" },
      { Name: "extra2", Type: "double" },
    ],
    SerdeInfo: {
      SerializationLibrary: "org.openx.data.jsonserde.JsonSerDe",
      Parameters: { "ignore.malformed.json": "true", "use.null.for.invalid.data": "true" } as Record<string, string>,
    },
  },
};

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name only
type Json = any;

async function call(action: string, input: Record<string, unknown> = {}, caller = ROOT): Promise<Json> {
  const answer = await athena.handle({
    method: "POST",
    path: "/",
    query: new URLSearchParams(),
    headers: { "x-amz-target": `AmazonAthena.${action}` },
    body: Buffer.from(JSON.stringify(input)),
    service: "athena",
    region: "us-east-1",
    caller,
    sourceIp: "127.0.0.1",
  });
  return JSON.parse(String(answer.body));
}

/** Runs a query to its end and describes it. */
async function execute(sql: string, more: Record<string, unknown> = {}, caller = ROOT): Promise<Json> {
  const { QueryExecutionId } = await call(
    "StartQueryExecution",
    { QueryString: sql, WorkGroup: "wg", QueryExecutionContext: { Database: "lake" }, ...more },
    caller,
  );
  for (;;) {
    const { QueryExecution } = await call("GetQueryExecution", { QueryExecutionId });
    if (!["QUEUED", "RUNNING"].includes(QueryExecution.Status.State)) return QueryExecution;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The rows of a query, the header first; NULL is null. */
async function rows(sql: string): Promise<(string | null)[][]> {
  const { QueryExecutionId, Status } = await execute(sql);
  if (Status.State !== "SUCCEEDED") throw new Error(Status.StateChangeReason);
  const { ResultSet } = await call("GetQueryResults", { QueryExecutionId });
  return ResultSet.Rows.map(({ Data }: Json) => Data.map(({ VarCharValue = null }: Json) => VarCharValue));
}

const why = async (sql: string) => {
  const { Status } = await execute(sql);
  return `${Status.State}: ${Status.StateChangeReason}`;
};

describe("a table of CSV lines", () => {
  beforeEach(() => {
    fake.objects.set("laps/2026/03/01/10/a", "250.5,5\n300.0,6\n");
    fake.objects.set("laps/2026/03/01/11/b.gz", gzipSync("200.0,5\n,\n"));
  });

  it("is read as its columns say, compressed files too, an empty field as NULL", async () => {
    expect(await rows("SELECT speed, gear FROM laps ORDER BY speed")).toEqual([
      ["speed", "gear"],
      ["200.0", "5"],
      ["250.5", "5"],
      ["300.0", "6"],
      [null, null],
    ]);
  });

  it("leaves out what lies in no projected partition, and hidden and empty files", async () => {
    for (const key of [
      "errors/format/2026/03/01/x",
      "2024/12/31/23/early",
      "2026/03/01/10/_tmp",
      "2026/03/01/10/.x",
      "2999/01/01/00/late",
    ]) {
      fake.objects.set(`laps/${key}`, "1.0,1\n");
    }
    fake.objects.set("laps/2026/03/01/10/empty", "");
    expect(await rows("SELECT count(*) AS n FROM laps")).toEqual([["n"], ["4"]]);
  });

  it("has the partition as a column, and reads only the partitions that WHERE leaves", async () => {
    expect(
      await rows(
        "SELECT datehour, max(speed) FROM laps AS l WHERE l.datehour > '2026/03/01/10' AND speed > 0 GROUP BY 1",
      ),
    ).toEqual([
      ["datehour", "max(speed)"],
      ["2026/03/01/11", "200.0"],
    ]);
    expect(fake.read.filter((path) => path.startsWith("laps/"))).toEqual(["laps/2026/03/01/11/b.gz"]);
  });

  it("takes text that is no value of the column's type as NULL", async () => {
    fake.objects.set("laps/2026/03/01/12/c", "fast,5.5\n1e400,99999999999\n");
    expect(await rows("SELECT speed, gear FROM laps WHERE datehour = '2026/03/01/12' ORDER BY 1")).toEqual([
      ["speed", "gear"],
      ["Infinity", null],
      [null, null],
    ]);
  });
});

describe("a table of JSON lines", () => {
  it("is read with nested records, keys of any case, and a partition for each key", async () => {
    fake.objects.set(
      "raw/year=2026/month=03/a.gz",
      gzipSync('{"Speed":1.5,"gear":2,"tires":{"front":80.25,"rear":{"Left":9}},"EXTRA2":7}\n{"speed":2,"other":1}\n'),
    );
    expect(
      await rows("SELECT speed, tires.front, tires.rear.left, extra2, year, month FROM telemetry ORDER BY speed"),
    ).toEqual([
      ["speed", "front", "left", "extra2", "year", "month"],
      ["1.5", "80.25", "9.0", "7.0", "2026", "3"],
      ["2.0", null, null, null, "2026", "3"],
    ]);
  });

  it("skips lines that are no JSON and takes values of another type as NULL, where its SerDe is told to", async () => {
    fake.objects.set(
      "raw/year=2026/month=03/a",
      '{"speed":1\n[1]\n{"speed":"fast","gear":1.5,"tires":3}\n{"speed":"250.5","gear":4}\n',
    );
    expect(await rows("SELECT speed, gear, tires.front FROM telemetry ORDER BY speed")).toEqual([
      ["speed", "gear", "front"],
      ["250.5", "4", null],
      [null, null, null],
    ]);
  });

  it("fails the query otherwise", async () => {
    fake.tables["lake.strict"] = {
      ...TELEMETRY,
      StorageDescriptor: {
        ...TELEMETRY.StorageDescriptor,
        SerdeInfo: { ...TELEMETRY.StorageDescriptor.SerdeInfo, Parameters: {} },
      },
    };
    fake.objects.set("raw/year=2026/month=03/a", '{"speed":"fast"}\n');
    expect(await why("SELECT speed FROM strict")).toBe(
      'FAILED: HIVE_BAD_DATA: Error parsing field value "fast" for field speed',
    );
    fake.objects.set("raw/year=2026/month=03/a", "fast\n");
    expect(await why("SELECT speed FROM strict")).toBe(
      "FAILED: HIVE_CURSOR_ERROR: Row is not a valid JSON Object: fast",
    );
  });

  it("counts rows of which no column is asked", async () => {
    fake.objects.set("raw/year=2026/month=03/a", "{}\n{}\n");
    expect(await rows("SELECT COUNT(*) AS n FROM telemetry WHERE year = year(current_date) OR year > 2000")).toEqual([
      ["n"],
      ["2"],
    ]);
  });
});

describe("a table of Parquet files", () => {
  const FORMATS = "org.apache.hadoop.hive.ql.io";
  const columnar = (InputFormat: string, Columns: object[]) => ({
    ...TELEMETRY,
    StorageDescriptor: { Location: "s3://raw/", InputFormat: `${FORMATS}.${InputFormat}`, Columns },
  });

  /** A file of one SELECT's rows. */
  async function parquet(select: string, compression = "SNAPPY"): Promise<Buffer> {
    const file = join(folder, "made.parquet");
    const database = await DuckDBInstance.create(":memory:");
    const session = await database.connect();
    await session.run(`COPY (${select}) TO '${file}' (FORMAT parquet, COMPRESSION '${compression}')`);
    session.closeSync();
    database.closeSync();
    return readFileSync(file);
  }
  const ROWS =
    "SELECT * FROM (VALUES (201.5, 7, {'Front': 1.5, 'rear': {'left': 2.5}}), (NULL, 8, NULL)) AS t(Speed, gear, tires)";
  beforeEach(async () => {
    fake.tables["lake.telemetry"] = columnar("parquet.MapredParquetInputFormat", [
      { Name: "speed", Type: "double" },
      { Name: "gear", Type: "bigint" },
      { Name: "tires", Type: "struct<front:double,rear:struct<left:double,right:double>>" },
      { Name: "extra2", Type: "double" },
    ]);
    const typed =
      'Speed::DOUBLE AS Speed, gear::INTEGER AS gear, tires::STRUCT(Front DOUBLE, rear STRUCT("left" DOUBLE)) AS tires';
    fake.objects.set("raw/year=2026/month=03/a.parquet", await parquet(`SELECT ${typed} FROM (${ROWS})`));
  });

  it("is read by its columns' names, nested ones too, with a partition for each key; what a file lacks is NULL", async () => {
    expect(
      await rows(
        "SELECT year, month, speed, gear, tires.front, tires.rear.left, tires.rear.right, extra2 FROM telemetry ORDER BY gear",
      ),
    ).toEqual([
      ["year", "month", "speed", "gear", "front", "left", "right", "extra2"],
      ["2026", "3", "201.5", "7", "1.5", "2.5", null, null],
      ["2026", "3", null, "8", null, null, null, null],
    ]);
  });

  it("reads each of many objects as what it holds, however they are compressed", async () => {
    // Alike but for a number each, so that they are as long as one another.
    for (let i = 0; i < 40; i++) {
      const bytes = await parquet(`SELECT ${1000 + i}::BIGINT AS gear`, i < 20 ? "GZIP" : "SNAPPY");
      fake.objects.set(`raw/year=2026/month=05/${i}.parquet`, bytes);
    }
    expect(await rows("SELECT sum(gear) AS sum, count(*) AS n FROM telemetry WHERE month = 5")).toEqual([
      ["sum", "n"],
      [String(40 * 1000 + (39 * 40) / 2), "40"],
    ]);
  });

  it("counts rows of which no column is asked", async () => {
    expect(await rows("SELECT count(*) AS n FROM telemetry WHERE month = 3")).toEqual([["n"], ["2"]]);
  });

  it("scans the columns that are asked for, and no others", async () => {
    const scanned = async (sql: string) => (await execute(sql)).Statistics.DataScannedInBytes;
    const [none, one, all] = [
      await scanned("SELECT count(*) AS n FROM telemetry"),
      await scanned("SELECT gear FROM telemetry"),
      await scanned("SELECT * FROM telemetry"),
    ];
    expect(none).toBe(0);
    expect(one).toBeGreaterThan(0);
    expect(all).toBeGreaterThan(one);
    expect(all).toBeLessThan(fake.objects.get("raw/year=2026/month=03/a.parquet")!.length);
  });

  it("fails the query that meets a column of another type, or no Parquet", async () => {
    fake.objects.set("raw/year=2026/month=04/b.parquet", await parquet("SELECT 'fast' AS speed"));
    fake.objects.set("raw/year=2026/month=05/c.parquet", "{}");
    expect(await why("SELECT speed FROM telemetry WHERE month = 4")).toBe(
      "FAILED: HIVE_BAD_DATA: Field speed's type VARCHAR in parquet file s3://raw/year=2026/month=04/b.parquet is incompatible with type DOUBLE defined in table schema",
    );
    expect(await why("SELECT speed FROM telemetry WHERE month = 5")).toBe(
      "FAILED: HIVE_BAD_DATA: Not valid Parquet file: s3://raw/year=2026/month=05/c.parquet expected magic number: PAR1",
    );
  });

  it("leaves no file behind", async () => {
    await rows("SELECT speed FROM telemetry");
    const kept = join(folder, "athena");
    expect(existsSync(kept) ? readdirSync(kept) : []).toEqual([]);
  });

  it("is the only columnar format that is read: ORC is refused by name", async () => {
    fake.tables["lake.telemetry"] = columnar("orc.OrcInputFormat", [{ Name: "speed", Type: "double" }]);
    expect(await why("SELECT speed FROM telemetry")).toBe(
      "FAILED: ORC, the format of lake.telemetry (no engine here reads it), is not carried by the local Athena",
    );
  });
});

describe("a statement", () => {
  beforeEach(() => void fake.objects.set("laps/2026/03/01/10/a", "250.5,5\n300.0,6\n"));

  it.each([
    ["SELECT 7 / 2 AS x", "3"],
    ["SELECT avg(gear) AS x FROM laps", "5.5"],
    ["SELECT sum(gear) AS x FROM laps", "11"],
    ["SELECT 10000000.0E0 AS x", "1.0E7"],
    ["SELECT CAST(gear AS double) AS x FROM laps ORDER BY 1 LIMIT 1", "5.0"],
    ["WITH best AS (SELECT max(gear) AS top FROM laps) SELECT top AS x FROM best", "6"],
    ["SELECT a.gear AS x FROM lake.laps a JOIN laps b ON a.gear = b.gear AND b.speed > 260", "6"],
    ["SELECT gear AS x FROM laps ORDER BY row_number() OVER (ORDER BY speed DESC) LIMIT 1", "6"],
    ["SELECT DATE '2026-03-01' AS x", "2026-03-01"],
    ["SELECT 'it''s' || ' \"so\"' AS x;", 'it\'s "so"'],
  ])("%s gives what Trino gives", async (sql, value) => {
    expect(await rows(sql)).toEqual([["x"], [value]]);
  });

  it.each([
    ["SELECT approx_distinct(gear) FROM laps", "function APPROX_DISTINCT is not carried by the local Athena"],
    ["SELECT greatest(1, 2)", "function GREATEST is not carried by the local Athena"],
    ["SELECT * FROM read_csv('/etc/passwd')", "FROM a table function is not carried by the local Athena"],
    [
      "SELECT CAST(speed AS integer) FROM laps",
      "CAST to INTEGER of what is no literal is not carried by the local Athena",
    ],
    ["SELECT speed::int FROM laps", "SYNTAX_ERROR: mismatched input '::'. Write CAST(value AS type)"],
    ["FROM laps", "SYNTAX_ERROR: mismatched input 'FROM'. Expecting: <query>"],
    ["SELECT gear FROM laps GROUP BY ALL", "GROUP BY ALL is not carried by the local Athena"],
    ["SELECT * EXCLUDE (gear) FROM laps", "* with EXCLUDE, REPLACE or RENAME is not carried by the local Athena"],
    ["SELECT DISTINCT ON (gear) speed FROM laps", "DISTINCT ON is not carried by the local Athena"],
    [
      "SELECT tires FROM telemetry",
      'a result column of type STRUCT("front" DOUBLE, "rear" STRUCT("left" DOUBLE)) (tires) is not carried by the local Athena',
    ],
    ["DROP TABLE laps", "a statement other than SELECT is not carried by the local Athena"],
    ["SELECT 1; SELECT 2", "Only one sql statement is allowed."],
    ["SELECT 1 FROM nowhere", "TABLE_NOT_FOUND: Table 'awsdatacatalog.lake.nowhere' does not exist"],
  ])("%s fails with its reason", async (sql, reason) => {
    expect(await why(sql)).toBe(`FAILED: ${reason}`);
  });

  it("that does not parse, or names no column, fails too", async () => {
    expect(await why("SELEC 1")).toMatch(/^FAILED: SYNTAX_ERROR: syntax error at or near "SELEC"/);
    expect(await why("SELECT wheels FROM laps")).toMatch(/^FAILED: SYNTAX_ERROR: .*"wheels" not found/);
  });
});

describe("a query", () => {
  beforeEach(() => void fake.objects.set("laps/2026/03/01/10/a", "250.5,5\n,\n"));

  it("leaves its result as a CSV file, encrypted as the workgroup says", async () => {
    await call("UpdateWorkGroup", {
      WorkGroup: "wg",
      ConfigurationUpdates: {
        ResultConfigurationUpdates: { EncryptionConfiguration: { EncryptionOption: "SSE_KMS", KmsKey: "arn:key" } },
      },
    });
    const { QueryExecutionId, ResultConfiguration } = await execute("SELECT speed, gear FROM laps ORDER BY 1");
    expect(ResultConfiguration.OutputLocation).toBe(`s3://results/q/${QueryExecutionId}.csv`);
    expect(String(fake.objects.get(`results/q/${QueryExecutionId}.csv`))).toBe('"speed","gear"\n"250.5","5"\n,\n');
    expect(fake.putHeaders).toMatchObject({
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "arn:key",
    });
  });

  it("says types, and gives its rows page by page", async () => {
    const { QueryExecutionId } = await execute("SELECT speed, gear FROM laps ORDER BY 1");
    const first = await call("GetQueryResults", { QueryExecutionId, MaxResults: 2 });
    expect(first.ResultSet.ResultSetMetadata.ColumnInfo.map(({ Name, Type }: Json) => [Name, Type])).toEqual([
      ["speed", "double"],
      ["gear", "integer"],
    ]);
    const second = await call("GetQueryResults", { QueryExecutionId, NextToken: first.NextToken });
    expect([first.ResultSet.Rows, second.ResultSet.Rows, second.NextToken]).toEqual([
      [
        { Data: [{ VarCharValue: "speed" }, { VarCharValue: "gear" }] },
        { Data: [{ VarCharValue: "250.5" }, { VarCharValue: "5" }] },
      ],
      [{ Data: [{}, {}] }],
      undefined,
    ]);
  });

  it("tells what it scanned, and is counted", async () => {
    const { Statistics } = await execute("SELECT speed FROM laps");
    expect(Statistics.DataScannedInBytes).toBe(10);
    expect(fake.meter.all()["athena:wg"]).toEqual({ queries: 1, succeeded: 1, scanned_bytes: 10, scanned_objects: 1 });
  });

  it("is cancelled before it scans more than its workgroup allows", async () => {
    await call("UpdateWorkGroup", {
      WorkGroup: "wg",
      ConfigurationUpdates: { BytesScannedCutoffPerQuery: 10_000_000 },
    });
    fake.objects.set("laps/2026/03/01/11/big", Buffer.alloc(10_000_000, "1.0,1\n"));
    expect(await why("SELECT count(*) FROM laps")).toBe(
      "CANCELLED: Query cancelled! : Bytes scanned limit was exceeded",
    );
    expect(await rows("SELECT count(*) AS n FROM laps WHERE datehour = '2026/03/01/10'")).toEqual([["n"], ["2"]]);
  });

  it("writes where the workgroup says when it enforces its configuration, else where the caller says", async () => {
    const mine = { ResultConfiguration: { OutputLocation: "s3://mine/" } };
    expect((await execute("SELECT 1", mine)).ResultConfiguration.OutputLocation).toMatch(/^s3:\/\/results\/q\//);
    await call("UpdateWorkGroup", { WorkGroup: "wg", ConfigurationUpdates: { EnforceWorkGroupConfiguration: false } });
    expect((await execute("SELECT 1", mine)).ResultConfiguration.OutputLocation).toMatch(
      /^s3:\/\/mine\/[0-9a-f-]+\.csv$/,
    );
  });

  it("reads catalog, data and result with the keys of its caller", async () => {
    const { Status } = await execute("SELECT speed FROM laps", {}, STRANGER);
    expect(Status).toMatchObject({ State: "FAILED", StateChangeReason: "AccessDeniedException: no glue:GetTable" });
    const written = await execute("SELECT 1", {}, STRANGER);
    expect(written.Status.StateChangeReason).toBe(
      `Access denied when writing output to url: s3://results/q/${written.QueryExecutionId}.csv . Please ensure you are allowed to access the S3 bucket.`,
    );
    const { QueryExecutionId } = await execute("SELECT 1");
    await expect(call("GetQueryResults", { QueryExecutionId }, STRANGER)).rejects.toThrow(
      /^Unable to read the query's result/,
    );
  });

  it("is the same one for the same token", async () => {
    const start = { QueryString: "SELECT 1", WorkGroup: "wg", ClientRequestToken: "t".repeat(32) };
    expect(await call("StartQueryExecution", start)).toEqual(await call("StartQueryExecution", start));
    await expect(call("StartQueryExecution", { ...start, QueryString: "SELECT 2" })).rejects.toThrow(
      "Idempotent parameters do not match",
    );
  });

  it("can be stopped, and has no result then", async () => {
    const { QueryExecutionId } = await call("StartQueryExecution", { QueryString: "SELECT 1", WorkGroup: "wg" });
    await expect(call("GetQueryResults", { QueryExecutionId })).rejects.toThrow(
      "Query has not yet finished. Current state: QUEUED",
    );
    await call("StopQueryExecution", { QueryExecutionId });
    await athena.close?.();
    const { QueryExecution } = await call("GetQueryExecution", { QueryExecutionId });
    expect(QueryExecution.Status).toMatchObject({ State: "CANCELLED", StateChangeReason: "Query cancelled by user" });
    await expect(call("GetQueryResults", { QueryExecutionId })).rejects.toThrow(
      "Query did not finish successfully. Final query state: CANCELLED",
    );
  });

  it("is refused at once without an output location, in a disabled workgroup, and with what is not carried", async () => {
    const start = (more: object) => call("StartQueryExecution", { QueryString: "SELECT 1", WorkGroup: "wg", ...more });
    await expect(start({ WorkGroup: "primary" })).rejects.toThrow(
      "No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.",
    );
    await expect(start({ WorkGroup: "none" })).rejects.toThrow("WorkGroup none is not found.");
    await expect(start({ ExecutionParameters: ["1"] })).rejects.toThrow(
      "ExecutionParameters is not carried by the local Athena",
    );
    await call("UpdateWorkGroup", { WorkGroup: "wg", State: "DISABLED" });
    await expect(start({})).rejects.toThrow("WorkGroup wg is disabled.");
  });

  it("needs the right to the action on the workgroup", async () => {
    fake.denied = "athena:StartQueryExecution";
    await expect(execute("SELECT 1", {}, STRANGER)).rejects.toThrow("not allowed: athena:StartQueryExecution");
    expect(fake.asked.at(-1)).toBe(
      "arn:aws:sts::000000000000:assumed-role/stranger/session athena:StartQueryExecution arn:aws:athena:us-east-1:000000000000:workgroup/wg",
    );
  });
});

describe("a workgroup", () => {
  it("keeps what it was made with, and what an update does not name", async () => {
    await call("CreateWorkGroup", {
      Name: "limits",
      Description: "d",
      Configuration: {
        BytesScannedCutoffPerQuery: 10_000_000,
        PublishCloudWatchMetricsEnabled: true,
        ResultConfiguration: { OutputLocation: "s3://results/" },
      },
      Tags: [{ Key: "a", Value: "1" }],
    });
    await call("UpdateWorkGroup", {
      WorkGroup: "limits",
      ConfigurationUpdates: {
        EnforceWorkGroupConfiguration: false,
        ResultConfigurationUpdates: { RemoveOutputLocation: true },
      },
    });
    const { WorkGroup } = await call("GetWorkGroup", { WorkGroup: "limits" });
    expect(WorkGroup).toEqual({
      Name: "limits",
      State: "ENABLED",
      Description: "d",
      CreationTime: expect.any(Number),
      EngineVersion: { SelectedEngineVersion: "AUTO", EffectiveEngineVersion: "Athena engine version 3" },
      Configuration: {
        ResultConfiguration: {},
        EnforceWorkGroupConfiguration: false,
        PublishCloudWatchMetricsEnabled: true,
        RequesterPaysEnabled: false,
        EngineVersion: { SelectedEngineVersion: "AUTO", EffectiveEngineVersion: "Athena engine version 3" },
        BytesScannedCutoffPerQuery: 10_000_000,
      },
    });
    const ResourceARN = "arn:aws:athena:us-east-1:000000000000:workgroup/limits";
    await call("TagResource", { ResourceARN, Tags: [{ Key: "b", Value: "2" }] });
    await call("UntagResource", { ResourceARN, TagKeys: ["a"] });
    expect(await call("ListTagsForResource", { ResourceARN })).toEqual({ Tags: [{ Key: "b", Value: "2" }] });
  });

  it.each([
    [{ Name: "wg" }, "WorkGroup wg is already created"],
    [{ Name: "a b" }, 'Name must be 1 to 128 letters, digits, ., _ and -, got "a b"'],
    [
      { Name: "x", Configuration: { BytesScannedCutoffPerQuery: 9_999_999 } },
      "BytesScannedCutoffPerQuery must be a whole number between 10000000 and 9007199254740991, got 9999999",
    ],
    [
      { Name: "x", Configuration: { ResultConfiguration: { OutputLocation: "/tmp" } } },
      'OutputLocation must be s3://BUCKET/PREFIX/, got "/tmp"',
    ],
    [
      {
        Name: "x",
        Configuration: { ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: "SSE_KMS" } } },
      },
      "KmsKey is required with SSE_KMS.",
    ],
  ])("is not made with %j", async (input, message) => {
    await expect(call("CreateWorkGroup", input)).rejects.toThrow(message);
  });

  it("is deleted with its queries only when told so", async () => {
    const { NamedQueryId } = await call("CreateNamedQuery", {
      Name: "n",
      Database: "lake",
      QueryString: "SELECT 1",
      WorkGroup: "wg",
    });
    await expect(call("DeleteWorkGroup", { WorkGroup: "wg" })).rejects.toThrow("WorkGroup wg is not empty");
    await call("DeleteWorkGroup", { WorkGroup: "wg", RecursiveDeleteOption: true });
    await expect(call("GetNamedQuery", { NamedQueryId })).rejects.toThrow(`NamedQuery ${NamedQueryId} was not found`);
    expect((await call("ListWorkGroups")).WorkGroups.map(({ Name }: Json) => Name)).toEqual(["primary"]);
    await expect(call("DeleteWorkGroup", { WorkGroup: "primary" })).rejects.toThrow(
      "The primary workgroup cannot be deleted.",
    );
  });
});

describe("a named query", () => {
  it("is kept, listed, changed and deleted", async () => {
    const made = { Name: "n", Description: "d", Database: "lake", QueryString: "SELECT 1", WorkGroup: "wg" };
    const { NamedQueryId } = await call("CreateNamedQuery", made);
    expect(await call("GetNamedQuery", { NamedQueryId })).toEqual({ NamedQuery: { ...made, NamedQueryId } });
    await call("UpdateNamedQuery", { NamedQueryId, Name: "m", QueryString: "SELECT 2" });
    expect(await call("ListNamedQueries", { WorkGroup: "wg" })).toEqual({ NamedQueryIds: [NamedQueryId] });
    expect(await call("BatchGetNamedQuery", { NamedQueryIds: [NamedQueryId, "gone"] })).toEqual({
      NamedQueries: [{ ...made, Name: "m", QueryString: "SELECT 2", NamedQueryId }],
      UnprocessedNamedQueryIds: [
        { NamedQueryId: "gone", ErrorCode: "INVALID_INPUT", ErrorMessage: "Named query not found" },
      ],
    });
    await call("DeleteNamedQuery", { NamedQueryId });
    expect(await call("ListNamedQueries", { WorkGroup: "wg" })).toEqual({ NamedQueryIds: [] });
  });
});

describe("a call", () => {
  it("of an operation that is not there is refused by its name", async () => {
    await expect(call("CreateDataCatalog")).rejects.toThrow(
      "The operation CreateDataCatalog is not carried by the local Athena",
    );
  });
});
