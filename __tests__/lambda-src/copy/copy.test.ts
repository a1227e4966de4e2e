import type { CopyOptions } from "../../../lambda-src/copy/options";
import { problemsOf } from "../../../lambda-src/copy/problems";
import { render } from "../../../lambda-src/copy/render";
import { readOptions } from "../../../lambda-src/copy/text";

const LINE = "a document has fields by name, not a line with separators";
const TYPED = "a columnar file has typed columns, not lines of text";

describe("options of a COPY", () => {
  it.each<[CopyOptions, string]>([
    [{ format: "csv" }, "CSV"],
    [{ format: "csv", compression: "gzip" }, "CSV GZIP"],
    [
      { format: "json", truncateColumns: true, blanksAsNull: true, emptyAsNull: true },
      "json 'auto' TRUNCATECOLUMNS BLANKSASNULL EMPTYASNULL",
    ],
    [{ format: "json", ignoreCase: true }, "json 'auto ignorecase'"],
    [{ format: "json", jsonpaths: "s3://paths/event's.json" }, "json 's3://paths/event''s.json'"],
    [{ format: "avro" }, "AVRO 'auto'"],
    [{ format: "parquet", serializeToJson: true }, "PARQUET SERIALIZETOJSON"],
    [{ format: "orc" }, "ORC"],
    [{ format: "delimited" }, ""],
    [{ format: "delimited", delimiter: "\t", escape: true, removeQuotes: true }, "DELIMITER '\\t' ESCAPE REMOVEQUOTES"],
    [
      {
        format: "csv",
        delimiter: ";",
        quote: "'",
        compression: "zstd",
        nullAs: "null",
        ignoreHeader: 1,
        ignoreBlankLines: true,
        fillRecord: true,
        trimBlanks: true,
        dateFormat: "auto",
        timeFormat: "YYYY-MM-DD HH:MI:SS",
        acceptAnyDate: true,
        acceptInvChars: "^",
        maxError: 10,
      },
      "CSV DELIMITER ';' QUOTE '''' ZSTD NULL AS 'null' IGNOREHEADER 1 IGNOREBLANKLINES FILLRECORD TRIMBLANKS DATEFORMAT 'auto' TIMEFORMAT 'YYYY-MM-DD HH:MI:SS' ACCEPTANYDATE ACCEPTINVCHARS '^' MAXERROR 10",
    ],
  ])("writes %j as %s", (options, text) => {
    expect(render(options)).toBe(text);
  });

  it.each<[CopyOptions, string]>([
    [
      { format: "csv", jsonpaths: "s3://paths/p.json" },
      "CSV and JSONPATHS exclude each other: fields are found by name in JSON and AVRO only; leave one out",
    ],
    [
      { format: "delimited", jsonpaths: "s3://paths/p.json" },
      "delimited text and JSONPATHS exclude each other: fields are found by name in JSON and AVRO only; leave one out",
    ],
    [
      { format: "delimited", quote: '"' },
      "delimited text and QUOTE exclude each other: QUOTE is CSV's; REMOVEQUOTES is for delimited text; leave one out",
    ],
    [{ format: "json", delimiter: "|" }, `JSON and DELIMITER exclude each other: ${LINE}; leave one out`],
    [{ format: "json", nullAs: "" }, `JSON and NULL AS exclude each other: ${LINE}; leave one out`],
    [
      { format: "csv", escape: true },
      "CSV and ESCAPE exclude each other: CSV has its own rules for quotes; leave one out",
    ],
    [{ format: "parquet", ignoreHeader: 1 }, `PARQUET and IGNOREHEADER exclude each other: ${TYPED}; leave one out`],
    [
      { format: "orc", maxError: 5 },
      "ORC and MAXERROR exclude each other: a COPY of columnar files fails at the first error; leave one out",
    ],
    [
      { format: "parquet", compression: "gzip" },
      "PARQUET and GZIP exclude each other: a columnar file is compressed inside; leave one out",
    ],
    [
      { format: "json", jsonpaths: "s3://paths/p.json", ignoreCase: true },
      "JSONPATHS and IGNORECASE exclude each other: the expressions of a JSONPaths file are taken as they stand; leave one out",
    ],
    [
      { format: "csv", serializeToJson: true },
      "CSV and SERIALIZETOJSON exclude each other: it is for nested columns of PARQUET and ORC; leave one out",
    ],
    [{ format: "csv", quote: "," }, 'QUOTE and DELIMITER are both ",": a field could not be told from the next'],
    [{ format: "xml" as never }, 'format must be one of csv, json, parquet, orc, avro, delimited, got "xml"'],
    [{ format: "csv", compression: "zip" as never }, 'compression must be one of gzip, zstd, bzip2, lzop, got "zip"'],
    [{ format: "json", jsonpaths: "paths.json" }, 'jsonpaths must be s3://BUCKET/KEY, got "paths.json"'],
    [
      { format: "csv", delimiter: "" },
      'delimiter must be one character or more, without backslash and without control characters but TAB, got ""',
    ],
    [{ format: "csv", quote: '""' }, 'quote must be one character, not a backslash, got "\\"\\""'],
    [
      { format: "csv", nullAs: "\\N" },
      'nullAs must be text without backslash and without control characters but TAB, got "\\\\N"',
    ],
    [{ format: "csv", ignoreHeader: -1 }, "ignoreHeader must be a whole number of at least 0, got -1"],
    [{ format: "csv", maxError: 100_001 }, "maxError must be a whole number between 0 and 100000, got 100001"],
    [{ format: "csv", acceptInvChars: "é" }, 'acceptInvChars must be one ASCII character, got "é"'],
    [{ format: "csv", dateFormat: "'; --" }, `dateFormat must be a pattern such as auto, got "'; --"`],
  ])("refuses %j", (options, problem) => {
    expect(problemsOf(options)).toEqual([problem]);
    expect(() => render(options)).toThrow(new RangeError(`options of COPY: ${problem}`));
  });

  it("names every pair that contradicts, not only the first", () => {
    expect(problemsOf({ format: "json", delimiter: ",", escape: true })).toEqual([
      `JSON and DELIMITER exclude each other: ${LINE}; leave one out`,
      `JSON and ESCAPE exclude each other: ${LINE}; leave one out`,
    ]);
  });

  it("refuses a column that the table does not have, a column given twice, and an empty list", () => {
    expect(problemsOf({ format: "csv" }, ["speed", "RPM", "geer"], ["speed", "rpm", "gear"])).toEqual([
      "columns names geer, which the table does not have: speed, rpm, gear",
    ]);
    expect(problemsOf({ format: "csv" }, ["speed", "SPEED"])).toEqual(["columns names SPEED twice"]);
    expect(problemsOf({ format: "csv" }, [])).toEqual(["columns must name at least one column, got an empty list"]);
    expect(problemsOf({ format: "csv" }, ["Speed"], ["speed"])).toEqual([]);
  });
});

