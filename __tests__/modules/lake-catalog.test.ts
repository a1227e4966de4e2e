import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { AthenaNamedQuery } from "@cdktf/provider-aws/lib/athena-named-query";
import { AthenaWorkgroup } from "@cdktf/provider-aws/lib/athena-workgroup";
import { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import type { TerraformStack } from "cdktf";
import { TELEMETRY } from "../../lambda-src/events/telemetry";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import {
  columnsOf,
  hourlyFolders,
  hourlyPartitions,
  LakeCatalog,
  type LakeCatalogProps,
  LakeReader,
  type LakeTableProps,
  valuePartitions,
} from "../../modules/lake-catalog";
import { serviceRole } from "../../modules/support/iam";
import { temporary } from "../support/programs";
import { emptyStack, resources, statementsOf } from "../support/synth";

let stack: TerraformStack;
let key: EncryptionKey;
let bucket: Bucket;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
  bucket = new Bucket(stack, "bucket", { name: "raw-bucket", key });
});

const catalog = (over: Partial<LakeCatalogProps> = {}) =>
  new LakeCatalog(stack, "catalog", {
    name: "lake",
    databaseName: "lake_1",
    resultsBucketName: "lake-results",
    key,
    ...over,
  });
const SPEED = [{ name: "speed", type: "double" }];
const table = (over: Partial<LakeTableProps> = {}) =>
  catalog().addTable("raw", {
    name: "telemetry",
    bucket,
    format: "json",
    columns: SPEED,
    partitioning: hourlyPartitions(stack),
    ...over,
  });
const made = () => resources(stack, GlueCatalogTable)[0];
/** A reference of the synthesized JSON. */
const ref = (to: string) => `\${${to}}`;

describe("LakeCatalog", () => {
  it("holds every query to 10 GB, to its own place of results and to its encryption, and publishes metrics", () => {
    const { results, workgroup } = catalog();
    expect(resources(stack, AthenaWorkgroup)).toMatchObject([
      {
        name: "lake",
        force_destroy: false,
        configuration: {
          enforce_workgroup_configuration: true,
          bytes_scanned_cutoff_per_query: 10_000_000_000,
          publish_cloudwatch_metrics_enabled: true,
          requester_pays_enabled: false,
          result_configuration: {
            output_location: `s3://${ref(`aws_s3_bucket.${results.bucket.friendlyUniqueId}.bucket`)}/`,
            encryption_configuration: {
              encryption_option: "SSE_KMS",
              kms_key_arn: ref(`aws_kms_key.${key.key.friendlyUniqueId}.arn`),
            },
          },
        },
      },
    ]);
    expect(workgroup.configurationInput).toBeDefined();
  });

  it("deletes results after 30 days, unless told otherwise", () => {
    catalog();
    const rules = resources(stack, S3BucketLifecycleConfiguration).map(({ rule }) => rule[0].expiration);
    expect(rules).toEqual([undefined, [{ days: 30 }]]);
  });

  it("lets whoever may query use its workgroup, read its definitions and its results, and no more", () => {
    const role = serviceRole(stack, "analyst", "lambda.amazonaws.com");
    const { workgroup, database, results } = catalog();
    catalogOf().grantQuery(role);
    const arn = ref(`aws_glue_catalog_database.${database.friendlyUniqueId}.arn`);
    const replaced = (by: string) =>
      `\${replace(aws_glue_catalog_database.${database.friendlyUniqueId}.arn, "database/${ref(`aws_glue_catalog_database.${database.friendlyUniqueId}.name`)}", "${by}")}`;
    const bucketArn = ref(`aws_s3_bucket.${results.bucket.friendlyUniqueId}.arn`);
    const keyArn = ref(`aws_kms_key.${key.key.friendlyUniqueId}.arn`);
    expect(statementsOf(stack, "analyst")).toEqual([
      {
        actions: [
          "athena:GetWorkGroup",
          "athena:ListNamedQueries",
          "athena:GetNamedQuery",
          "athena:BatchGetNamedQuery",
          "athena:StartQueryExecution",
          "athena:GetQueryExecution",
          "athena:GetQueryResults",
          "athena:StopQueryExecution",
        ],
        resources: [ref(`aws_athena_workgroup.${workgroup.friendlyUniqueId}.arn`)],
      },
      {
        actions: ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"],
        resources: [
          replaced("catalog"),
          arn,
          replaced(`table/${ref(`aws_glue_catalog_database.${database.friendlyUniqueId}.name`)}/*`),
        ],
      },
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [bucketArn] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [`${bucketArn}/*`] },
      { actions: ["kms:Decrypt"], resources: [keyArn] },
      { actions: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], resources: [bucketArn] },
      {
        actions: ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        resources: [`${bucketArn}/*`],
      },
      { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [keyArn] },
    ]);
  });

  it.each([
    [
      { bytesScannedPerQuery: 9_999_999 },
      "t/catalog: bytesScannedPerQuery must be between 10000000 and 9007199254740991, got 9999999",
    ],
    [
      { databaseName: "lake-1" },
      't/catalog: databaseName must be 1 to 255 of a-z, 0-9 and _, a letter first, got "lake-1"',
    ],
    [{ name: "a b" }, 't/catalog: name must be 1 to 128 letters, digits, ., _ and -, got "a b"'],
  ])("refuses %j", (over, message) => {
    expect(() => catalog(over)).toThrow(message);
  });
});

