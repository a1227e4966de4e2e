import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { type Sql, SqlFailure } from "../../../lambda-src/data-api/sql";
import { applyMigrations } from "../../../lambda-src/run-migrations/apply";
import type { DatabaseUser } from "../../../lambda-src/run-migrations/event";
import { ensureUser } from "../../../lambda-src/run-migrations/users";
import { Warehouses } from "../../../local/warehouse";
import { readMigrations } from "../../../modules/query-runner/migration-files";
import { emptyStack } from "../../support/synth";
import { FakeSecrets, file, still } from "./fakes";

/** The statements of this function on the local warehouse: real locks, users and grants, and appliers that run at the same time. */
const ADMIN = { user: "redstream_admin", password: "Administrat0r" };
let folder: string;
let warehouses: Warehouses;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "redstream-warehouse-"));
  warehouses = new Warehouses(folder, () => {
    throw new Error("no COPY here");
  });
  await warehouses.create({ host: "laps.local", name: "laps", port: 5439, database: "telemetry", admin: ADMIN });
});
afterEach(async () => {
  await warehouses.close();
  rmSync(folder, { recursive: true });
});

const login = (user: string, password: string) => warehouses.at("laps.local")!.login("telemetry", user, password);

/** As the Data API runs it: every call a session of its own, a batch as one transaction. */
const sql: Sql = {
  async transaction(_, statements) {
    const session = await login(ADMIN.user, ADMIN.password);
    try {
      await session.run("BEGIN");
      for (const [index, statement] of statements.entries()) {
        await session.run(statement).catch((error: Error) => {
          throw new SqlFailure(error.message, index);
        });
      }
      await session.run("COMMIT").catch((error: Error) => {
        throw new SqlFailure(error.message);
      });
    } finally {
      await session.close();
    }
  },
  async rows(_, query) {
    const session = await login(ADMIN.user, ADMIN.password);
    try {
      const { rows } = await session.run(query);
      return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
    } finally {
      await session.close();
    }
  },
};
const telemetry = () => readMigrations(emptyStack(), "sql/telemetry");
const loader: DatabaseUser = {
  name: "firehose_loader",
  secretArn: "arn",
  grants: [{ schema: "public", table: "demo_cluster_dbtable", privileges: ["INSERT"] }],
};

describe("on the local warehouse", () => {
  it("applies sql/telemetry, once", async () => {
    const names = telemetry().map(({ name }) => name);
    expect(await applyMigrations(sql, "telemetry", telemetry(), still)).toEqual(names);
    expect(await applyMigrations(sql, "telemetry", telemetry(), still)).toEqual([]);
    expect(await sql.rows("", "SELECT name FROM redstream.migrations ORDER BY name")).toEqual(
      names.map((name) => [name]),
    );
  });

  it("applies every file once when four apply at the same time", async () => {
    const files = [
      file("001_make.sql", "CREATE TABLE public.laps (applied INTEGER)"),
      ...[2, 3, 4, 5].map((n) => file(`00${n}_fill.sql`, `INSERT INTO public.laps VALUES (${n})`)),
    ];
    const appliers = Array.from({ length: 4 }, () => applyMigrations(sql, "laps", files, still));
    const applied = await Promise.all(appliers);
    expect(applied.flat().sort()).toEqual(files.map(({ name }) => name));
    expect(await sql.rows("", "SELECT applied FROM public.laps ORDER BY 1")).toEqual([["2"], ["3"], ["4"], ["5"]]);
  });

  describe("the loading user", () => {
    const secrets = new FakeSecrets();
    const session = () =>
      warehouses
        .at("laps.local")!
        .login("telemetry", loader.name, JSON.parse(secrets.texts.get(loader.secretArn)!).password);
    beforeEach(async () => {
      secrets.texts.clear();
      await applyMigrations(sql, "telemetry", telemetry(), still);
      await ensureUser(sql, secrets, loader, still);
    });

    it("may insert into its table", async () => {
      const connection = await session();
      await connection.run("INSERT INTO public.demo_cluster_dbtable VALUES (210.5, 9000, 6, 0.9)");
      await connection.close();
      expect(await sql.rows("", "SELECT speed, rpm, gear, throttle FROM public.demo_cluster_dbtable")).toEqual([
        ["210.5", "9000", "6", "0.9"],
      ]);
    });

    it.each([
      [
        "read its table",
        "SELECT * FROM public.demo_cluster_dbtable",
        "permission denied for relation demo_cluster_dbtable",
      ],
      [
        "delete from it",
        "DELETE FROM public.demo_cluster_dbtable",
        "permission denied for relation demo_cluster_dbtable",
      ],
      ["create a table", "CREATE TABLE public.own (x INTEGER)", "permission denied for schema public"],
      ["read the history", "SELECT * FROM redstream.migrations", "permission denied for schema redstream"],
    ])("may not %s", async (_, statement, message) => {
      const connection = await session();
      await expect(connection.run(statement)).rejects.toThrow(message);
      await connection.close();
    });
  });
});
