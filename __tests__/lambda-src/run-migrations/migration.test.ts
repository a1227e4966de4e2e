import { checksumOf, statementsOf } from "../../../lambda-src/run-migrations/migration";

const check = (sql: string) => statementsOf({ name: "001_x.sql", sql });
const reason = (sql: string) => {
  const checked = check(sql);
  return checked.kind === "refused" ? checked.reason : undefined;
};

describe("a migration file", () => {
  it("has the same checksum with LF and CRLF line ends, and another one for any other change", () => {
    expect(checksumOf("SELECT 1;\r\nSELECT 2;\r\n")).toBe(checksumOf("SELECT 1;\nSELECT 2;\n"));
    expect(checksumOf("SELECT 1; ")).not.toBe(checksumOf("SELECT 1;"));
  });

  it("takes 37 statements", () => {
    expect(check("SELECT 1;".repeat(37)).kind).toBe("statements");
  });

  it("is refused with 38, which with lock, guard and record are more than a batch takes", () => {
    expect(reason("SELECT 1;".repeat(38))).toBe(
      "001_x.sql: holds 38 statements, at most 37 fit into one transaction; cut it into two files",
    );
  });

  it("is refused with a statement longer than the Data API takes, counted in bytes", () => {
    expect(reason(`SELECT 1; SELECT '${"ü".repeat(50_000)}'`)).toBe(
      "001_x.sql: statement 2 has 100009 bytes, the Data API takes at most 100000",
    );
  });

  it("is refused when it holds no statement", () => {
    expect(reason("-- later\n")).toBe("001_x.sql: holds no statement");
  });

  it("is refused with a string that has no end", () => {
    expect(reason("SELECT 1;\nSELECT 'a;")).toBe("001_x.sql: the string that opens in line 2 has no end");
  });

  it.each(["BEGIN", "COMMIT", "end", "Rollback", "TRUNCATE", "VACUUM", "CREATE DATABASE", "DROP EXTERNAL TABLE"])(
    "is refused with %s, which would break its transaction",
    (start) => {
      expect(reason(`SELECT 1; /* c */ ${start} x`)).toBe(
        `001_x.sql: statement 2 is ${start.toUpperCase()}, which cannot be part of the transaction that applies and records the file`,
      );
    },
  );

  it("may name a table that starts like such a word", () => {
    expect(check("CREATE TABLE truncated (x INT); INSERT INTO commits VALUES (1)").kind).toBe("statements");
  });
});
