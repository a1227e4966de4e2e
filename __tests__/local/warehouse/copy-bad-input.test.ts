import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { Fixture, failure, rowsOf } from "./support";

/**
 * Files that a load meets among good ones. Each case: what COPY says of a batch with one bad file, and what the system tables hold of it. The
 * batch loads nothing; https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html has the codes.
 */
const ROLE = "iam_role 'arn:aws:iam::000000000000:role/copy'";
const MB = 1024 * 1024;

let it_: Fixture;

beforeEach(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run("create table t (a int, b varchar(65535)); create table j (a int, b varchar(65535))");
});
afterEach(() => it_.close());

const manifest = (...keys: string[]) =>
  JSON.stringify({
    entries: keys.map((key) => ({
      url: `s3://bucket/${key}`,
      mandatory: true,
      meta: { content_length: Buffer.byteLength(it_.objects[key] ?? "") },
    })),
  });

/** What COPY of three files says, the second of them bad. */
async function copy(options: string, good: string | Buffer, bad: string | Buffer): Promise<string> {
  it_.objects = { "in/1": good, "in/2 bad": bad, "in/3": good };
  it_.objects.manifest = manifest("in/1", "in/2 bad", "in/3");
  const work = it_.admin.run(`copy t from 's3://bucket/manifest' ${ROLE} manifest ${options}`);
  return failure(work).catch((error: Error) => {
    if (error.message === "it did not fail") return "loaded";
    throw error;
  });
}

const details = () =>
  rowsOf(
    it_.admin,
    "select trim(file_name), line_number, trim(column_name), error_code, trim(error_message) from sys_load_error_detail",
  );

const BAD_FILE = "s3://bucket/in/2 bad";

describe("one bad text file among good ones", () => {
  it.each([
    ["too few columns", "csv", "1,x\n2\n", [2, "a", 1214, "Delimiter not found"]],
    ["too many columns", "csv", "1,x\n2,x,y\n", [2, "", 1202, "Extra column(s) found"]],
    ["a wrong type", "csv", "one,x\n", [1, "a", 1207, "Invalid digit, Value 'o', Pos 0, Type: Integer"]],
    ["a quote that does not close", "csv", '1,"x\n2,y\n', [1, "", 1216, "Missing closing quote for CSV"]],
    [
      "a line of 10 MB",
      "csv",
      `1,x\n2,${"y".repeat(10 * MB)}\n3,z\n`,
      [2, "", 1216, `Input line is too long: ${10 * MB + 2} bytes, at most ${4 * MB}`],
    ],
    [
      "bytes that are no UTF-8",
      "csv",
      Buffer.from([0x31, 0x2c, 0xe4, 0x0a]),
      [1, "b", 1220, "String contains invalid or unsupported UTF8 codepoints"],
    ],
    [
      "JSON that is broken",
      "json 'auto'",
      '{"a": 1, "b": "x"}\n{"a": 2, ',
      [2, "", 1216, "Invalid JSON: the document does not end"],
    ],
    [
      "a JSON document of 5 MB",
      "json 'auto'",
      `{"a": 1, "b": "${"y".repeat(5 * MB)}"}\n`,
      [1, "", 1216, `Input line is too long: ${5 * MB + 17} bytes, at most ${4 * MB}`],
    ],
  ])("with %s fails the COPY and is named with line, column and reason", async (_, options, bad, detail) => {
    const good = options === "csv" ? "1,x\n" : '{"a": 1, "b": "x"}\n';
    const [line, column, , reason] = detail;
    expect(await copy(options, good, bad)).toBe(
      `XX000 Load into table 't' failed. Check 'sys_load_error_detail' system table for details: ${BAD_FILE} line ${line}${column ? `, column ${column}` : ""}: ${reason}`,
    );
    expect(await details()).toEqual([[BAD_FILE, ...detail]]);
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[0]]);
  });

  it.each([
    ["with the longest VARCHAR", `1,${"x".repeat(65535)}\n`, 3],
    ["that is empty", "", 2],
    ["with a byte order mark", "\ufeff1,x\n", 3],
    ["with CR LF", "1,x\r\n2,y\r\n", 4],
    ["without a last line end", "1,x\n2,y", 4],
  ])("%s is none: it loads", async (_, file, rows) => {
    expect(await copy("csv", "1,x\n", file)).toBe("loaded");
    expect(await rowsOf(it_.admin, "select count(*), min(a), max(len(b)) >= 1 from t")).toEqual([[rows, 1, true]]);
  });

  it("with CR LF leaves no CR in the last column", async () => {
    await copy("csv", "1,x\n", "1,x\r\n");
    expect(await rowsOf(it_.admin, "select distinct b from t")).toEqual([["x"]]);
  });
});

describe("one file among good ones that cannot be unpacked", () => {
  const whole = gzipSync("1,x\n".repeat(1000));

  it.each([
    ["GZIP cut off", "csv gzip", whole, whole.subarray(0, whole.length - 10), "GZIP: unexpected end of file"],
    ["an empty one with GZIP", "csv gzip", whole, "", "GZIP: unexpected end of file"],
    ["text under GZIP", "csv gzip", whole, "1,x\n", "GZIP: incorrect header check"],
  ])("%s fails the COPY, which names it and says so", async (_, options, good, bad, why) => {
    expect(await copy(options, good, bad)).toBe(`58030 ${BAD_FILE} cannot be read as ${why}`);
    expect(await details()).toEqual([]);
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[0]]);
  });
});

// https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
describe("one Parquet file among good ones", () => {
  async function parquet(query: string): Promise<Buffer> {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const path = join(it_.folder, "made.parquet");
    await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    return readFileSync(path);
  }

  it.each([
    [
      "with a wrong type",
      "select 1.5::double as a, 'x' as b",
      `File '${BAD_FILE}' has an incompatible Parquet schema for column 'a'. Column type: INT4, Parquet schema: a DOUBLE`,
    ],
    [
      "with a column too few",
      "select 1 as a",
      `Number of columns in parquet file does not match the table: ${BAD_FILE} has 1, the table or column list 2`,
    ],
  ])("%s fails the COPY, which names it and says so", async (_, query, message) => {
    const good = await parquet("select 1 as a, 'x' as b");
    expect(await copy("format as parquet", good, await parquet(query))).toBe(`XX000 ${message}`);
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[0]]);
  });

  it.each([
    ["that is empty", ""],
    ["that is text", "1,x\n"],
  ])("%s fails the COPY, which names it", async (_, bad) => {
    const good = await parquet("select 1 as a, 'x' as b");
    expect(await copy("format as parquet", good, bad)).toMatch(
      /^58030 s3:\/\/bucket\/in\/2 bad cannot be read as PARQUET: /,
    );
  });
});

// https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
describe("an object that is gone when COPY comes", () => {
  it("fails the COPY when its entry is mandatory", async () => {
    it_.objects = { "in/1": "1,x\n" };
    it_.objects.manifest = manifest("in/1", "in/gone");
    expect(await failure(it_.admin.run(`copy t from 's3://bucket/manifest' ${ROLE} manifest csv`))).toBe(
      "58030 S3ServiceException:The specified key does not exist: the manifest s3://bucket/manifest names s3://bucket/in/gone as mandatory,Status 404,Error NoSuchKey",
    );
  });

  it("is passed over in silence when it is not", async () => {
    it_.objects = { "in/1": "1,x\n" };
    it_.objects.manifest = manifest("in/1", "in/gone").replaceAll("true", "false");
    await it_.admin.run(`copy t from 's3://bucket/manifest' ${ROLE} manifest csv`);
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[1]]);
  });
});
