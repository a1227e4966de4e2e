import { duckdbType, parseHiveType } from "../../../../local/services/firehose/hive-type";
import { parseJson, splitDocuments } from "../../../../local/services/firehose/json-text";
import { rowOf } from "../../../../local/services/firehose/row";

const row = (type: string, value: string) => {
  const columns = [{ name: "c", type: parseHiveType(type) }];
  return rowOf(columns, parseJson(`{"c":${value}}`)).slice('{"c":'.length, -1);
};

describe("rowOf", () => {
  it.each([
    ["string", '"a\\nb"', '"a\\nb"'],
    ["string", "1.50", '"1.50"'],
    ["string", '{"b":[1e2,"x",null,true]}', '"{\\"b\\":[1e2,\\"x\\",null,true]}"'],
    ["varchar(10)", '"x"', '"x"'],
    ["bigint", "9223372036854775807", "9223372036854775807"],
    ["bigint", '"12"', "12"],
    ["double", "12345678901234567890", "12345678901234567890"],
    ["double", '"1e3"', "1e3"],
    ["boolean", "true", "true"],
    ["boolean", '"false"', "false"],
    ["date", '"2024-02-29"', '"2024-02-29"'],
    ["timestamp", '"2024-02-29T10:20:30.5Z"', '"2024-02-29 10:20:30.5"'],
    ["timestamp", '"2024-2-9 10:20:30"', '"2024-02-09 10:20:30"'],
    ["timestamp", "1518033528", '"2018-02-07 19:58:48.000"'],
    ["timestamp", "1518033528123", '"2018-02-07 19:58:48.123"'],
    ["timestamp", "1518033528.123", '"2018-02-07 19:58:48.123"'],
    ["decimal(5,2)", "123.45", '"123.45"'],
    ["array<int>", "[1,null,3]", "[1,null,3]"],
    ["map<string,double>", '{"K":1.5}', '{"K":1.5}'],
    ["struct<a:int,b:struct<c:string>>", '{"A":1,"b":{"C":"x"},"d":9}', '{"a":1,"b":{"c":"x"}}'],
    ["int", "null", "null"],
  ])("as %s makes %s into %s", (type, value, text) => {
    expect(row(type, value)).toBe(text);
  });

  it.each([
    ["int", "1.7", "column c is int, got 1.7"],
    ["int", "2147483648", "column c is int, got 2147483648"],
    ["tinyint", "128", "column c is tinyint, got 128"],
    ["bigint", "12345678901234567890", "column c is bigint, got 12345678901234567890"],
    ["bigint", '"no"', 'column c is bigint, got "no"'],
    ["double", "1e400", "column c is double, got 1e400"],
    ["double", '"text"', 'column c is double, got "text"'],
    ["boolean", "1", "column c is boolean, got 1"],
    ["date", '"2024-02-30x"', 'column c is date, got "2024-02-30x"'],
    ["timestamp", '"yesterday"', 'column c is timestamp, got "yesterday"'],
    ["decimal(5,2)", "1234.5", "column c is decimal, got 1234.5"],
    ["array<int>", "7", "column c is array, got 7"],
    ["array<int>", '["x"]', 'column c is int, got "x"'],
    ["struct<a:int>", "[]", "column c is struct, got []"],
    ["map<string,int>", "7", "column c is map, got 7"],
  ])("as %s refuses %s", (type, value, message) => {
    expect(() => row(type, value)).toThrow(message);
  });

  it("finds keys whatever their case, leaves others out and makes missing ones null", () => {
    const columns = ["lap_time", "gear"].map((name) => ({ name, type: parseHiveType("double") }));
    expect(rowOf(columns, parseJson('{"LAP_Time":1.50,"other":2}'))).toBe('{"lap_time":1.50,"gear":null}');
  });

  it("is of one object", () => {
    expect(() => rowOf([], parseJson("[1]"))).toThrow("a record must be a JSON object");
  });
});

describe("parseHiveType", () => {
  it.each([
    ["bigint", "BIGINT"],
    ["array<struct<a:int,b:array<double>>>", 'STRUCT("a" INTEGER, "b" DOUBLE[])[]'],
    ["map<string,decimal(10,2)>", "MAP(VARCHAR, DECIMAL(10,2))"],
    ["char(3)", "VARCHAR"],
    ["decimal", "DECIMAL(10,0)"],
  ])("%s is DuckDB's %s", (hive, duckdb) => {
    expect(duckdbType(parseHiveType(hive))).toBe(duckdb);
  });

  it.each(["binary", "uniontype<int,string>", "array<>", "struct<a>", "interval"])("refuses %s by name", (type) => {
    expect(() => parseHiveType(type)).toThrow(/^The local AWS does not carry the (column type|struct field) /);
  });
});

describe("splitDocuments", () => {
  it.each([
    ['{"a":1}{"a":{"b":2}}\n{"c":"}{"}', ['{"a":1}', '{"a":{"b":2}}', '{"c":"}{"}']],
    ['{"a":1}', ['{"a":1}']],
    ['{"a":1} x {"a":2}', ['{"a":1} x {"a":2}']],
    ["[1]", ["[1]"]],
    ["", [""]],
  ])("takes %s apart", (text, documents) => {
    expect(splitDocuments(text)).toEqual(documents);
  });
});
