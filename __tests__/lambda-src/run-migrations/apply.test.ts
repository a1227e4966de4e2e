import { SqlFailure } from "../../../lambda-src/data-api/sql";
import { applyMigrations } from "../../../lambda-src/run-migrations/apply";
import { checksumOf } from "../../../lambda-src/run-migrations/migration";
import { Crash, FakeWarehouse, file, interleaved, killedAt, orders, still } from "./fakes";

const one = file("001_make_a.sql", "CREATE TABLE a (x INT)");
const two = file("002_make_b.sql", "CREATE TABLE b (x INT); CREATE TABLE c (x INT);");
const three = file("003_fill.sql", "INSERT INTO a VALUES (1)");
const all = [one, two, three];
const ALL_RAN = [
  "CREATE TABLE a (x INT)",
  "CREATE TABLE b (x INT)",
  "CREATE TABLE c (x INT)",
  "INSERT INTO a VALUES (1)",
];
const ALL_RECORDED = all.map(({ name, sql }) => ({ dataset: "telemetry", name, checksum: checksumOf(sql) }));

let warehouse: FakeWarehouse;
beforeEach(() => {
  warehouse = new FakeWarehouse();
});
const apply = (files = all, dataset = "telemetry") => applyMigrations(warehouse, dataset, files, still);

describe("applying migrations", () => {
  it("applies the files in order and records each with its checksum", async () => {
    expect(await apply()).toEqual(["001_make_a.sql", "002_make_b.sql", "003_fill.sql"]);
    expect(warehouse.ran).toEqual(ALL_RAN);
    expect(warehouse.history).toEqual(ALL_RECORDED);
  });

  it("applies only what is new", async () => {
    await apply([one, two]);
    expect(await apply()).toEqual(["003_fill.sql"]);
    expect(warehouse.ran).toEqual(ALL_RAN);
  });

  it("keeps the histories of datasets apart", async () => {
    await apply([one], "telemetry");
    expect(await apply([file("001_make_a.sql", "CREATE TABLE other (x INT)")], "events")).toEqual(["001_make_a.sql"]);
  });

  it("puts lock, guard, file and record into one transaction", async () => {
    const transactions: (readonly string[])[] = [];
    const run = warehouse.transaction.bind(warehouse);
    warehouse.transaction = (doing, statements) => {
      transactions.push(statements);
      return run(doing, statements);
    };
    await apply([one]);
    expect(transactions[1]).toEqual([
      "LOCK TABLE redstream.migrations",
      "SELECT CAST(CASE WHEN COUNT(*) = 0 THEN '0' ELSE 'history has ' || CAST(COUNT(*) AS VARCHAR) || ' files' END AS INTEGER) FROM redstream.migrations WHERE dataset = 'telemetry'",
      "CREATE TABLE a (x INT)",
      `INSERT INTO redstream.migrations (dataset, name, checksum, applied_at) VALUES ('telemetry', '001_make_a.sql', '${checksumOf(one.sql)}', TIMESTAMP '2026-11-21 08:54:21')`,
    ]);
  });

  it("keeps the files before the one that fails, nothing of the failed one, and says file, statement and reason", async () => {
    warehouse.refuse = (statement) => (statement.includes("TABLE c") ? 'ERROR: type "int" is odd' : undefined);
    await expect(apply()).rejects.toThrow(
      '002_make_b.sql: statement 2 (CREATE TABLE c (x INT)) failed: ERROR: type "int" is odd. Nothing of this file was kept; the files before it are applied and recorded. Correct it and apply again',
    );
    expect(warehouse.ran).toEqual(["CREATE TABLE a (x INT)"]);
    expect(warehouse.history).toEqual(ALL_RECORDED.slice(0, 1));

    warehouse.refuse = () => undefined;
    expect(await apply()).toEqual(["002_make_b.sql", "003_fill.sql"]);
    expect(warehouse.ran).toEqual(ALL_RAN);
  });

  it("refuses an applied file that was edited", async () => {
    await apply([one]);
    const edited = file("001_make_a.sql", "CREATE TABLE a (x BIGINT)");
    await expect(apply([edited, two])).rejects.toThrow(
      `001_make_a.sql was edited after it was applied: recorded checksum ${checksumOf(one.sql)}, now ${checksumOf(edited.sql)}; restore it and put the change into a new file`,
    );
    expect(warehouse.history).toHaveLength(1);
  });

  it("tries again when the warehouse says that someone was in the way", async () => {
    let refusals = 2;
    warehouse.refuse = (statement) =>
      statement === "CREATE TABLE a (x INT)" && refusals-- > 0
        ? "ERROR: 1023 DETAIL: Serializable isolation violation on table"
        : undefined;
    expect(await apply([one])).toEqual(["001_make_a.sql"]);
    expect(warehouse.ran).toEqual(["CREATE TABLE a (x INT)"]);
  });

  it("gives up a conflict that does not end", async () => {
    warehouse.refuse = (statement) => (statement === "CREATE TABLE a (x INT)" ? "deadlock detected" : undefined);
    await expect(apply([one])).rejects.toThrow(
      "001_make_a.sql: statement 1 (CREATE TABLE a (x INT)) failed: deadlock detected.",
    );
  });

  it("takes a file as done when it was committed but the answer was lost", async () => {
    const run = warehouse.transaction.bind(warehouse);
    warehouse.transaction = async (doing, statements) => {
      await run(doing, statements);
      if (doing === "applying 001_make_a.sql") throw new SqlFailure("connection reset");
    };
    await apply();
    expect(warehouse.ran).toEqual(ALL_RAN);
    expect(warehouse.history).toEqual(ALL_RECORDED);
  });

  it("converges after being killed at any moment", async () => {
    let crashes = 0;
    for (let moment = 1; ; moment += 1) {
      warehouse = new FakeWarehouse();
      const killer = killedAt(moment);
      await applyMigrations(killer.wrap(warehouse), "telemetry", all, still).catch((error) =>
        expect(error).toBeInstanceOf(Crash),
      );
      if (!killer.happened) break;
      crashes += 1;
      await apply();
      expect(warehouse.ran).toEqual(ALL_RAN);
      expect(warehouse.history).toEqual(ALL_RECORDED);
    }
    // prepare, read, three files: two moments each.
    expect(crashes).toBe(10);
  });

  it("applies every file once when two apply at the same time, in whatever order their calls come", async () => {
    for (const order of orders(10)) {
      warehouse = new FakeWarehouse();
      const process = (wrap: <P extends object>(port: P) => P) =>
        applyMigrations(wrap(warehouse), "telemetry", all, still).then(() => {});
      const results = await interleaved(order, [process, process]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
      expect(warehouse.ran).toEqual(ALL_RAN);
      expect(warehouse.history).toEqual(ALL_RECORDED);
    }
  });

  it("lets only one of two different files with the same number through, and tells the other why", async () => {
    const rival = file("002_rival.sql", "CREATE TABLE rival (x INT)");
    for (const order of orders(8)) {
      warehouse = new FakeWarehouse();
      const results = await interleaved(order, [
        (wrap) => applyMigrations(wrap(warehouse), "telemetry", [one, two], still).then(() => {}),
        (wrap) => applyMigrations(wrap(warehouse), "telemetry", [one, rival], still).then(() => {}),
      ]);
      const refused = results.filter((result) => result.status === "rejected");
      expect(refused).toHaveLength(1);
      expect(String(refused[0]?.reason.message)).toMatch(
        /^002_(make_b|rival)\.sql was applied to this warehouse but is not among the files; restore it$/,
      );
      expect(warehouse.history).toHaveLength(2);
    }
  });
});
