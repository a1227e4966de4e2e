import { javaDouble } from "../../../../local/java-double";
import { readRow } from "../../../../local/services/kinesisanalyticsv2/json";
import { lineOf, parseInsert } from "../../../../local/services/kinesisanalyticsv2/line";
import { planOf } from "../../../../local/services/kinesisanalyticsv2/plan";
import { statements } from "../../../../local/services/kinesisanalyticsv2/script";
import { Select } from "../../../../local/services/kinesisanalyticsv2/select";
import { type Column, parseTable } from "../../../../local/services/kinesisanalyticsv2/table";

const TABLE = parseTable(
  "CREATE TABLE t (speed DOUBLE, rpm INT, note STRING, ok BOOLEAN, n BIGINT, deep ROW<x DOUBLE, y ROW<z INT>>) WITH ('a' = 'b')",
);

describe("the script", () => {
  const insert = "INSERT INTO s SELECT 1";

  it("doubles quotes of a value inside a literal and inserts text elsewhere", () => {
    expect(statements({ "script.1": "A '${v}' `${v}` ${v}; " + insert, v: "it''s" })[0]).toBe(
      "A 'it''''s' `it''s` it''s",
    );
  });

  it("splits at semicolons outside of literals and comments, in the order of the numbers", () => {
    const all = statements({ "script.2": insert, "script.1": "A ';' -- ;\n; B /* ; */" });
    expect(all).toEqual(["A ';'", "B", insert]);
  });

  it.each([
    [{ "script.1": "A; B 'oops" }, "script.1, statement 2: unterminated literal '"],
    [{ "script.1": "A `oops" }, "script.1, statement 1: unterminated name `"],
    [{ "script.1": "A /* oops" }, "script.1, statement 1: unterminated comment /*"],
    [{ "script.1": "A ${v}", v: "x -- y" }, "script.1, statement 1, ${v}: a comment; take it out"],
    [
      { "script.1": "A ${v}", v: "x;y" },
      "script.1, statement 1, ${v}: a semicolon, but one statement's part is wanted",
    ],
    [{ "script.1": "A" }, "the script has 1 statements and no INSERT among them: it would deliver nothing"],
    [{ "script.1": "A", "script.3": "B" }, "property script.2 is missing, although there is script.3"],
    [{ a: "1" }, "property script.1 is missing; group SqlRunner has a"],
  ])("refuses %j", (properties, message) => {
    expect(() => statements(properties as Record<string, string>)).toThrow(new Error(message));
  });
});

describe("CREATE TABLE", () => {
  it("reads nested rows and options", () => {
    expect(TABLE.columns.at(-1)).toEqual({
      name: "deep",
      type: [
        { name: "x", type: "DOUBLE" },
        { name: "y", type: [{ name: "z", type: "INT" }] },
      ],
    });
    expect(TABLE.options).toEqual({ a: "b" });
  });

  it.each([
    [
      "CREATE TABLE t (a TIMESTAMP(3)) WITH ('a'='b')",
      "column t.a has type TIMESTAMP; the local evaluation knows DOUBLE, INT, BIGINT, STRING, BOOLEAN and ROW<...>",
    ],
    [
      "CREATE TABLE t (a INT, WATERMARK FOR a AS a) WITH ('a'='b')",
      "column t.WATERMARK has type FOR; the local evaluation knows DOUBLE, INT, BIGINT, STRING, BOOLEAN and ROW<...>",
    ],
    [
      "CREATE TABLE t (a INT NOT NULL) WITH ('a'='b')",
      ") expected, got NOT, in \"CREATE TABLE t (a INT NOT NULL) WITH ('a'='b')\"",
    ],
    ["CREATE VIEW v", 'TABLE expected, got VIEW, in "CREATE VIEW v"'],
  ])("refuses %s", (sql, message) => {
    expect(() => parseTable(sql)).toThrow(new Error(message));
  });
});

