import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { CopyOptions } from "../../../lambda-src/copy/options";
import { namedIn } from "../../../lambda-src/load/classify";
import { dataApiWarehouse } from "../../../lambda-src/load/data-api-warehouse";
import type { Driver } from "../../../lambda-src/load/driver";
import { driverWarehouse } from "../../../lambda-src/load/driver-warehouse";
import { manifestOf } from "../../../lambda-src/load/manifest";
import { pgDriver } from "../../../lambda-src/load/pg-driver";
import type { HourLoads, Load, Staging, Warehouse } from "../../../lambda-src/load/ports";
import type { LoadTable } from "../../../lambda-src/load/table";
import { startWire } from "../../../local/wire";
import { Fixture, parquet, rowsOf } from "../../local/warehouse/support";
import { LocalDataApi } from "./local-data-api";

/** The statements of the load on the local warehouse, as the user whom the migrations make, through the Data API's calls and through a driver. */
const ROLE = "arn:aws:iam::000000000000:role/copy";
const USER = "IAMR:loader";
const HOUR = "2026-11-21T08";
const csv: CopyOptions = { format: "csv" };
const PLAIN: LoadTable = { name: "kpis", columns: ["day", "value"], copy: csv };
const BY_HOUR: LoadTable = { ...PLAIN, hourColumn: "source_hour" };
const BY_KEY: LoadTable = { ...PLAIN, dedupKey: ["day"] };
const BY_BOTH: LoadTable = { ...PLAIN, dedupKey: ["day"], hourColumn: "source_hour" };

let it_: Fixture;
let api: LocalDataApi;
let warehouse: Warehouse;
/** Statements of the load, as they were sent. */
let sent: string[];

/** The two ways to the warehouse, which keep the same promises. */
const WAYS: readonly (readonly [string, () => Promise<() => Promise<void>>])[] = [
  ["the Data API", byDataApi],
  ["a driver", byDriver],
];

async function byDataApi(): Promise<() => Promise<void>> {
  api = new LocalDataApi(it_.warehouse, USER);
  const running = { client: api.client, deadline: { remaining: () => 60_000 }, sleep: async () => {} };
  const connection = { WorkgroupName: "w", Database: "dev" };
  const options = { connection, copyRole: ROLE, bucketRegion: undefined, now: () => new Date() };
  warehouse = dataApiWarehouse(running, options);
  return () => api.close();
}

async function byDriver(): Promise<() => Promise<void>> {
  await it_.admin.run(`alter user "${USER}" password 'Secret12345'`);
  const wire = await startWire(({ database, user, password }) => it_.warehouse.login(database, user, password));
  const driver = pgDriver({
    host: "w.local",
    port: 5439,
    database: "dev",
    local: wire.address,
    login: async () => ({ username: USER, password: "Secret12345" }),
    deadline: { remaining: () => 60_000 },
  });
  const heard: Driver = {
    open: async () => {
      const session = await driver.open();
      const query = session.query.bind(session);
      session.query = (sql) => {
        sent.push(sql);
        return query(sql);
      };
      return session;
    },
  };
  const options = { copyRole: ROLE, bucketRegion: undefined, now: () => new Date(), sleep: async () => {} };
  const connected = driverWarehouse(heard, options);
  warehouse = connected;
  return async () => {
    await connected.close();
    await wire.close();
  };
}

async function prepare(): Promise<void> {
  sent = [];
  it_ = await new Fixture().open();
  it_.warehouse.roles.add(ROLE);
  await it_.admin.run(
    `create table kpis (day varchar(10), value int default 7, source_hour timestamp);
     create schema redstream;
     create table redstream.loads (load_id varchar(36) not null, table_name varchar(255) not null, state varchar(16) not null, source_hour timestamp,
       files bigint not null, bytes bigint not null, rows bigint not null, loaded_at timestamp not null);
     create user "${USER}" password disable;
     grant usage on schema public to "${USER}";
     grant usage on schema redstream to "${USER}";
     grant select, insert, delete on kpis to "${USER}";
     grant select, insert on redstream.loads to "${USER}"`,
  );
}

/** Puts files and their manifest into the bucket; answers a load of them. */
function loadOf(table: LoadTable, files: Record<string, string | Buffer>, hour = HOUR, replaces?: HourLoads): Load {
  const objects = Object.entries(files).map(([key, content]) => {
    it_.objects[key] = content;
    return { bucket: "bucket", key, version: "v1", bytes: Buffer.byteLength(content), table: table.name, hour };
  });
  const id = randomUUID();
  it_.objects[`.redstream/manifests/${id}`] = JSON.stringify(manifestOf(objects));
  return { id, table, hour, files: objects, ...(replaces ? { replaces } : {}) };
}
const stage = (load: Load): Promise<Staging> => warehouse.stage(load, `s3://bucket/.redstream/manifests/${load.id}`);