/** The catalog that a test has made. */
const catalogOf = () => stack.node.findChild("catalog") as LakeCatalog;

describe("a table", () => {
  it("projects the hours that DataFirehose writes, as four whole numbers, each placeholder Athena's and not Terraform's", () => {
    table();
    const name = ref(`aws_s3_bucket.${bucket.bucket.friendlyUniqueId}.bucket`);
    expect(made().partition_keys).toEqual(["year", "month", "day", "hour"].map((key) => ({ name: key, type: "int" })));
    expect(made().parameters).toEqual({
      EXTERNAL: "TRUE",
      "projection.enabled": "true",
      "projection.year.type": "integer",
      "projection.year.range": "2025,2034",
      "projection.year.digits": "4",
      "projection.month.type": "integer",
      "projection.month.range": "1,12",
      "projection.month.digits": "2",
      "projection.day.type": "integer",
      "projection.day.range": "1,31",
      "projection.day.digits": "2",
      "projection.hour.type": "integer",
      "projection.hour.range": "0,23",
      "projection.hour.digits": "2",
      "storage.location.template": `s3://${name}/year=$\${year}/month=$\${month}/day=$\${day}/hour=$\${hour}/`,
    });
  });

  it("projects the folders that Firehose writes by itself, up to now", () => {
    table({ format: "csv", partitioning: hourlyFolders(stack, { firstYear: 2026 }) });
    const name = ref(`aws_s3_bucket.${bucket.bucket.friendlyUniqueId}.bucket`);
    expect(made().partition_keys).toEqual([{ name: "datehour", type: "string" }]);
    expect(made().parameters).toEqual({
      EXTERNAL: "TRUE",
      "projection.enabled": "true",
      "projection.datehour.type": "date",
      "projection.datehour.format": "yyyy/MM/dd/HH",
      "projection.datehour.range": "2026/01/01/00,NOW",
      "projection.datehour.interval": "1",
      "projection.datehour.interval.unit": "HOURS",
      "storage.location.template": `s3://${name}/$\${datehour}/`,
    });
  });

  it("projects folders by value before either, each value one that Athena looks for", () => {
    table({ partitioning: valuePartitions(stack, { car: ["a", "b"], team: ["x"] }, hourlyFolders(stack)) });
    expect(made().partition_keys.map(({ name }: { name: string }) => name)).toEqual(["car", "team", "datehour"]);
    expect(made().parameters).toMatchObject({
      "projection.car.type": "enum",
      "projection.car.values": "a,b",
      "projection.team.values": "x",
      "projection.datehour.type": "date",
    });
    expect(made().parameters["storage.location.template"]).toMatch(
      /\/car=\$\$\{car\}\/team=\$\$\{team\}\/\$\$\{datehour\}\/$/,
    );
  });

  it.each<[Record<string, string[]>, string]>([
    [{ Car: ["a"] }, 't: partitioning must be keys of a-z, 0-9 and _, as Athena has its columns, got "Car"'],
    [{ car: [] }, "t: partitioning.car.values must hold at least one value, got []"],
    [{ car: ["a,b"] }, 't: partitioning.car.values must be values without comma, slash and white space, got "a,b"'],
    [{ car: ["a", "a"] }, 't: partitioning.car.values names "a" twice'],
  ])("refuses the values %j", (values, message) => {
    expect(() => valuePartitions(stack, values, hourlyFolders(stack))).toThrow(message);
  });

  it("looks 14 hours further where the folders' hours may be ahead of UTC", () => {
    table({ partitioning: hourlyFolders(stack, { aheadOfUtc: true }) });
    expect(made().parameters["projection.datehour.range"]).toBe("2025/01/01/00,NOW+14HOURS");
  });

  it("reads JSON lines so that one odd record does not fail every query", () => {
    table();
    expect(made().storage_descriptor.ser_de_info).toEqual({
      serialization_library: "org.openx.data.jsonserde.JsonSerDe",
      parameters: { "ignore.malformed.json": "true", "use.null.for.invalid.data": "true" },
    });
  });

  it("reads values between commas, nothing being NULL", () => {
    table({ format: "csv" });
    expect(made().storage_descriptor.ser_de_info).toEqual({
      serialization_library: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
      parameters: { "field.delim": ",", "serialization.format": ",", "serialization.null.format": "" },
    });
  });

  it("has the telemetry record's fields as columns, nested records as structs, in lower case", () => {
    expect(columnsOf({ ...TELEMETRY, EXTRA2: "double" })).toEqual([
      { name: "speed", type: "double" },
      { name: "rpm", type: "int" },
      { name: "gear", type: "int" },
      { name: "throttle", type: "double" },
      { name: "brakes", type: "double" },
      { name: "steering_angle", type: "double" },
      { name: "suspension", type: `struct<ride_height:double,damper_settings:${WHEELS}>` },
      { name: "temperatures", type: `struct<engine:double,brakes:${WHEELS},tires:${WHEELS}>` },
      { name: "pressures", type: `struct<engine:double,brakes:${WHEELS},tires:${WHEELS}>` },
      { name: "fuel_consumption", type: "double" },
      { name: "lap_time", type: "double" },
      { name: "extra2", type: "double" },
    ]);
  });

  it.each([
    [
      () => table({ name: "Laps" }),
      't/catalog/raw: name must be 1 to 128 of a-z, 0-9 and _, a letter or _ first, got "Laps"',
    ],
    [() => table({ columns: [] }), "t/catalog/raw: columns must hold at least one column"],
    [
      () => table({ columns: [...SPEED, ...SPEED] }),
      't/catalog/raw: columns must have names of their own, got "speed" twice (partition keys count)',
    ],
    [
      () => table({ columns: [{ name: "hour", type: "int" }] }),
      't/catalog/raw: columns must have names of their own, got "hour" twice (partition keys count)',
    ],
    [
      () => table({ format: "avro" as "csv" }),
      't/catalog/raw: format must be one of json, csv, parquet, orc, got "avro"',
    ],
    [
      () => hourlyPartitions(stack, { firstYear: 2030, lastYear: 2029 }),
      "t: lastYear must be at least firstYear, got 2029 before 2030",
    ],
    [() => hourlyFolders(stack, { firstYear: 26 }), "t: firstYear must be between 2000 and 9999, got 26"],
  ])("refuses what Athena could not read (%#)", (make, message) => {
    expect(make).toThrow(message);
  });
});

