import { Fixture, failure, rowsOf } from "./support";

let it_: Fixture;

beforeEach(async () => {
  it_ = await new Fixture().open();
});
afterEach(() => it_.close());

describe("CREATE TABLE", () => {
  // https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html
  it("takes Redshift's attributes and shows them in pg_table_def", async () => {
    await it_.admin.run(
      `create table public.t (id bigint identity(10, 5) encode az64, speed float not null, note varchar(max) default 'a, (b) encode',
       code char(2), at timestamptz, primary key (id), unique (note)) backup no diststyle key distkey (speed) compound sortkey (at, speed);`,
    );
    await it_.admin.run("insert into t (speed) values (1), (2)");
    expect(await rowsOf(it_.admin, "select id, speed, note from t order by 1")).toEqual([
      [10, 1, "a, (b) encode"],
      [15, 2, "a, (b) encode"],
    ]);
    expect(
      await rowsOf(
        it_.admin,
        `select "column", type, distkey, sortkey, "notnull" from pg_table_def where tablename = 't' order by 1`,
      ),
    ).toEqual([
      ["at", "timestamp with time zone", false, 1, false],
      ["code", "character varying(2)", false, null, false],
      ["id", "bigint", false, null, true],
      ["note", "character varying(65535)", false, null, false],
      ["speed", "double precision", true, 2, true],
    ]);
  });

  it("does not enforce primary keys", async () => {
    await it_.admin.run("create table t (a int primary key); insert into t values (1), (1)");
    expect(await rowsOf(it_.admin, "select a from t")).toEqual([[1], [1]]);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html: lengths are bytes
  it.each([
    ["varchar(4)", "abcd", "abcde"],
    ["varchar(4)", "éé", "ééé"],
    ["char(2)", "ab", "abc"],
    ["text", "a".repeat(256), "a".repeat(257)],
  ])("%s takes %p and not %p", async (type, fits, tooLong) => {
    await it_.admin.run(`create table t (a ${type})`);
    await it_.admin.run(`insert into t values ('${fits}')`);
    expect(await failure(it_.admin.run(`insert into t values ('${tooLong}')`))).toMatch(
      /^22001 Value too long for character type: the column takes \d+ bytes$/,
    );
  });

  it.each([
    ["create table t (a geometry)", "0A000 type geometry is not carried by the local warehouse"],
    ["create table t (a nosuch)", '42704 type "nosuch" does not exist'],
    ["create table t (a varchar(65536))", "22023 length for type varchar cannot exceed 65535"],
    ["create table t (a numeric(39))", "22023 NUMERIC precision 39 must be between 1 and 38"],
    ["create table t (a int) diststyle key", "42601 DISTSTYLE KEY needs a DISTKEY column"],
    ["create table t (a int) sortkey (b)", '42703 column "b" named in key does not exist'],
    ["create table t (a int identity(1,1)); create table t (a int)", '42P07 Relation "t" already exists'],
    ["create table nosuch.t (a int)", '3F000 schema "nosuch" does not exist'],
    ["create table t (a int", "42601 syntax error at end of input"],
    ["create database other", "0A000 CREATE DATABASE is not carried by the local warehouse"],
    ["unload ('select 1') to 's3://b/'", "0A000 UNLOAD is not carried by the local warehouse"],
    ["attach 'x.db'", "0A000 ATTACH is not carried by the local warehouse"],
    ["set search_path to s", "0A000 SET search_path is not carried by the local warehouse"],
    ["insert into t values (1) returning a", '42601 syntax error at or near "returning"'],
    ["select 'a", '42601 unterminated quoted string at or near "\'a"'],
    ["selec 1", "0A000 SELEC is not carried by the local warehouse"],
    ["select nosuch", '42703 column "nosuch" does not exist'],
  ])("%s is refused: %s", async (sql, message) => {
    expect(await failure(it_.admin.run(sql))).toBe(message);
  });
});

describe("ALTER TABLE", () => {
  it("adds, drops, renames and widens columns, rows and lengths kept", async () => {
    await it_.admin.run("create table t (a varchar(2), b int); insert into t values ('xy', 1)");
    await it_.admin.run(
      "alter table t add column c varchar(3) not null default 'abc'; alter table t drop column b; alter table t rename column a to d",
    );
    await it_.admin.run(
      "alter table t alter column d type varchar(4); alter table t rename to u; insert into u values ('four', 'def')",
    );
    expect(await rowsOf(it_.admin, "select d, c from u order by 1")).toEqual([
      ["four", "def"],
      ["xy", "abc"],
    ]);
    expect(await failure(it_.admin.run("insert into u values ('five5', 'x')"))).toBe(
      "22001 Value too long for character type: the column takes 4 bytes",
    );
  });
});

describe("SELECT", () => {
  it.each([
    ["5 / 2", 2],
    ["nvl(null, 3)", 3],
    ["len('abc')", 3],
    ["'it''s -- no comment'", "it's -- no comment"],
    ["'a\\\\b'", "a\\b"],
    ["1.005::numeric(6,2)", "1.01"],
    ["9223372036854775807::bigint", 9223372036854775807n],
    ["timestamp '2024-01-02 03:04:05.120'", "2024-01-02 03:04:05.12"],
    ["date '2024-01-02'", "2024-01-02"],
    ["true", true],
  ])("%s is %p", async (expression, value) => {
    expect(await rowsOf(it_.admin, `select ${expression} as x`)).toEqual([[value]]);
  });

  it("names and types its columns as Redshift does", async () => {
    const { columns } = await it_.admin.run(
      `select count(*), CURRENT_USER, 1::float8 AS "F", sum(1), getdate()::date as d`,
    );
    expect(columns).toEqual([
      { name: "count", type: "int8" },
      { name: "current_user", type: "varchar" },
      { name: "f", type: "float8" },
      { name: "sum", type: "int8" },
      { name: "d", type: "date" },
    ]);
  });

  it("lists tables without those of the warehouse itself", async () => {
    await it_.admin.run("create table t (a int); create view v as select * from t");
    expect(
      await rowsOf(it_.admin, "select table_schema, table_name, table_type from information_schema.tables order by 2"),
    ).toEqual([
      ["public", "t", "BASE TABLE"],
      ["public", "v", "VIEW"],
    ]);
    expect(await rowsOf(it_.admin, "select nspname from pg_namespace")).toEqual([["public"]]);
  });
});

describe("a transaction", () => {
  beforeEach(() => it_.admin.run("create table t (a int)"));

  it("that met an error takes nothing but its end, and leaves nothing", async () => {
    await it_.admin.run("begin; insert into t values (1)");
    await failure(it_.admin.run("select nosuch"));
    expect(await failure(it_.admin.run("select 1"))).toBe(
      "25P02 current transaction is aborted, commands ignored until end of transaction block",
    );
    await it_.admin.run("commit");
    expect(await rowsOf(it_.admin, "select * from t")).toEqual([]);
  });

  it("rolls tables, users and grants back", async () => {
    await it_.admin.run(
      "begin; create table u (a int); create user x password disable; grant select on t to x; rollback",
    );
    expect(await failure(it_.admin.run("select * from u"))).toContain("42P01");
    expect(await failure(it_.admin.run("grant select on t to x"))).toBe('42704 user "x" does not exist');
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html
  it("is committed by TRUNCATE", async () => {
    await it_.admin.run("insert into t values (1); begin; truncate t; rollback");
    expect(await rowsOf(it_.admin, "select * from t")).toEqual([]);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html
  it("makes a second writer of its table wait", async () => {
    const other = await it_.warehouse.login("dev", "admin", "Secret12345");
    await it_.admin.run("begin; lock table t; insert into t values (1)");
    let written = false;
    const waiting = other.run("insert into t select count(*) from t").then(() => (written = true));
    await it_.admin.run("insert into t values (1)");
    expect(written).toBe(false);
    await it_.admin.run("commit");
    await waiting;
    expect(await rowsOf(it_.admin, "select a from t order by 1")).toEqual([[1], [1], [2]]);
  });

  it("that waited for a lock sees what the one before it committed", async () => {
    const other = await it_.warehouse.login("dev", "admin", "Secret12345");
    await it_.admin.run("begin; lock table t; insert into t values (1)");
    const waiting = other.run("begin; lock table t; select count(*) from t");
    await it_.admin.run("commit");
    expect((await waiting).rows).toEqual([[1]]);
    await other.run("insert into t values (2); commit");
  });

  it("of CREATE ... IF NOT EXISTS lets two come at once", async () => {
    const other = await it_.warehouse.login("dev", "admin", "Secret12345");
    const sql = "begin; create schema if not exists r; create table if not exists r.h (a varchar(9) not null); commit";
    await Promise.all([it_.admin.run(sql), other.run(sql)]);
    expect(await rowsOf(it_.admin, "select * from r.h")).toEqual([]);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
  it("that changes rows which another changed since its first look fails with 1023", async () => {
    const other = await it_.warehouse.login("dev", "admin", "Secret12345");
    await it_.admin.run("insert into t values (1); begin; select * from t");
    await other.run("update t set a = 2");
    expect(await failure(it_.admin.run("update t set a = 3"))).toBe(
      "40001 1023 Serializable isolation violation: another transaction changed the same rows or objects; run the transaction again",
    );
  });

  it("that would wait for one that waits for it is told so", async () => {
    await it_.admin.run("create table u (a int)");
    const other = await it_.warehouse.login("dev", "admin", "Secret12345");
    await it_.admin.run("begin; lock t");
    await other.run("begin; lock u");
    const waiting = it_.admin.run("lock u");
    expect(await failure(other.run("lock t"))).toBe("40P01 deadlock detected");
    await waiting;
  });

  it("is rolled back when its session closes", async () => {
    const other = await it_.warehouse.login("dev", "admin", "Secret12345");
    await other.run("begin; insert into t values (1)");
    await other.close();
    expect(await rowsOf(it_.admin, "select * from t")).toEqual([]);
    await it_.admin.run("insert into t values (2)");
  });

  it("that waits for a lock can be cancelled", async () => {
    const other = await it_.warehouse.login("dev", "admin", "Secret12345");
    await it_.admin.run("begin; lock t");
    const waiting = failure(other.run("insert into t values (1)"));
    await new Promise(setImmediate);
    other.cancel();
    expect(await waiting).toBe("57014 Query cancelled on user's request");
    expect(await rowsOf(other, "select 1")).toEqual([[1]]);
  });
});

it("keeps its data, users and grants when it is closed and opened again", async () => {
  await it_.admin.run(
    "create table t (a int); insert into t values (1); create user x password 'Secret12345'; grant select on t to x",
  );
  await it_.warehouses.close();
  const { warehouse } = await it_.open();
  expect(await rowsOf(await warehouse.login("dev", "x", "Secret12345"), "select * from t")).toEqual([[1]]);
});
