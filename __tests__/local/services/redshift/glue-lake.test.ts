import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { glueLake } from "../../../../local/services/redshift";
import { type Session, type Warehouse, Warehouses } from "../../../../local/warehouse";
import { failure, rowsOf } from "../../warehouse/support";
import { FakeAws } from "../athena/fake-aws";

/** External tables, by https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html */
const ROLE = "arn:aws:iam::000000000000:role/reader";
const SCHEMA = `create external schema lake from data catalog database 'event_lake' region 'us-east-1' iam_role '${ROLE}'`;
const INPUTS = {
  parquet: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  orc: "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
};

let folder: string;
let fake: FakeAws;
let warehouses: Warehouses;
let warehouse: Warehouse;
let admin: Session;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lake-"));
  fake = new FakeAws();
  const aws = await fake.listen(folder);
  const noStores = () => {
    throw new Error("no store");
  };
  warehouses = new Warehouses(folder, noStores, { lake: glueLake(aws) });
  const admins = { user: "admin", password: "Secret12345" };
  warehouse = await warehouses.create({ host: "w", name: "w", port: 5439, database: "dev", admin: admins });
  admin = await warehouse.login("dev", "admin", "Secret12345");
  await admin.run(SCHEMA);
  fake.tables["event_lake.events"] = table("parquet", "events");
  fake.objects.set(
    "files/events/year=2026/a.parquet",
    await parquet("SELECT 'a' || i AS request_id, 'x' AS topic FROM range(3000) r(i)"),
  );
  fake.objects.set(
    "files/events/year=2027/b.parquet",
    await parquet("SELECT 'b' AS request_id, NULL::VARCHAR AS topic"),
  );
  fake.objects.set("files/errors/c", "no Parquet");
});
afterEach(async () => {
  await warehouses.close();
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

const table = (format: keyof typeof INPUTS, name: string, more: object = {}) => ({
  StorageDescriptor: {
    Location: `s3://files/${name}/`,
    InputFormat: INPUTS[format],
    Columns: [
      { Name: "request_id", Type: "string" },
      { Name: "topic", Type: "string" },
    ],
  },
  ...more,
});

async function parquet(select: string): Promise<Buffer> {
  const file = join(folder, "made.parquet");
  const instance = await DuckDBInstance.create(":memory:");
  const session = await instance.connect();
  await session.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
  session.closeSync();
  instance.closeSync();
  return readFileSync(file);
}

describe("a query of an external table", () => {
  it("reads what every file below the table's location holds, in folders too", async () => {
    expect(await rowsOf(admin, "select count(*), count(topic), count(distinct request_id) from lake.events")).toEqual([
      [3001, 3000, 3001],
    ]);
    expect(await rowsOf(admin, "select * from lake.events where topic is null")).toEqual([["b", null]]);
  });

  it("sees a file that has come since", async () => {
    await rowsOf(admin, "select 1 from lake.events");
    fake.objects.set("files/events/d.parquet", await parquet("SELECT 'd' AS request_id, 'y' AS topic"));
    expect(await rowsOf(admin, "select count(*) from lake.events")).toEqual([[3002]]);
  });

  it("joins the warehouse's own tables, and is known by alias, by name and by schema and name", async () => {
    await admin.run("create table seen (request_id varchar(36)); insert into seen values ('a7'), ('b')");
    expect(
      await rowsOf(admin, "select e.request_id from lake.events e join seen using (request_id) order by 1"),
    ).toEqual([["a7"], ["b"]]);
    expect(await rowsOf(admin, "select max(events.topic) from lake.events")).toEqual([["x"]]);
    expect(await rowsOf(admin, "select max(lake.events.topic) from lake.events")).toEqual([["x"]]);
    expect(
      await rowsOf(
        admin,
        "with e as (select request_id from lake.events) select count(*) from e, lake.events f where e.request_id = f.request_id",
      ),
    ).toEqual([[3001]]);
  });

  it("fills a table by INSERT ... SELECT", async () => {
    await admin.run("create table kept (request_id varchar(36))");
    expect((await admin.run("insert into kept select request_id from lake.events")).rowCount).toBe(3001);
  });

  it("leaves no file and no table behind, whether it succeeds or not", async () => {
    await rowsOf(admin, "select count(*) from lake.events");
    expect(await failure(admin.run("select nothing from lake.events"))).toBe('42703 column "nothing" does not exist');
    expect(await rowsOf(admin, "select count(*) from lake.events")).toEqual([[3001]]);
    expect(readdirSync(warehouse.scratch)).toEqual([]);
  });

  it("is for who may use the schema", async () => {
    await admin.run("create user ada password 'Secret12345'");
    const ada = await warehouse.login("dev", "ada", "Secret12345");
    expect(await failure(ada.run("select 1 from lake.events"))).toBe("42501 permission denied for schema lake");
    await admin.run("grant usage on schema lake to ada");
    expect(await rowsOf(ada, "select count(*) from lake.events")).toEqual([[3001]]);
  });

  it.each([
    ["select 1 from lake.other", 'relation "lake.other" does not exist in the data catalog\'s database event_lake'],
    [
      "select 1 from lake.columns",
      "ORC, the format of event_lake.columns (no engine here reads it), is not carried by the local warehouse",
    ],
    [
      "select 1 from lake.parts",
      "a partitioned external table (Redshift knows the partitions that are registered, and none by projection) is not carried by the local warehouse",
    ],
    [
      "select 1 from lake.broken",
      "external table lake.broken cannot be read: HIVE_BAD_DATA: Not valid Parquet file: s3://files/broken/a expected magic number: PAR1",
    ],
    [
      "create view v as select 1 from lake.events",
      "external table lake.events in anything but a query and INSERT ... SELECT is not carried by the local warehouse",
    ],
    [
      "create external schema l from data catalog database 'd' catalog_id '1' iam_role default",
      "external schema option CATALOG_ID is not carried by the local warehouse",
    ],
    [
      "create external schema l from data catalog iam_role default",
      "DATABASE must be given for an external schema of a data catalog",
    ],
    [
      "create external schema l from data catalog database 'd' iam_role 'me'",
      "Invalid credentials. IAM role 'me' is not the ARN of a role: arn:aws:iam::<account>:role/<name>",
    ],
  ])("says why not: %s", async (sql, message) => {
    fake.tables["event_lake.columns"] = table("orc", "columns");
    fake.tables["event_lake.parts"] = table("parquet", "parts", { PartitionKeys: [{ Name: "year", Type: "int" }] });
    fake.tables["event_lake.broken"] = table("parquet", "broken");
    fake.objects.set("files/broken/a", "{}");
    await expect(admin.run(sql)).rejects.toThrow(message);
  });

  it("of a schema of another Region is refused by name", async () => {
    await admin.run(SCHEMA.replace("lake from", "far from").replace("us-east-1", "eu-west-1"));
    await expect(admin.run("select 1 from far.events")).rejects.toThrow(
      "REGION 'eu-west-1' of external schema far: the warehouse is in us-east-1, another Region is not carried by the local warehouse",
    );
  });

  it("goes with its schema", async () => {
    await admin.run("drop schema lake");
    await expect(admin.run("select 1 from lake.events")).rejects.toThrow('relation "lake.events" does not exist');
    await admin.run(SCHEMA);
    expect(await rowsOf(admin, "select count(*) from lake.events")).toEqual([[3001]]);
  });
});