describe("options of a COPY as text", () => {
  it.each([
    ["delimiter ';'", undefined],
    ["CSV DELIMITER '|' IGNOREHEADER 1", undefined],
    ["json 'auto' TRUNCATECOLUMNS blanksasnull emptyasnull", undefined],
    ["fixedwidth 'a:3,b:4' GZIP", "GZIP"],
    ["STATUPDATE OFF COMPUPDATE OFF", undefined],
    ["NULL AS 'json' DELIMITER ','", undefined],
  ])("takes %s", (text, compression) => {
    expect(readOptions(text)).toEqual({ problems: [], ...(compression ? { compression } : {}) });
  });

  it.each([
    ["CSV json 'auto'", "CSV and JSON exclude each other: a COPY has one format; leave one out"],
    ["CSV GZIP zstd", "GZIP and ZSTD exclude each other: files have one compression; leave one out"],
    ["json 'auto' delimiter '|'", `JSON and DELIMITER exclude each other: ${LINE}; leave one out`],
    ["FORMAT AS PARQUET NULL AS ''", `PARQUET and NULL AS exclude each other: ${TYPED}; leave one out`],
    ["MANIFEST CSV", "must not hold MANIFEST, which is written for you"],
    ["CSV; DROP TABLE laps", "must be options of one COPY, without ; comments or open quotes"],
    ["DELIMITER '", "must be options of one COPY, without ; comments or open quotes"],
  ])("refuses %s", (text, problem) => {
    expect(readOptions(text).problems).toEqual([problem]);
  });
});