async function commit(load: Load): Promise<void> {
  const staging = await stage(load);
  if (staging.kind !== "staged") throw new Error(JSON.stringify(staging));
  await staging.commit();
}
const rows = () => rowsOf(it_.admin, "select day, value from kpis order by 1, 2");
const hours = () =>
  rowsOf(it_.admin, "select day, value, to_char(source_hour, 'YYYY-MM-DD HH24:MI') from kpis order by 1, 2");

describe.each(WAYS)("by %s", (_way, open) => {
  let close: () => Promise<void>;
  beforeEach(async () => {
    await prepare();
    close = await open();
  });
  afterEach(async () => {
    await close();
    await it_.close();
  });

  describe("a load in the warehouse", () => {
    it("adds the rows of its files and records itself, in one transaction", async () => {
      const load = loadOf(PLAIN, { "kpis/a.csv": "mon,1\ntue,2\n", "kpis/b.csv": "wed,3\n" });
      const staging = await stage(load);
      expect(await rows()).toEqual([]);
      expect(await warehouse.outcome(load.id)).toBeUndefined();
      if (staging.kind === "staged") await staging.commit();
      expect(await rows()).toEqual([
        ["mon", 1],
        ["tue", 2],
        ["wed", 3],
      ]);
      expect(await warehouse.outcome(load.id)).toEqual({ state: "loaded", rows: 3 });
      expect(
        await rowsOf(
          it_.admin,
          "select load_id, table_name, state, to_char(source_hour, 'YYYY-MM-DD HH24:MI'), files, bytes, rows from redstream.loads",
        ),
      ).toEqual([[load.id, "public.kpis", "loaded", "2026-11-21 08:00", 2, 18, 3]]);
    });

    it("does nothing when it is committed a second time", async () => {
      const load = loadOf(PLAIN, { "kpis/a.csv": "mon,1\n" });
      const staging = await stage(load);
      if (staging.kind !== "staged") throw new Error("not staged");
      await staging.commit();
      it_.warehouse.conflicts.inject("kpis", 1);
      await staging.commit();
      expect(await rows()).toEqual([["mon", 1]]);
    });

    it("adds nothing any more once it was ended, and says so", async () => {
      const load = loadOf(BY_BOTH, { "kpis/a.csv": "mon,1\n" });
      const staging = await stage(load);
      expect(await warehouse.fence(PLAIN, load.id)).toEqual({ state: "abandoned" });
      expect(await warehouse.fence(PLAIN, load.id)).toEqual({ state: "abandoned" });
      if (staging.kind === "staged") await staging.commit();
      expect(await rows()).toEqual([]);
      expect(await warehouse.outcome(load.id)).toEqual({ state: "abandoned" });
    });

    it("cannot be ended once it is committed", async () => {
      const load = loadOf(PLAIN, { "kpis/a.csv": "mon,1\n" });
      await commit(load);
      expect(await warehouse.fence(PLAIN, load.id)).toEqual({ state: "loaded", rows: 1 });
    });

    it.each(["kpis", "redstream.loads"])("is committed in spite of other writers of %s (error 1023)", async (table) => {
      it_.warehouse.conflicts.inject(table, 2);
      await commit(loadOf(PLAIN, { "kpis/a.csv": "mon,1\n" }));
      expect(it_.warehouse.conflicts.left(table)).toBe(0);
      expect(await rows()).toEqual([["mon", 1]]);
    });

    it("is never of two minds: of a commit and an end at the same time, one wins", async () => {
      for (let time = 0; time < 5; time += 1) {
        const load = loadOf(PLAIN, { [`kpis/${time}.csv`]: `day${time},1\n` });
        const staging = await stage(load);
        if (staging.kind !== "staged") throw new Error("not staged");
        await Promise.all([staging.commit(), warehouse.fence(PLAIN, load.id)]);
        const outcome = await warehouse.outcome(load.id);
        const there = (await rows()).some(([day]) => day === `day${time}`);
        expect(there).toBe(outcome?.state === "loaded");
      }
    });

    it("puts no key into a statement", async () => {
      await commit(loadOf(PLAIN, { "kpis/'; drop table kpis; --.csv": "mon,1\n" }));
      const sql = JSON.stringify([sent, api?.calls.map(({ input }) => [input.Sql, input.Sqls])]);
      expect(sql).not.toContain("drop table");
      expect(await rows()).toEqual([["mon", 1]]);
    });
  });

  describe("the hour column", () => {
    it("gets the hour of the load", async () => {
      await commit(loadOf(BY_HOUR, { "kpis/a.csv": "mon,1\n" }));
      expect(await hours()).toEqual([["mon", 1, "2026-11-21 08:00"]]);
    });

    it("is what a replay replaces by, if no load was added to the hour meanwhile", async () => {
      await commit(loadOf(BY_HOUR, { "kpis/a.csv": "mon,1\n" }));
      await commit(loadOf(BY_HOUR, { "kpis/b.csv": "tue,2\n" }, "2026-11-21T09"));
      const seen = await warehouse.hourLoads(BY_HOUR, HOUR);
      expect(seen).toEqual({ loads: 1, files: 1 });
      await commit(loadOf(BY_HOUR, { "kpis/a.csv": "mon,10\n" }, HOUR, seen));
      expect(await rows()).toEqual([
        ["mon", 10],
        ["tue", 2],
      ]);
      const late = loadOf(BY_HOUR, { "kpis/a.csv": "mon,100\n" }, HOUR, seen);
      await commit(late);
      expect(await warehouse.outcome(late.id)).toBeUndefined();
      expect(await rows()).toContainEqual(["mon", 10]);
      expect(await warehouse.hourLoads(BY_HOUR, HOUR)).toEqual({ loads: 2, files: 1 });
    });
  });

  describe("the deduplication key", () => {
    it("keeps one row a key within a load, the greatest, and every row with NULL in it", async () => {
      const table: LoadTable = { ...BY_KEY, copy: { format: "csv", emptyAsNull: true } };
      await commit(loadOf(table, { "kpis/a.csv": "mon,1\nmon,3\n,5\n,5\n", "kpis/b.csv": "mon,2\n" }));
      expect(await rows()).toEqual([
        ["mon", 3],
        [null, 5],
        [null, 5],
      ]);
    });

    it("keeps the greatest by dedupOrder", async () => {
      const table: LoadTable = { ...BY_KEY, columns: ["value", "day"], dedupKey: ["value"], dedupOrder: ["day"] };
      await commit(loadOf(table, { "kpis/a.csv": "1,mon\n1,tue\n" }));
      expect(await rows()).toEqual([["tue", 1]]);
    });

    it("replaces the row of an earlier load", async () => {
      await commit(loadOf(BY_KEY, { "kpis/a.csv": "mon,1\ntue,1\n" }));
      await commit(loadOf(BY_KEY, { "kpis/b.csv": "mon,0\n" }));
      expect(await rows()).toEqual([
        ["mon", 0],
        ["tue", 1],
      ]);
    });

    it("never lets an earlier hour replace a later one", async () => {
      await commit(loadOf(BY_BOTH, { "kpis/b.csv": "mon,9\n" }, "2026-11-21T09"));
      await commit(loadOf(BY_BOTH, { "kpis/a.csv": "mon,8\ntue,8\n" }));
      expect(await hours()).toEqual([
        ["mon", 9, "2026-11-21 09:00"],
        ["tue", 8, "2026-11-21 08:00"],
      ]);
      await commit(loadOf(BY_BOTH, { "kpis/c.csv": "mon,10\n" }, "2026-11-21T10"));
      expect(await rows()).toEqual([
        ["mon", 10],
        ["tue", 8],
      ]);
    });
  });

  describe("a bad file is told from the good ones:", () => {
    const good = { "kpis/good.csv": "mon,1\n" };
    it.each<[string, LoadTable, string | Buffer, string, number | undefined]>([
      ["a word where a number belongs", PLAIN, "mon,1\ntue,two\n", "kpis/bad.csv", 2],
      ["too many columns", PLAIN, "mon,1,2\n", "kpis/bad.csv", 1],
      ["a line of 10 MB", PLAIN, `${"x".repeat(10_000_000)},1\n`, "kpis/bad.csv", 1],
      ["a key with quotes and spaces", PLAIN, "mon,x\n", `kpis/a "b" 'c' + d.csv`, 1],
      ["a key of other letters", PLAIN, "mon,x\n", "kpis/Ωμ/ñ.csv", 1],
    ])("%s", async (_, table, content, key, line) => {
      const load = loadOf(table, { ...good, [key]: content });
      const staging = await stage(load);
      expect(staging).toMatchObject({ kind: "bad", errors: [{ file: `s3://bucket/${key}`, line }] });
      expect(await rows()).toEqual([]);
    });

    it.each([
      ["lines that end in CR LF", "mon,1\r\n"],
      ["a byte order mark", "\ufeffmon,1\n"],
    ])("%s load", async (_, content) => {
      await commit(loadOf(PLAIN, { "kpis/a.csv": content }));
      expect(await rows()).toEqual([["mon", 1]]);
    });

    it("and all of them at once when their load fails again, but for what maxError lets pass", async () => {
      const bad = Object.fromEntries(["a", "b", "c"].map((name) => [`kpis/${name}.csv`, "mon,x\nmon,x\n"]));
      const filesOf = async (load: Load) => {
        const staging = await stage(load);
        return [...new Set(staging.kind === "bad" ? staging.errors.map(({ file }) => file) : [staging.kind])].sort();
      };
      const load = loadOf(PLAIN, { ...good, ...bad });
      expect(await filesOf(load)).toEqual(["s3://bucket/kpis/a.csv"]);
      expect(await filesOf(load)).toEqual(Object.keys(bad).map((key) => `s3://bucket/${key}`));
      const lenient = loadOf({ ...PLAIN, copy: { format: "csv", maxError: 2 } }, { ...good, ...bad });
      await stage(lenient);
      expect(await filesOf(lenient)).toEqual(["s3://bucket/kpis/a.csv"]);
      expect(await rows()).toEqual([]);
    });

    it("a truncated gzip file is a file's fault", async () => {
      const table: LoadTable = { ...PLAIN, copy: { format: "csv", compression: "gzip" } };
      const whole = gzipSync("mon,1\ntue,2\n");
      const load = loadOf(table, { "kpis/a.gz": whole, "kpis/b.gz": whole.subarray(0, whole.length - 12) });
      expect(await stage(load)).toMatchObject({ kind: "bad" });
    });

    it("a Parquet file that is none is a file's fault", async () => {
      const table: LoadTable = { ...PLAIN, copy: { format: "parquet" } };
      expect(await stage(loadOf(table, { "kpis/a.parquet": "PAR1 not really" }))).toMatchObject({ kind: "bad" });
    });
  });

  describe("a Parquet file of a wrong type", () => {
    const query = (value: string) => `select 'mon' as day, ${value} as value`;
    it("is named, and the good one loads without it", async () => {
      const table: LoadTable = { ...PLAIN, copy: { format: "parquet" } };
      const load = loadOf(table, {
        "kpis/good.parquet": await parquet(it_.folder, query("1")),
        "kpis/bad.parquet": await parquet(it_.folder, query("'one'")),
      });
      const staging = await stage(load);
      if (staging.kind !== "bad") throw new Error(staging.kind);
      expect(namedIn(staging.text, load.files)?.key).toBe("kpis/bad.parquet");
      await commit(loadOf(table, { "kpis/good.parquet": it_.objects["kpis/good.parquet"]! }));
      expect(await rows()).toEqual([["mon", 1]]);
    });
  });

  describe("what is no file's fault", () => {
    it.each([
      ["a table that is not there", "drop table kpis", "does not exist"],
      ["a right that is missing", `revoke select on kpis from "${USER}"`, "permission denied"],
    ])("%s", async (_, sql, words) => {
      const load = loadOf(PLAIN, { "kpis/a.csv": "mon,1\n" });
      await it_.admin.run(sql);
      expect(await stage(load)).toMatchObject({ kind: "unable", text: expect.stringContaining(words) });
    });

    it("a file that has gone", async () => {
      const load = loadOf(PLAIN, { "kpis/a.csv": "mon,1\n", "kpis/b.csv": "tue,2\n" });
      delete it_.objects["kpis/b.csv"];
      expect((await stage(load)).kind).not.toBe("bad");
    });
  });
});

describe("the Data API", () => {
  let close: () => Promise<void>;
  beforeEach(async () => {
    await prepare();
    close = await byDataApi();
  });
  afterEach(async () => {
    await close();
    await it_.close();
  });

  it("gives each statement of a load a token that is its own", async () => {
    await commit(loadOf(PLAIN, { "kpis/a.csv": "mon,1\n" }));
    const tokens = api.calls.map(({ input }) => input.ClientToken).filter((token) => token !== undefined);
    expect(new Set(tokens).size).toBe(tokens.length);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/);
  });
});