const WHEELS = "struct<front_left:double,front_right:double,rear_left:double,rear_right:double>";

describe("a table that a delivery stream converts by", () => {
  it.each([
    ["parquet", "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"],
    ["orc", "org.apache.hadoop.hive.ql.io.orc.OrcSerde"],
  ] as const)("reads %s files", (format, serde) => {
    table({ format });
    expect(made().storage_descriptor.ser_de_info.serialization_library).toBe(serde);
    expect(made().storage_descriptor.input_format).toContain(`hive.ql.io.${format}.`);
  });

  it("lets it read the table's versions, by catalog, database and table, and nothing else", () => {
    const role = serviceRole(stack, "role", "firehose.amazonaws.com");
    table().grantReadSchema(role);
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      {
        actions: ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
        resources: [
          expect.stringMatching(/^\$\{replace\(aws_glue_catalog_database\..+\.arn, .+, "catalog"\)\}$/),
          expect.stringMatching(/^\$\{aws_glue_catalog_database\..+\.arn\}$/),
          expect.stringMatching(/^\$\{aws_glue_catalog_table\..+\.arn\}$/),
        ],
      },
    ]);
  });
});

describe("a table without partitions", () => {
  const plain = (prefix?: string) =>
    catalog().addTable("raw", { name: "events", bucket, format: "parquet", columns: SPEED, prefix });

  it("is every file below its prefix, and knows nothing of projection", () => {
    plain("events/");
    expect(made().storage_descriptor.location).toMatch(/^s3:\/\/\$\{aws_s3_bucket\.\w+\.bucket\}\/events\/$/);
    expect(made().parameters).toEqual({ EXTERNAL: "TRUE" });
    expect(made()).not.toHaveProperty("partition_keys");
  });

  it.each(["events", "/events/", "a//"])("refuses the prefix %s", (prefix) => {
    expect(() => plain(prefix)).toThrow(
      `t/catalog/raw: prefix must be folders with a / at the end, got ${JSON.stringify(prefix)}`,
    );
  });
});

