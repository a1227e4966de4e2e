import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type Sql, SqlFailure } from "../../../lambda-src/data-api/sql";
import { applyMigrations } from "../../../lambda-src/run-migrations/apply";
import { file, still } from "./fakes";

/** A real SQL engine in place of the fake: the statements this function writes must parse, and the guard must fail in it. */
let database: DuckDBConnection;
let sql: Sql;

beforeEach(async () => {
  database = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = async (query: string) =>
    (await database.runAndReadAll(query))
      .getRows()
      .map((row) => row.map((value) => (value === null ? null : String(value))));
  sql = {
    rows: (_, query) => rows(query),
    async transaction(_, statements) {
      await database.run("BEGIN");
      for (const [index, statement] of statements.entries()) {
        // One connection: there is nobody to lock out.
        if (statement.startsWith("LOCK TABLE ")) continue;
        try {
          await database.run(statement);
        } catch (error) {
          await database.run("ROLLBACK");
          throw new SqlFailure((error as Error).message, index);
        }
      }
      await database.run("COMMIT");
    },
  };
});
afterEach(() => database.closeSync());

const one = file("001_make.sql", "CREATE TABLE laps (speed FLOAT8); INSERT INTO laps VALUES (210.5)");
const two = file("002_fill.sql", "INSERT INTO laps VALUES (220)");
const speeds = async () => (await sql.rows("", "SELECT speed FROM laps ORDER BY 1")).flat();

describe("applying migrations in a real database", () => {
  it("applies and records, once", async () => {
    expect(await applyMigrations(sql, "telemetry", [one, two], still)).toEqual(["001_make.sql", "002_fill.sql"]);
    expect(await applyMigrations(sql, "telemetry", [one, two], still)).toEqual([]);
    expect(await speeds()).toEqual(["210.5", "220"]);
    expect(await sql.rows("", "SELECT dataset, name, applied_at FROM redstream.migrations ORDER BY name")).toEqual([
      ["telemetry", "001_make.sql", "2026-11-21 08:54:21"],
      ["telemetry", "002_fill.sql", "2026-11-21 08:54:21"],
    ]);
  });

  it("fails in the guard, before the file, when another applier was quicker", async () => {
    await applyMigrations(sql, "telemetry", [one], still);
    const failures: unknown[] = [];
    const stale: Sql = {
      ...sql,
      // Both have read the history; then the other one applies the second file.
      async transaction(doing, statements) {
        if (doing === "applying 002_fill.sql") await applyMigrations(sql, "telemetry", [one, two], still);
        return sql.transaction(doing, statements).catch((error: unknown) => {
          failures.push(error);
          throw error;
        });
      },
    };
    expect(await applyMigrations(stale, "telemetry", [one, two], still)).toEqual([]);
    expect(failures).toMatchObject([{ statement: 1, message: expect.stringContaining("history has 2 files") }]);
    expect(await speeds()).toEqual(["210.5", "220"]);
  });

  it("keeps nothing of a file that fails in its middle", async () => {
    const broken = file("002_fill.sql", "INSERT INTO laps VALUES (220); INSERT INTO nowhere VALUES (1)");
    await expect(applyMigrations(sql, "telemetry", [one, broken], still)).rejects.toThrow(
      /^002_fill\.sql: statement 2 \(INSERT INTO nowhere VALUES \(1\)\) failed: /,
    );
    expect(await speeds()).toEqual(["210.5"]);
  });
});
