import { gzipSync } from "node:zlib";
import { Fixture, failure, rowsOf } from "./support";

/** COPY from JSON, by https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-json.html and copy-parameters-data-format.html#copy-json. */
const ROLE = "iam_role 'arn:aws:iam::000000000000:role/copy'";
const FROM = `from 's3://bucket/in/' ${ROLE}`;

let it_: Fixture;

beforeEach(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run(
    "create table t (speed float, rpm integer, note varchar(20), seen timestamp, amount numeric(20,2), ok boolean, big bigint)",
  );
});
afterEach(() => it_.close());

async function loadJson(text: string | Buffer, options = "json 'auto'", what = "*"): Promise<unknown> {
  it_.objects = { ...it_.objects, "in/1": text };
  await it_.admin.run(`copy t ${FROM} ${options}`);
  return rowsOf(it_.admin, `select ${what} from t`);
}

describe("JSON 'auto'", () => {
  it("takes fields by name in any order, passes over others and leaves missing ones NULL", async () => {
    expect(
      await loadJson('{"rpm":2,"speed":1.5,"extra":{"speed":9,"a":[1,{"rpm":3}]},"note":"a\\"b\\u00e9\\n"}'),
    ).toEqual([[1.5, 2, 'a"bé\n', null, null, null, null]]);
  });

  it("keeps every digit of a number", async () => {
    expect(
      await loadJson('{"amount":123456789012345678.90,"big":9223372036854775807}', "json 'auto'", "amount, big"),
    ).toEqual([["123456789012345678.90", 9223372036854775807n]]);
  });

  it.each([
    ["lines", '{"rpm":1}\n{"rpm":2}\n'],
    ["nothing between", '{"rpm":1}{"rpm":2}'],
    ["several lines a document", '{\n "rpm" : 1\n}\r\n\n{\n"rpm":\n2}'],
    ["a byte order mark", '\ufeff{"rpm":1} {"rpm":2}'],
  ])("takes documents with %s", async (_, text) => {
    expect(await loadJson(text, "json 'auto'", "rpm")).toEqual([[1], [2]]);
  });

  it("takes null as NULL, an empty text as such, with EMPTYASNULL as NULL", async () => {
    await loadJson('{"note":null,"rpm":1}{"note":"","rpm":2}');
    await loadJson('{"note":"","rpm":3}', "json 'auto' emptyasnull");
    expect(await rowsOf(it_.admin, "select note from t order by rpm")).toEqual([[null], [""], [null]]);
  });

  it("takes a value of another type by its text", async () => {
    expect(
      await loadJson('{"note":12.50,"rpm":"7","ok":true,"speed":"1e2"}{"note":{"a": 1}}', "format as json 'auto'"),
    ).toEqual([
      [100, 7, "12.50", null, null, true, null],
      [null, null, '{"a": 1}', null, null, null, null],
    ]);
  });

  it("looks at the case of names unless told not to", async () => {
    expect(await loadJson('{"RPM":1}', "json 'auto'", "rpm")).toEqual([[null]]);
    await it_.admin.run("truncate t");
    expect(await loadJson('{"RPM":1}', "json 'auto ignorecase'", "rpm")).toEqual([[1]]);
  });

  it("takes GZIP, TIMEFORMAT, TRUNCATECOLUMNS and a column list", async () => {
    const text = gzipSync('{"seen":1704164645000,"note":"0123456789012345678901234","rpm":5}');
    expect(await loadJson(text, "json 'auto' gzip timeformat 'epochmillisecs' truncatecolumns")).toEqual([
      [null, 5, "01234567890123456789", "2024-01-02 03:04:05", null, null, null],
    ]);
    it_.objects = { "in/1": '{"rpm":1,"speed":2}' };
    await it_.admin.run(`truncate t; copy t (rpm) ${FROM} json 'auto'`);
    expect(await rowsOf(it_.admin, "select rpm, speed from t")).toEqual([[1, null]]);
  });

  it("loads a large file, line by line, across its pieces", async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `{"rpm":${i},"pad":"${"é".repeat(80)}"}\n`);
    expect(await loadJson(lines.join(""), "json 'auto'", "count(*), sum(rpm)")).toEqual([[60000, 1799970000]]);
  });
});

