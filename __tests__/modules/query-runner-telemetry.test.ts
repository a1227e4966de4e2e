import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { TELEMETRY } from "../../lambda-src/events/telemetry";
import { splitStatements } from "../../lambda-src/run-migrations/split";
import { readMigrations } from "../../modules/query-runner/migration-files";
import { emptyStack } from "../support/synth";

const FOLDER = "sql/telemetry";
/** What COPY must find for each type of the record: Redshift's FLOAT8 and INTEGER hold them whole. */
const COLUMN_TYPE = { double: "FLOAT8", int: "INTEGER" } as const;

describe("sql/telemetry", () => {
  it("holds files that can be applied", () => {
    expect(readMigrations(emptyStack(), FOLDER).map(({ name }) => name)).toContain("001_create_fast_laps.sql");
  });

  it("makes a table whose columns are the record's fields, with the types that hold them", () => {
    const [create] = readMigrations(emptyStack(), FOLDER);
    const body = /CREATE TABLE public\.demo_cluster_dbtable \(([^)]*)\)/.exec(create!.sql)?.[1] ?? "";
    const columns = body.split(",").map((line) => line.trim().split(/\s+/));
    expect(columns).toEqual(
      (["speed", "rpm", "gear", "throttle"] as const).map((field) => [field, COLUMN_TYPE[TELEMETRY[field]]]),
    );
  });

  it("has what a loader needs apart: the table that Firehose's COPY fills has no column more", () => {
    const [add, ...more] = readMigrations(emptyStack(), "sql/telemetry_loader");
    expect(add!.sql).toContain("ALTER TABLE public.demo_cluster_dbtable ADD COLUMN source_hour TIMESTAMP;");
    expect(more).toEqual([]);
  });

  const queries = readdirSync(path.resolve(FOLDER, "queries")).filter((name) => !name.startsWith("failed_loads"));
  it.each(queries)("has a query that runs on that table: %s", async (name) => {
    const database = await (await DuckDBInstance.create(":memory:")).connect();
    await database.run("CREATE SCHEMA IF NOT EXISTS public");
    await database.run(
      "CREATE TABLE public.demo_cluster_dbtable (speed FLOAT8, rpm INTEGER, gear INTEGER, throttle FLOAT8)",
    );
    await database.run(
      "INSERT INTO public.demo_cluster_dbtable VALUES (210.5, 9000, 6, 0.9), (210.5, 9000, 6, 0.9), (300, 12000, 8, 1)",
    );
    const split = splitStatements(readFileSync(path.resolve(FOLDER, "queries", name), "utf8"));
    expect(split).toMatchObject({ kind: "statements", statements: [expect.any(String)] });
    if (split.kind !== "statements") return;
    const reader = await database.runAndReadAll(split.statements[0]!);
    expect(reader.getRows().length).toBeGreaterThan(0);
    database.closeSync();
  });
});