describe("the INSERT that makes lines", () => {
  it("is read piece by piece, with the SELECT as it stands", () => {
    expect(
      parseInsert(
        "INSERT INTO s SELECT COALESCE(CAST(a AS STRING), 'N') || ';' || CHR(10) FROM (SELECT (1) AS a FROM t)",
      ),
    ).toEqual({
      sink: "s",
      line: [{ column: "a", whenNull: "N" }, { text: ";" }, { text: "\n" }],
      select: "SELECT (1) AS a FROM t",
    });
  });

  it("leaves an empty field for NULL and never moves a column", () => {
    const { line } = parseInsert(
      "INSERT INTO s SELECT COALESCE(CAST(a AS STRING), '') || ',' || COALESCE(CAST(b AS STRING), '') FROM (SELECT a, b FROM t)",
    );
    expect(lineOf(line, { a: null, b: 2 }, { a: "DOUBLE", b: "DOUBLE" })).toBe(",2.0");
  });

  it("refuses a piece that it would have to guess", () => {
    expect(() => parseInsert("INSERT INTO s SELECT JSON_OBJECT('a' VALUE a) FROM (SELECT a FROM t)")).toThrow(
      new Error(
        "a line is made of 'literals', CHR(n) and COALESCE(CAST(column AS STRING), 'literal'), got JSON_OBJECT",
      ),
    );
  });

  // As Flink 1.19 on Java 17 wrote them.
  it.each([
    [200, "200.0"],
    [0.5, "0.5"],
    [0.001, "0.001"],
    [0.00099999, "9.9999E-4"],
    [9999999.999, "9999999.999"],
    [1e7, "1.0E7"],
    [123456789012.5, "1.234567890125E11"],
    [1e22, "1.0E22"],
    [Number.MAX_VALUE, "1.7976931348623157E308"],
    [-0, "-0.0"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ])("writes %d as Java does", (value, text) => {
    expect(javaDouble(value)).toBe(text);
  });
});

describe("a record as a row", () => {
  const columns: readonly Column[] = TABLE.columns;
  const row = (text: string) => readRow(Buffer.from(text), columns);
  const nulls = { speed: null, rpm: null, note: null, ok: null, n: null, deep: null };

  // Each was put through Flink 1.19's json format with 'json.ignore-parse-errors'.
  it.each(["not json", "5", "[1]", '[{"speed":1}]', "", "null", '"x"', '{"speed":', '{"speed":NaN}', "{'speed':1}"])(
    "is none for %j",
    (text) => {
      expect(row(text)).toBeUndefined();
    },
  );

  it.each([
    ['{"speed":"250","rpm":" 77 "}', { speed: 250, rpm: 77 }],
    ['{"speed":" .5 ","rpm":7.9}', { speed: 0.5, rpm: 7 }],
    ['{"speed":"5d","rpm":-3.9}', { speed: 5, rpm: -3 }],
    ['{"speed":true,"rpm":5e9}', {}],
    ['{"speed":[1],"rpm":"2.5"}', {}],
    ['{"speed":{"a":1},"rpm":""}', {}],
    ['{"speed":"Infinity","rpm":"+5"}', { speed: Number.POSITIVE_INFINITY, rpm: 5 }],
    ['{"deep":"x"}', {}],
    ['{"deep":{"y":{"z":1}}}', { deep: { x: null, y: { z: 1 } } }],
    ['{"Speed":1,"other":2}', {}],
    ['{"speed":1}{"speed":2}', { speed: 1 }],
    ['{"speed":1} trailing', { speed: 1 }],
    ['{"speed":1,"speed":2}\n', { speed: 2 }],
    ['\ufeff{"speed":1}', { speed: 1 }],
    ['{"note":5,"ok":"TRUE","n":"12"}', { note: "5", ok: true, n: 12 }],
    ['{"note":{"a":[1]},"ok":1}', { note: '{"a":[1]}', ok: false }],
  ])("is what Flink makes of %s", (text, expected) => {
    expect(row(text)).toEqual({ ...nulls, ...expected });
  });
});

describe("the SELECT", () => {
  async function evaluate(sql: string, ...rows: object[]): Promise<unknown[]> {
    const select = await Select.open(sql, TABLE);
    try {
      return await select.rows(
        rows.map((row) => ({ speed: null, rpm: null, note: null, ok: null, n: null, deep: null, ...row })),
      );
    } finally {
      select.close();
    }
  }

  it("takes expressions, conditions and fields of nested rows", async () => {
    const rows = [
      { speed: 210.5, rpm: 5, deep: { x: 1.5, y: { z: 7 } } },
      { speed: 100, rpm: 7, deep: null },
    ];
    expect(
      await evaluate("SELECT speed * 2 AS s, rpm / 2 AS half, t.deep.y.z FROM t WHERE `speed` > 200", ...rows),
    ).toEqual([{ s: 421, half: 2, z: 7 }]);
  });

  it("takes CASE, IN, BETWEEN, LIKE and boolean literals", async () => {
    const sql =
      "SELECT CASE WHEN ok = TRUE THEN 'y' ELSE note END AS c FROM t WHERE rpm IN (1, 2) AND speed BETWEEN 1 AND 3 AND note LIKE 'a%'";
    expect(await evaluate(sql, { ok: true, note: "ab", rpm: 2, speed: 2 }, { note: "b", rpm: 2, speed: 2 })).toEqual([
      { c: "y" },
    ]);
  });

  it("does not choke on infinity", async () => {
    expect(await evaluate("SELECT speed FROM t", { speed: Number.POSITIVE_INFINITY })).toEqual([
      { speed: Number.POSITIVE_INFINITY },
    ]);
  });

  const ROW_WISE =
    "; the local evaluation works batch by batch and takes only what needs one row at a time: SELECT expressions FROM t WHERE condition";

  it.each([
    ["SELECT rpm FROM t GROUP BY rpm", "GROUP BY"],
    ["SELECT DISTINCT rpm FROM t", "DISTINCT"],
    ["SELECT rpm FROM t ORDER BY rpm", "ORDER BY"],
    ["SELECT rpm FROM t LIMIT 3", "LIMIT"],
    ["SELECT AVG(speed) AS a FROM t", "function AVG (an aggregate, or one not known to be the same in Flink)"],
    ["SELECT COUNT(*) AS a FROM t", "function COUNT_STAR (an aggregate, or one not known to be the same in Flink)"],
    ["SELECT ROW_NUMBER() OVER (ORDER BY speed) AS a FROM t", "window function ROW_NUMBER"],
    ["SELECT rpm FROM t JOIN u ON TRUE", "a join"],
    ["SELECT rpm FROM (SELECT rpm FROM t)", "a subquery"],
    ["SELECT rpm FROM t WHERE speed > (SELECT 1)", "a subquery"],
    ["SELECT rpm FROM TUMBLE(x)", "a table function (a window is one)"],
    ["SELECT rpm FROM other", "FROM other"],
    ["WITH a AS (SELECT 1) SELECT rpm FROM t", "WITH"],
    ["SELECT rpm FROM t UNION ALL SELECT rpm FROM t", "more than one SELECT"],
    ["SELECT CAST(speed AS INT) AS a FROM t", "CAST, whose text and rounding differ between the engines"],
    ["SELECT NOW() AS a FROM t", "function NOW (an aggregate, or one not known to be the same in Flink)"],
  ])("refuses %s by name", async (sql, what) => {
    await expect(Select.open(sql, TABLE)).rejects.toThrow(new Error(`the SELECT has ${what}${ROW_WISE}`));
  });

  it("says what is not understood", async () => {
    await expect(Select.open("SELEKT rpm FROM t", TABLE)).rejects.toThrow(/^the SELECT is not understood: .*SELEKT/);
  });

  it.each([
    ["SELECT Speed FROM t", "the SELECT names column Speed; at Speed there is speed, rpm, note, ok, n, deep"],
    ["SELECT deep.y.q FROM t", "the SELECT names column deep.y.q; at q there is z"],
    [
      "SELECT deep FROM t",
      'column deep of the SELECT has type STRUCT("x" DOUBLE, "y" STRUCT("z" INTEGER)); the local evaluation writes DOUBLE, INTEGER, BIGINT, VARCHAR, BOOLEAN, DECIMAL',
    ],
  ])("refuses %s", async (sql, message) => {
    await expect(Select.open(sql, TABLE)).rejects.toThrow(new Error(message));
  });
});

describe("the plan of a script", () => {
  const source =
    "CREATE TABLE t (a INT) WITH ('connector'='kinesis','stream'='in','aws.region'='us-east-1','format'='json','json.ignore-parse-errors'='true')";
  const sink =
    "CREATE TABLE s (line STRING) WITH ('connector'='firehose','delivery-stream'='out','aws.region'='us-east-1','format'='raw')";
  const insert = "INSERT INTO s SELECT COALESCE(CAST(a AS STRING), '') FROM (SELECT a FROM t)";
  const plan = (...scripts: string[]) =>
    planOf(Object.fromEntries(scripts.map((sql, i) => [`script.${i + 1}`, sql])), "us-east-1");

  it("takes stream, position, SELECT and delivery stream from the statements", () => {
    expect(plan(source, sink, insert)).toMatchObject({
      stream: "in",
      initialPosition: "LATEST", // the connector's own default
      select: "SELECT a FROM t",
      deliveryStream: "out",
    });
  });

  it.each([
    [[source.replace("'kinesis'", "'kafka'"), sink, insert], "table t: 'connector' must be kinesis here, got kafka"],
    [
      [source.replace("'true'", "'false'"), sink, insert],
      "table t: 'json.ignore-parse-errors' must be true here, got false",
    ],
    [
      [source.replace("us-east-1", "eu-west-1"), sink, insert],
      "table t: 'aws.region' is eu-west-1, but this local AWS is us-east-1",
    ],
    [
      [source.replace("'stream'", "'scan.stream.efo.consumername'='x','stream'"), sink, insert],
      "table t: option 'scan.stream.efo.consumername' is not known here; known are connector, stream, aws.region, scan.stream.initpos, format, json.ignore-parse-errors",
    ],
    [[source, sink.replace("'delivery-stream'='out',", ""), insert], "table s: option 'delivery-stream' is missing"],
    [
      [source, sink.replace("line STRING", "a INT, b INT"), insert],
      "table s has format raw, which takes one column of type STRING",
    ],
    [[source, insert], "INSERT INTO s: the script makes no such table"],
    [
      [source, source.replace("TABLE t", "TABLE u"), sink, insert],
      "the local evaluation reads one source table, the script makes 2",
    ],
    [
      [source, sink, insert, insert],
      "statement 4 of the script: a second INSERT; the local evaluation carries one out",
    ],
    [["SET 'a' = 'b'", source, sink, insert], "statement 1 of the script: SET is not CREATE TABLE or INSERT"],
  ])("refuses %#: %s", (scripts, message) => {
    expect(() => plan(...(scripts as string[]))).toThrow(new Error(message as string));
  });
});