describe("LakeReader", () => {
  it("reads the definitions of its tables and the files of their bucket, for one role of another stack", () => {
    const lake = catalog();
    const events = lake.addTable("events", { name: "events", bucket, format: "parquet", columns: SPEED });
    lake.addTable("other", { name: "other", bucket, format: "parquet", columns: SPEED });
    const arn = "arn:aws:iam::111111111111:role/warehouse";
    const { role } = new LakeReader(stack, "reader", {
      name: "lake-reader",
      database: lake.database,
      tables: [events],
      bucket,
      warehouse: { accountId: "111111111111", arn },
    });
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [expect.stringMatching(/\.arn\}$/)] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [expect.stringMatching(/\.arn\}\/\*$/)] },
      { actions: ["kms:Decrypt"], resources: [expect.stringMatching(/^\$\{aws_kms_key\./)] },
      {
        actions: ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"],
        resources: [
          expect.stringMatching(/^\$\{replace\(aws_glue_catalog_database\..+\.arn, .+, "catalog"\)\}$/),
          expect.stringMatching(/^\$\{aws_glue_catalog_database\..+\.arn\}$/),
          expect.stringMatching(/^\$\{aws_glue_catalog_table\.catalog_events_\w+\.arn\}$/),
        ],
      },
    ]);
  });
});

describe("named queries", () => {
  /** A folder below the temporary one, named from the project's folder. */
  function folderWith(files: Readonly<Record<string, string>>): string {
    const folder = path.join(temporary("queries"), "q");
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    return path.relative(".", folder);
  }

  it("are one a file, named as the file, described by its first comment", () => {
    catalog().addQueries(
      folderWith({ "top_speeds.sql": "-- The fastest.\n-- Ten of them.\nSELECT 1\n", "notes.md": "" }),
    );
    expect(resources(stack, AthenaNamedQuery)).toMatchObject([
      {
        name: "top_speeds",
        description: "The fastest. Ten of them.",
        query: "-- The fastest.\n-- Ten of them.\nSELECT 1",
        database: expect.stringMatching(/aws_glue_catalog_database\..*\.name/),
        workgroup: expect.stringMatching(/aws_athena_workgroup\..*\.id/),
      },
    ]);
  });

  it.each([
    [{}, "holds no .sql file"],
    [{ "Top.sql": "-- a\nSELECT 1" }, "Top.sql must be named with a-z, 0-9 and _, a letter first"],
    [{ "top.sql": "SELECT 1" }, "top.sql must begin with a comment that says what it answers"],
    [{ "top.sql": "-- a\nSELECT '${x}'" }, "top.sql must not hold ${ or %{, which Terraform reads as its own"],
    [{ "top.sql": `-- a\nSELECT '${"x".repeat(262_144)}'` }, "top.sql must be at most 262144 bytes, got 262158"],
  ])("are refused where Athena or Terraform would not take them (%#)", (files, message) => {
    const folder = folderWith(files as Record<string, string>);
    expect(() => catalog().addQueries(folder)).toThrow(message);
  });

  it("are refused from a folder that is not there", () => {
    expect(() => catalog().addQueries("sql/none")).toThrow("t/catalog: queries: folder sql/none does not exist");
  });
});
