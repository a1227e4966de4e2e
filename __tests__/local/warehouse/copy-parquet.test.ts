import { Fixture, failure, parquet as parquetOf, rowsOf } from "./support";

/** COPY from Parquet, by https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html */
const ROLE = "iam_role 'arn:aws:iam::000000000000:role/copy'";
const FROM = `from 's3://bucket/in/' ${ROLE}`;

let it_: Fixture;

beforeEach(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run("create table t (speed float, rpm integer, note varchar(3))");
});
afterEach(() => it_.close());

/** A Parquet file with the rows of `query`. */
const parquet = (query: string) => parquetOf(it_.folder, query);

it("takes columns by position, whatever their names", async () => {
  it_.objects = {
    "in/1": await parquet("select 1.5::double as a, 2 as b, 'x' as c"),
    "in/2": await parquet("select null::double as note, 3 as rpm, null::varchar as speed"),
  };
  expect((await it_.admin.run(`copy t ${FROM} format as parquet`)).rowCount).toBe(2);
  expect(await rowsOf(it_.admin, "select * from t order by rpm")).toEqual([
    [1.5, 2, "x"],
    [null, 3, null],
  ]);
  expect(await rowsOf(it_.admin, "select file_format, loaded_rows from sys_load_history")).toEqual([["parquet", 2]]);
});

it("takes every type that has a counterpart", async () => {
  await it_.admin.run(
    "create table u (a smallint, b bigint, c real, d boolean, e date, f timestamp, g timestamptz, h numeric(20,3), i char(2))",
  );
  it_.objects = {
    "in/1": await parquet(
      `select 1::smallint, 9007199254740993, 1.5::float, true, date '2024-01-02', timestamp '2024-01-02 03:04:05.123456',
        timestamptz '2024-01-02 03:04:05+01', 12345678901234567.891::decimal(20,3), 'ab'`,
    ),
  };
  await it_.admin.run(`copy u ${FROM} parquet`);
  expect(await rowsOf(it_.admin, "select * from u")).toEqual([
    [
      1,
      9007199254740993n,
      1.5,
      true,
      "2024-01-02",
      "2024-01-02 03:04:05.123456",
      "2024-01-02 02:04:05+00",
      "12345678901234567.891",
      "ab",
    ],
  ]);
});

it.each([
  [
    "select 1.5::double, 2",
    "XX000 Number of columns in parquet file does not match the table: s3://bucket/in/1 has 2, the table or column list 3",
  ],
  [
    "select 1.5::double, 2::bigint as b, 'x'",
    "XX000 File 's3://bucket/in/1' has an incompatible Parquet schema for column 'rpm'. Column type: INT4, Parquet schema: b BIGINT",
  ],
  [
    "select 1.5::double, 2, 'four'",
    "22001 The length of the data column note is longer than the length defined in the table. Table: 3, Data: 4",
  ],
  [
    "select 1.5::double, 2, [1] as l",
    '0A000 the nested Parquet column "l" (INTEGER[]) is not carried by the local warehouse',
  ],
])("refuses the whole COPY where a file has %s", async (query, message) => {
  it_.objects = { "in/1": await parquet(query) };
  expect(await failure(it_.admin.run(`copy t ${FROM} parquet`))).toBe(message);
  expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[0]]);
});

it("refuses what is no Parquet file", async () => {
  it_.objects = { "in/1": "a,b,c" };
  expect(await failure(it_.admin.run(`copy t ${FROM} parquet`))).toMatch(
    /^58030 s3:\/\/bucket\/in\/1 cannot be read as PARQUET: /,
  );
});

// https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
it("wants each file's length in a manifest", async () => {
  const file = await parquet("select 1.5::double, 2, 'x'");
  const entry = { url: "s3://bucket/in/1", mandatory: true };
  it_.objects = { m: JSON.stringify({ entries: [entry] }), "in/1": file };
  expect(await failure(it_.admin.run(`copy t from 's3://bucket/m' ${ROLE} manifest parquet`))).toBe(
    `58030 Problem reading manifest file - Invalid JSON in s3://bucket/m: the entry of s3://bucket/in/1 must have "meta": {"content_length": <bytes>} for PARQUET`,
  );
  it_.objects.m = JSON.stringify({ entries: [{ ...entry, meta: { content_length: file.length } }] });
  expect((await it_.admin.run(`copy t from 's3://bucket/m' ${ROLE} manifest parquet`)).rowCount).toBe(1);
});