describe("a JSONPaths file", () => {
  it("says where each column's value stands", async () => {
    it_.objects = {
      paths: JSON.stringify({ jsonpaths: ["$.engine.rpm", "$['tags'][1]", "$.nope[0].x"] }),
      "in/1": '{"engine":{"rpm":7},"tags":["a","b"]}',
    };
    await it_.admin.run(`copy t (rpm, note, ok) ${FROM} json 's3://bucket/paths'`);
    expect(await rowsOf(it_.admin, "select rpm, note, ok from t")).toEqual([[7, "b", null]]);
  });

  it("takes arrays", async () => {
    it_.objects = { paths: '{"jsonpaths":["$[1]","$[0]"]}', "in/1": '["x", 3]\n["y", 4]' };
    await it_.admin.run(`copy t (rpm, note) ${FROM} json as 's3://bucket/paths'`);
    expect(await rowsOf(it_.admin, "select rpm, note from t order by 1")).toEqual([
      [3, "x"],
      [4, "y"],
    ]);
  });

  it.each([
    [
      '{"jsonpaths":["$.a"]}',
      "22023 Number of jsonpaths and the number of columns should match. JSONPath size: 1, Number of columns in table or column list: 2",
    ],
    [
      '{"jsonpaths":["$.a","$.b[*]"]}',
      `22023 Invalid JSONPath format: "$.b[*]" in s3://bucket/paths. Supported notations are 'dot-notation' ($.a.b[0]) and 'bracket-notation' ($['a']['b'][0])`,
    ],
    ['{"jsonpaths":{}}', '22023 Invalid JSONPaths file s3://bucket/paths: "jsonpaths" must be a list'],
  ])("%s is refused", async (paths, message) => {
    it_.objects = { paths, "in/1": "{}" };
    expect(await failure(it_.admin.run(`copy t (rpm, note) ${FROM} json 's3://bucket/paths'`))).toBe(message);
  });

  it("must exist", async () => {
    expect(await failure(it_.admin.run(`copy t (rpm) ${FROM} json 's3://bucket/paths'`))).toBe(
      "58030 S3ServiceException:The specified key does not exist: s3://bucket/paths,Status 404,Error NoSuchKey",
    );
  });
});

describe("a document that cannot be loaded", () => {
  it.each([
    ['{"rpm":1', "", 1216, 'Invalid JSON: a comma or } must stand where "{\\"rpm\\":8}\\n" stands'],
    ['{"rpm":}', "", 1216, 'Invalid JSON: "}\\n{\\"rpm\\":8" is no value'],
    ["{rpm:1}", "", 1216, 'Invalid JSON: a name in quotes must stand where "rpm:1}\\n{\\"r" stands'],
    ['{"rpm":NaN}', "", 1216, 'Invalid JSON: "NaN}\\n{\\"rpm" is no value'],
    ["[1]", "", 1216, "Invalid JSON: 'auto' takes objects, not arrays (use a JSONPaths file)"],
    ["7", "", 1216, 'Invalid JSON: a document begins with { or [, not with "7\\n{\\"rpm\\":8"'],
    ['{"note":"a\n"}', "", 1216, "Invalid JSON: a string does not end in its line"],
    ['{"note":"\\x"}', "", 1216, 'Invalid JSON: a wrong escape in the string "\\x"'],
    ['{"rpm":1.5}', "rpm", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"],
    ['{"speed":1e400}', "speed", 1204, "Value out of range, Type: float8"],
    ['{"note":"012345678901234567890"}', "note", 1204, "String length exceeds DDL length"],
  ])("like %s is told: column %p, code %d, %s", async (text, column, code, reason) => {
    it_.objects = { "in/1": `{"rpm":1}\n${text}\n{"rpm":8}\n` };
    expect(await failure(it_.admin.run(`copy t ${FROM} json 'auto'`))).toMatch(/^XX000 Load into table 't' failed/);
    expect(await rowsOf(it_.admin, "select column_name, error_code, error_message from sys_load_error_detail")).toEqual(
      [[column, code, reason]],
    );
  });

  it("is passed over under MAXERROR, and the next line is read", async () => {
    it_.objects = { "in/1": '{"rpm":1}\n{"rpm":x}\n{"rpm":3}\n{"note":"a\n{"rpm":4}\n{"rpm":5,\n{"rpm":6}\n' };
    await it_.admin.run(`copy t ${FROM} json 'auto' maxerror 4`);
    expect(await rowsOf(it_.admin, "select rpm from t order by 1")).toEqual([[1], [3], [4], [6]]);
    expect(await rowsOf(it_.admin, "select line_number from sys_load_error_detail order by 1")).toEqual([
      [2],
      [4],
      [7],
    ]);
  });

  it("counts its last line, as Redshift does for JSON", async () => {
    it_.objects = { "in/1": '{\n"rpm":\n"x"}' };
    await failure(it_.admin.run(`copy t ${FROM} json 'auto'`));
    expect(await rowsOf(it_.admin, "select line_number from sys_load_error_detail")).toEqual([[3]]);
  });

  it("with bytes that are no UTF-8 is refused, unless ACCEPTINVCHARS puts a character for them", async () => {
    const text = Buffer.concat([Buffer.from('{"note":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
    it_.objects = { "in/1": text };
    expect(await failure(it_.admin.run(`copy t ${FROM} json 'auto'`))).toContain(
      "column note: String contains invalid or unsupported UTF8 codepoints",
    );
    expect(await loadJson(text, "json 'auto' acceptinvchars '^'", "note")).toEqual([["a^"]]);
  });
});
