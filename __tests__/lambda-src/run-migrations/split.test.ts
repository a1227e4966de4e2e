import { leadingWords, splitStatements } from "../../../lambda-src/run-migrations/split";

const statements = (script: string) => {
  const split = splitStatements(script);
  if (split.kind === "unterminated") throw new Error(`unterminated ${split.what}`);
  return split.statements;
};

describe("splitting a script", () => {
  it.each([
    ["a semicolon between statements", "SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
    ["no semicolon at the end", "SELECT 1;\nSELECT 2\n", ["SELECT 1", "SELECT 2"]],
    ["a semicolon in a string", "SELECT ';'; SELECT 2", ["SELECT ';'", "SELECT 2"]],
    ["a doubled quote in a string", "SELECT 'it''s; so'; SELECT 2", ["SELECT 'it''s; so'", "SELECT 2"]],
    ["an escaped quote in a string", "SELECT 'it\\'s; so'; SELECT 2", ["SELECT 'it\\'s; so'", "SELECT 2"]],
    ["an escaped backslash at the end of a string", "SELECT '\\\\'; SELECT 2", ["SELECT '\\\\'", "SELECT 2"]],
    ["a semicolon in a quoted name", 'SELECT "a;""b"; SELECT 2', ['SELECT "a;""b"', "SELECT 2"]],
    ["a semicolon in a line comment", "SELECT 1 -- one; not two\n; SELECT 2", ["SELECT 1 -- one; not two", "SELECT 2"]],
    ["a quote in a line comment", "SELECT 1 -- it's\n; SELECT 2", ["SELECT 1 -- it's", "SELECT 2"]],
    ["a semicolon in a block comment", "SELECT 1 /* a; b */; SELECT 2", ["SELECT 1 /* a; b */", "SELECT 2"]],
    ["a comment in a comment", "SELECT 1 /* a /* b; */ c; */; SELECT 2", ["SELECT 1 /* a /* b; */ c; */", "SELECT 2"]],
    ["a comment that is no comment in a string", "SELECT '--'; SELECT '/*'", ["SELECT '--'", "SELECT '/*'"]],
    [
      "a dollar-quoted body",
      "CREATE FUNCTION f() AS $$ a; 'b $$ LANGUAGE sql; SELECT 2",
      ["CREATE FUNCTION f() AS $$ a; 'b $$ LANGUAGE sql", "SELECT 2"],
    ],
    ["a tagged dollar quote", "DO $x$ a; $$; b $x$; SELECT 2", ["DO $x$ a; $$; b $x$", "SELECT 2"]],
    ["a dollar inside a name", "SELECT a$b$c; SELECT 2", ["SELECT a$b$c", "SELECT 2"]],
    ["parts with nothing but comments", "-- first\n;; /* second */ ; SELECT 1; -- last\n", ["SELECT 1"]],
    ["an empty script", " \n\t", []],
    ["CRLF", "SELECT 1;\r\nSELECT 2;\r\n", ["SELECT 1", "SELECT 2"]],
  ])("reads %s", (_, script, expected) => {
    expect(statements(script)).toEqual(expected);
  });

  it("keeps the comment that stands before a statement", () => {
    expect(statements("-- why\nSELECT 1;")).toEqual(["-- why\nSELECT 1"]);
  });

  it.each([
    ["string", "SELECT 1;\nSELECT 'open; SELECT 2", 2],
    ["quoted identifier", 'SELECT "open', 1],
    ["comment", "\n\n/* /* */", 3],
    ["dollar-quoted string", "DO $a$ x $b$", 1],
  ])("says where a %s without an end opens", (what, script, line) => {
    expect(splitStatements(script)).toEqual({ kind: "unterminated", what, line });
  });

  it("reads a megabyte in time that grows with its length", () => {
    const script = `INSERT INTO t VALUES ('${"x".repeat(500_000)}'); /* ${"-".repeat(500_000)} */ SELECT 2;`;
    expect(statements(script)).toHaveLength(2);
  });

  it("finds a statement's first words behind comments", () => {
    expect(leadingWords("-- c\n /* d */ create /* e */ external\n table t", 3)).toEqual([
      "CREATE",
      "EXTERNAL",
      "TABLE",
    ]);
  });
});
