import { gzipSync } from "node:zlib";
import { Fixture, failure, rowsOf } from "./support";

/**
 * COPY, by https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html, r_COPY-parameters.html and the pages each case names.
 */
const ROLE = "iam_role 'arn:aws:iam::000000000000:role/copy'";
const FROM = `from 's3://bucket/in/' ${ROLE}`;

let it_: Fixture;

beforeEach(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run(
    "create table t (speed float, rpm integer, note varchar(5), seen timestamp, small smallint, amount numeric(6,2), ok boolean)",
  );
});
afterEach(() => it_.close());

async function loadLines(options: string, ...lines: string[]): Promise<readonly (readonly unknown[])[]> {
  it_.objects = { "in/1": `${lines.join("\n")}\n` };
  await it_.admin.run(`copy t ${FROM} ${options}`);
  return rowsOf(it_.admin, "select * from t");
}

describe("values", () => {
  // https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html
  it("are cut at commas with CSV, quotes taken off and doubled quotes halved", async () => {
    expect(await loadLines("csv", '1.5,2,"a,""b",2024-01-02 03:04:05.678,-3,1.005,t')).toEqual([
      [1.5, 2, 'a,"b', "2024-01-02 03:04:05.678", -3, "1.01", true],
    ]);
  });

  it("are cut at pipes unless told otherwise", async () => {
    expect(await loadLines("", "1|2|x|2024-01-02|3|4|false")).toEqual([
      [1, 2, "x", "2024-01-02 00:00:00", 3, "4.00", false],
    ]);
  });

  it("may hold the delimiter behind a backslash with ESCAPE", async () => {
    expect((await loadLines("escape", "1|2|a\\|b|2024-01-02|3|4|f"))[0]![2]).toBe("a|b");
  });

  it("may be quoted with REMOVEQUOTES", async () => {
    expect((await loadLines("removequotes", '1|"2"|"ab"|2024-01-02|3|4|f'))[0]!.slice(1, 3)).toEqual([2, "ab"]);
  });

  it("may hold line ends in a quoted CSV field", async () => {
    expect((await loadLines("csv", '1,2,"a\nb",,,,', "3,4,c,,,,")).map((row) => row[2])).toEqual(["a\nb", "c"]);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html
  it.each([
    ["", [null, null, "", null]],
    ["emptyasnull", [null, null, null, null]],
    ["null as ''", [null, null, null, null]],
  ])("that are empty are NULL, but in a character column only with %p", async (options, expected) => {
    expect((await loadLines(`csv ${options}`, ",,,,1,1,t"))[0]!.slice(0, 4)).toEqual(expected);
  });

  it("that are blank are NULL in a character column only with BLANKSASNULL", async () => {
    await loadLines("csv", "1,1,  ,,1,1,t");
    await loadLines("csv blanksasnull", "1,1,  ,,1,1,t");
    expect(await rowsOf(it_.admin, "select note from t")).toEqual([["  "], [null]]);
  });

  it("are NULL where they are what NULL AS says, \\N by itself", async () => {
    expect((await loadLines("csv", "1,\\N,\\N,,1,1,t"))[0]!.slice(1, 3)).toEqual([null, null]);
  });

  it("are cut to the column's bytes, never through a character, with TRUNCATECOLUMNS", async () => {
    expect((await loadLines("csv truncatecolumns", "1,1,abcdéf,,1,1,t"))[0]![2]).toBe("abcd");
  });

  it("go to the columns of the list, others take their default", async () => {
    await it_.admin.run("create table d (id bigint identity(1,1), a int default 7, b int)");
    it_.objects = { "in/1": "5\n6\n" };
    await it_.admin.run(`copy d (b) ${FROM} csv`);
    expect(await rowsOf(it_.admin, "select id, a, b from d order by 1")).toEqual([
      [1, 7, 5],
      [2, 7, 6],
    ]);
  });

  it("may have header lines, which IGNOREHEADER passes over", async () => {
    expect(await loadLines("csv ignoreheader 1", "speed,rpm", "1,1,a,,1,1,t")).toHaveLength(1);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/r_DATEFORMAT_and_TIMEFORMAT_strings.html
  it.each([
    ["timeformat 'auto'", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05"],
    ["timeformat 'epochmillisecs'", "1704164645000", "2024-01-02 03:04:05"],
    ["timeformat 'epochsecs'", "1704164645", "2024-01-02 03:04:05"],
    ["timeformat 'DD-MON-YYYY HH:MI:SS'", "02-Jan-2024 03:04:05", "2024-01-02 03:04:05"],
    ["timeformat 'DD.MM.YYYY HH:MI:SS'", "02.01.2024 03:04:05", "2024-01-02 03:04:05"],
  ])("of time are read by %s", async (options, text, expected) => {
    expect((await loadLines(`csv ${options}`, `1,1,a,${text},1,1,t`))[0]![3]).toBe(expected);
  });
});

describe("a line that cannot be loaded", () => {
  // https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html
  it.each([
    ["csv", "x,1,a,,1,1,t", "speed", 1208, "Invalid float or double precision value"],
    ["csv", "1,x,a,,1,1,t", "rpm", 1207, "Invalid digit, Value 'x', Pos 0, Type: Integer"],
    ["csv", "1,1.5,a,,1,1,t", "rpm", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"],
    ["csv", "1,2147483648,a,,1,1,t", "rpm", 1222, "Overflow, Type: Integer"],
    ["csv", "1,1,ééé,,1,1,t", "note", 1204, "String length exceeds DDL length"],
    ["csv", "1,1,a,yesterday,1,1,t", "seen", 1206, "Invalid timestamp format or value [YYYY-MM-DD HH:MI:SS]"],
    ["csv", "1,1,a,2024-02-30 00:00:00,1,1,t", "seen", 1206, "Invalid timestamp format or value [YYYY-MM-DD HH:MI:SS]"],
    ["csv", "1,1,a,,40000,1,t", "small", 1222, "Overflow, Type: Short"],
    ["csv", "1,1,a,,1,12345,t", "amount", 1204, "Numeric data overflow (result precision), Type: Decimal(6,2)"],
    ["csv", "1,1,a,,1,1,maybe", "ok", 1210, "Unknown boolean format"],
    ["csv", "1,1,a,,1,1,t,9", "", 1202, "Extra column(s) found"],
    ["csv", "1,1", "rpm", 1214, "Delimiter not found"],
    ["csv delimiter ';'", "1,1,a,,1,1,t", "speed", 1214, "Delimiter not found"],
    ["", "1,1,a,,1,1,t", "speed", 1214, "Delimiter not found"],
    ["csv", '1,1,"a', "", 1216, "Missing closing quote for CSV"],
    ["csv", '1,1,"a"b,,1,1,t', "", 1216, "Invalid quote formatting for CSV"],
  ])("with %p as %p stops the COPY: column %p, code %d, %s", async (options, line, column, code, reason) => {
    it_.objects = { "in/1": "1,1,a,,1,1,t\n", "in/2": `1,1,a,,1,1,t\n${line}\n` };
    if (!options.startsWith("csv") || options.includes("delimiter")) it_.objects = { "in/2": `${line}\n` };
    const lineNumber = it_.objects["in/1"] ? 2 : 1;
    const where = `s3://bucket/in/2 line ${lineNumber}${column ? `, column ${column}` : ""}`;
    expect(await failure(it_.admin.run(`copy t ${FROM} ${options}`))).toBe(
      `XX000 Load into table 't' failed. Check 'sys_load_error_detail' system table for details: ${where}: ${reason}`,
    );
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[0]]);
    expect(
      await rowsOf(
        it_.admin,
        "select file_name, line_number, column_name, error_code, error_message from sys_load_error_detail",
      ),
    ).toEqual([["s3://bucket/in/2", lineNumber, column, code, reason]]);
    expect(await rowsOf(it_.admin, "select status, loaded_rows, error_count from sys_load_history")).toEqual([
      ["aborted", 0, 1],
    ]);
  });

  it("is refused where the column is NOT NULL and the field empty", async () => {
    await it_.admin.run("create table n (a int not null)");
    it_.objects = { "in/1": ",\n" };
    expect(await failure(it_.admin.run(`copy n ${FROM} csv fillrecord`))).toContain(
      "column a: Missing data for not-null field",
    );
  });

  it("is refused where it is not UTF-8, and has its bytes replaced with ACCEPTINVCHARS", async () => {
    await it_.admin.run("create table u (a varchar(9))");
    it_.objects = { "in/1": Buffer.from([0x61, 0xff, 0x0a]) };
    expect(await failure(it_.admin.run(`copy u ${FROM} csv`))).toContain(
      "column a: String contains invalid or unsupported UTF8 codepoints",
    );
    await it_.admin.run(`copy u ${FROM} csv acceptinvchars '^'`);
    expect(await rowsOf(it_.admin, "select a from u")).toEqual([["a^"]]);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-load.html
  it("is passed over under MAXERROR, while there are fewer than it says", async () => {
    it_.objects = { "in/1": "x,1,a,,1,1,t\n1,1,a,,1,1,t\ny,1,a,,1,1,t\n" };
    expect((await it_.admin.run(`copy t ${FROM} csv maxerror 3`)).rowCount).toBe(1);
    expect(await failure(it_.admin.run(`copy t ${FROM} csv maxerror 2`))).toContain("line 1, column speed");
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[1]]);
  });

  it("shows its raw line in stl_load_errors", async () => {
    it_.objects = { "in/1": "1,x,a,,1,1,t\n" };
    await failure(it_.admin.run(`copy t ${FROM} csv`));
    expect(await rowsOf(it_.admin, "select raw_line, raw_field_value, type, err_code from stl_load_errors")).toEqual([
      ["1,x,a,,1,1,t", "x", "int4", 1207],
    ]);
  });
});

describe("files", () => {
  const row = "1,1,a,,1,1,t\n";

  it("are read with GZIP", async () => {
    it_.objects = { "in/1": gzipSync(row) };
    expect((await it_.admin.run(`copy t ${FROM} csv gzip`)).rowCount).toBe(1);
  });

  it("that are not GZIP are refused under it by name", async () => {
    it_.objects = { "in/1": row };
    expect(await failure(it_.admin.run(`copy t ${FROM} csv gzip`))).toBe(
      "58030 s3://bucket/in/1 cannot be read as GZIP: incorrect header check",
    );
  });

  it("are read with ZSTD, and refused by name when they are not", async () => {
    const frame = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, row.length, ...[(row.length << 3) | 1, 0, 0]]),
      Buffer.from(row),
    ]);
    it_.objects = { "in/1": frame };
    expect((await it_.admin.run(`copy t ${FROM} csv zstd`)).rowCount).toBe(1);
    it_.objects = { "in/1": row };
    expect(await failure(it_.admin.run(`copy t ${FROM} csv zstd`))).toBe(
      "58030 s3://bucket/in/1 cannot be read as ZSTD: incorrect magic number",
    );
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/r_DATEFORMAT_and_TIMEFORMAT_strings.html
  it("may write a date by DATEFORMAT", async () => {
    await it_.admin.run("create table dates (a date)");
    for (const [format, text] of [
      ["auto", "2024/01/02"],
      ["MM/DD/YYYY", "01/02/2024"],
      ["DD MON YYYY", "02 JAN 2024"],
    ]) {
      it_.objects = { "in/1": `${text}\n` };
      await it_.admin.run(`copy dates ${FROM} csv dateformat '${format}'`);
    }
    expect(await rowsOf(it_.admin, "select distinct a from dates")).toEqual([["2024-01-02"]]);
  });

  it("must exist under the prefix", async () => {
    expect(await failure(it_.admin.run(`copy t ${FROM} csv`))).toBe(
      "58030 The specified S3 prefix 'in/' does not exist",
    );
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
  it("are those of the manifest, and no others", async () => {
    it_.objects = { m: manifest("in/1", "in/3"), "in/1": row, "in/2": "bad", "in/3": row };
    expect((await it_.admin.run(`copy t from 's3://bucket/m' ${ROLE} manifest csv`)).rowCount).toBe(2);
  });

  it("that a manifest calls mandatory must exist", async () => {
    it_.objects = { m: manifest("in/1", "in/2"), "in/1": row };
    expect(await failure(it_.admin.run(`copy t from 's3://bucket/m' ${ROLE} manifest csv`))).toBe(
      "58030 S3ServiceException:The specified key does not exist: the manifest s3://bucket/m names s3://bucket/in/2 as mandatory,Status 404,Error NoSuchKey",
    );
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[0]]);
  });

  it("that a manifest does not call mandatory may be missing, but not all of them", async () => {
    const optional = (...keys: string[]) =>
      JSON.stringify({ entries: keys.map((key) => ({ url: `s3://bucket/${key}` })) });
    it_.objects = { m: optional("in/1", "in/2"), "in/1": row, none: optional("in/9") };
    expect((await it_.admin.run(`copy t from 's3://bucket/m' ${ROLE} manifest csv`)).rowCount).toBe(1);
    expect(await failure(it_.admin.run(`copy t from 's3://bucket/none' ${ROLE} manifest csv`))).toBe(
      "58030 None of the files that the manifest s3://bucket/none names exists",
    );
  });

  function manifest(...keys: string[]): string {
    return JSON.stringify({ entries: keys.map((key) => ({ url: `s3://bucket/${key}`, mandatory: true })) });
  }
});

describe("the statement", () => {
  it.each([
    [`copy t ${FROM} orc`, "0A000 COPY option ORC is not carried by the local warehouse"],
    [`copy t ${FROM} json 'auto' delimiter ','`, "42601 DELIMITER is not compatible with JSON"],
    [`copy t ${FROM} json 'auto' null as 'x'`, "42601 NULL AS is not compatible with JSON"],
    [`copy t ${FROM} json 'auto' csv`, "42601 conflicting or redundant options: the format is given twice"],
    [`copy t ${FROM} parquet maxerror 3`, "0A000 MAXERROR argument is not supported for PARQUET based COPY"],
    [`copy t ${FROM} parquet compupdate off`, "0A000 COMPUPDATE argument is not supported for PARQUET based COPY"],
    [`copy t ${FROM} parquet region 'us-east-1'`, "0A000 REGION argument is not supported for PARQUET based COPY"],
    [`copy t ${FROM} parquet gzip`, "0A000 GZIP argument is not supported for PARQUET based COPY"],
    [`copy t ${FROM} csv gzip zstd`, "42601 conflicting or redundant options: GZIP and ZSTD"],
    [
      `copy t ${FROM} csv dateformat 'DD-MON-YY'`,
      "0A000 DATEFORMAT 'DD-MON-YY' (only 'auto' and formats of YYYY, MM, MON and DD) is not carried by the local warehouse",
    ],
    [`copy t ${FROM} csv nonsense`, '42601 syntax error at or near "nonsense"'],
    [`copy t ${FROM} csv escape`, "42601 CSV is not compatible with ESCAPE"],
    [`copy t ${FROM} csv maxerror 100001`, "22023 MAXERROR must be between 0 and 100000, got 100001"],
    [`copy t ${FROM} delimiter ''`, "0A000 a DELIMITER of 0 characters is not carried by the local warehouse"],
    [
      "copy t from 's3://bucket/in/' csv",
      "28000 Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'",
    ],
    [
      "copy t from 's3://bucket/in/' iam_role 'me' csv",
      "28000 Invalid credentials. IAM role 'me' is not the ARN of a role: arn:aws:iam::<account>:role/<name>",
    ],
    [`copy nosuch ${FROM} csv`, '42P01 relation "nosuch" does not exist'],
    [`copy t (rpm, nosuch) ${FROM} csv`, '42703 column "nosuch" of relation "t" does not exist'],
  ])("%s is refused: %s", async (sql, message) => {
    expect(await failure(it_.admin.run(sql))).toBe(message);
  });

  // https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service-chaining-roles.html
  it("reads as the role that it names, or as the last of a chain, for the user who runs it", async () => {
    it_.objects = { "in/1": "" };
    const [one, two] = ["arn:aws:iam::000000000000:role/one", "arn:aws:iam::111111111111:role/two"];
    await it_.admin.run(`copy t from 's3://bucket/in/' iam_role '${one}' csv`);
    await it_.admin.run(`copy t from 's3://bucket/in/' iam_role '${one},${two}' csv`);
    expect(it_.readers).toEqual([
      [{ roleArn: one }, "admin"],
      [{ roleArn: one, chain: [two] }, "admin"],
    ]);
  });

  // https://docs.aws.amazon.com/redshift/latest/mgmt/default-iam-role.html
  it("reads as the default role with IAM_ROLE default, and is refused where there is none", async () => {
    it_.objects = { "in/1": "" };
    const copy = "copy t from 's3://bucket/in/' iam_role default csv";
    expect(await failure(it_.admin.run(copy))).toBe(
      "28000 Default IAM role is not set for the cluster: set one, or name a role in IAM_ROLE",
    );
    it_.warehouse.defaultRole = "arn:aws:iam::000000000000:role/usual";
    await it_.admin.run(copy);
    expect(it_.readers).toEqual([[{ roleArn: "arn:aws:iam::000000000000:role/usual" }, "admin"]]);
  });

  it("needs INSERT on the table and nothing else", async () => {
    const loader = await it_.user("loader");
    it_.objects = { "in/1": "1,1,a,,1,1,t\n" };
    expect(await failure(loader.run(`copy t ${FROM} csv`))).toBe("42501 permission denied for relation t");
    await it_.admin.run("grant insert on t to loader");
    expect((await loader.run(`copy t ${FROM} csv`)).rowCount).toBe(1);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_HISTORY.html and SYS_LOAD_ERROR_DETAIL.html
  it("shows in the columns that Redshift's views have, and nowhere with its keys", async () => {
    it_.objects = { "in/1": "1,1,a,,1,1,t\n", "in/2": "x,1,a,,1,1,t\n" };
    await it_.admin.run(
      "copy t from 's3://bucket/in/' credentials 'aws_access_key_id=AKIA;aws_secret_access_key=hush' csv maxerror 2",
    );
    const history = await it_.admin.run("select * from sys_load_history");
    expect(history.columns.map((column) => column.name)).toEqual(
      `user_id query_id transaction_id session_id database_name status table_name start_time end_time duration data_source file_format loaded_rows
      loaded_bytes source_file_count source_file_bytes file_count_scanned file_bytes_scanned error_count copy_job_id`.split(
        /\s+/,
      ),
    );
    expect(
      await rowsOf(
        it_.admin,
        "select database_name, status, table_name, data_source, file_format, loaded_rows, source_file_count, source_file_bytes, error_count, copy_job_id from sys_load_history",
      ),
    ).toEqual([["dev", "completed", "t", "s3://bucket/in/", "csv", 1, 2, 26, 1, 0]]);
    const detail = await it_.admin.run("select * from sys_load_error_detail");
    expect(detail.columns.map((column) => column.name)).toEqual(
      `user_id query_id transaction_id session_id database_name table_id start_time file_name line_number column_name column_type column_length
      position error_code error_message`.split(/\s+/),
    );
    expect(JSON.stringify([history.rows, detail.rows])).not.toMatch(/AKIA|hush/);
    expect(
      await rowsOf(
        it_.admin,
        "select count(*) from sys_load_history h join sys_load_error_detail d on h.query_id = d.query_id and h.transaction_id = d.transaction_id",
      ),
    ).toEqual([[1]]);
  });

  it("in a transaction loads nothing when that is rolled back", async () => {
    it_.objects = { "in/1": "1,1,a,,1,1,t\n" };
    await it_.admin.run(`begin; copy t ${FROM} csv; rollback`);
    expect(await rowsOf(it_.admin, "select count(*) from t")).toEqual([[0]]);
  });

  it("may run beside others into the same table, and every row arrives once", async () => {
    it_.objects = { "in/1": Array.from({ length: 5000 }, (_, i) => `1,${i},a,,1,1,t\n`).join("") };
    const sessions = await Promise.all([1, 2, 3, 4].map(() => it_.warehouse.login("dev", "admin", "Secret12345")));
    await Promise.all(sessions.map((session) => session.run(`copy t ${FROM} csv`)));
    expect(await rowsOf(it_.admin, "select count(*), count(distinct rpm) from t")).toEqual([[20000, 5000]]);
  });
});
