import type { Session } from "../../../local/warehouse";
import { Fixture, failure, rowsOf } from "./support";

/**
 * What a load by way of a staging table rests on: temporary tables of a session, LIKE, LOCK and the snapshot after it, inserts that look
 * whether they were done before, rights of a user made for it, and what Redshift says of the last COPY.
 */
const LOADER = `"IAMR:loader"`;
const COPY = "iam_role 'arn:aws:iam::000000000000:role/copy' csv";

let it_: Fixture;
let loader: Session;

beforeEach(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run(
    `create table t (id bigint identity(1,1), a int not null, b varchar(3) default 'new', c timestamp default sysdate);
     create schema redstream;
     create table redstream.loads (load_id varchar(36), state varchar(9), files int);
     create user ${LOADER} password disable;
     grant usage on schema redstream to ${LOADER};
     grant select, insert, delete on t to ${LOADER};
     grant select, insert, delete on redstream.loads to ${LOADER};
     grant temp on database dev to ${LOADER}`,
  );
  loader = await it_.warehouse.enter("dev", "IAMR:loader");
});
afterEach(() => it_.close());

const another = () => it_.warehouse.enter("dev", "IAMR:loader");

// https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html
describe("CREATE TEMP TABLE (LIKE ...)", () => {
  const made = async (how: string) => {
    await loader.run(`create temp table stage (like t ${how}); insert into stage (a) values (1)`);
    return rowsOf(loader, "select id, a, b, c is null from stage");
  };

  it("takes over defaults with INCLUDING DEFAULTS", async () => {
    expect(await made("including defaults")).toEqual([[null, 1, "new", false]]);
  });

  it.each(["", "excluding defaults"])("takes over no defaults with %p", async (how) => {
    expect(await made(how)).toEqual([[null, 1, null, true]]);
  });

  it("takes over NOT NULL and lengths", async () => {
    await made("including defaults");
    expect(await failure(loader.run("insert into stage (b) values ('x')"))).toBe(
      "23502 Cannot insert a NULL value into column a",
    );
    expect(await failure(loader.run("insert into stage (a, b) values (1, 'long')"))).toBe(
      "22001 Value too long for character type: the column takes 3 bytes",
    );
  });

  it("needs SELECT on the table", async () => {
    await it_.admin.run(`revoke select on t from ${LOADER}`);
    expect(await failure(loader.run("create temp table stage (like t)"))).toBe(
      "42501 permission denied for relation t",
    );
  });

  it("takes over distribution and sort keys, where the table is to stay", async () => {
    await it_.admin.run("create table k (a int, b int) distkey(b) sortkey(a); create table l (like k)");
    expect(
      await rowsOf(it_.admin, `select "column", "distkey", sortkey from pg_table_def where tablename = 'l' order by 1`),
    ).toEqual([
      ["a", false, 1],
      ["b", true, null],
    ]);
  });
});

describe("a temporary table", () => {
  it("is its session's: two of one name neither meet nor wait for each other", async () => {
    const other = await another();
    for (const session of [loader, other]) await session.run("begin; create temp table stage (a int)");
    await loader.run("insert into stage values (1)");
    expect(await rowsOf(other, "select * from stage")).toEqual([]);
    for (const session of [loader, other]) await session.run("commit");
    it_.objects = { "in/1": "7\n" };
    await other.run("begin; insert into stage values (2)");
    await loader.run(`begin; copy stage from 's3://bucket/in/' ${COPY}; commit`);
    expect(await rowsOf(loader, "select a from stage order by 1")).toEqual([[1], [7]]);
  });

  it("that a rollback took away is not taken for the table of its name", async () => {
    await loader.run("begin; create temp table t (a int); rollback");
    await it_.admin.run("begin; lock t");
    let written = false;
    const waiting = loader.run("insert into t (a) values (1)").then(() => (written = true));
    await it_.admin.run("select 1");
    expect(written).toBe(false);
    await it_.admin.run("commit");
    await waiting;
  });

  it("needs TEMP on the database, which everyone has until it is revoked", async () => {
    const user = await it_.user("someone");
    await user.run("create temp table mine (a int)");
    await it_.admin.run("revoke temporary on database dev from public");
    expect(await failure(user.run("create temp table yours (a int)"))).toBe(
      '42501 permission denied to create temporary tables in database "dev"',
    );
    await loader.run("create temp table stage (a int)");
  });
});

// https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
it.each([
  ["grant temp on database other to someone", '3D000 database "other" does not exist'],
  ["grant select on database dev to someone", "0LP01 invalid privilege type SELECT for database"],
])("%s is refused: %s", async (sql, message) => {
  await it_.admin.run("create user someone password disable");
  expect(await failure(it_.admin.run(sql))).toBe(message);
});

it("CREATE SCHEMA needs CREATE on the database", async () => {
  expect(await failure(loader.run("create schema mine"))).toBe("42501 permission denied for database dev");
  await it_.admin.run(`grant create on database dev to ${LOADER}`);
  await loader.run("create schema mine");
});

// https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html
describe("LOCK", () => {
  it("is for who may delete from the table or update it", async () => {
    await loader.run("begin; lock t, redstream.loads; commit");
    await it_.admin.run(`revoke delete on t from ${LOADER}`);
    expect(await failure(loader.run("begin; lock t"))).toBe("42501 permission denied for relation t");
  });

  it("is for tables only", async () => {
    await it_.admin.run("create view v as select a from t");
    expect(await failure(it_.admin.run("lock v"))).toBe('42809 "v" is not a table: views cannot be locked');
  });

  it("lets a load that was committed by another be seen: of two sessions with one load id one inserts", async () => {
    const sessions = [loader, await another(), await another()];
    const loads = sessions.map(async (session) => {
      await session.run("create temp table stage (like t including defaults); insert into stage (a) values (1), (2)");
      return session.run(
        `begin; lock t;
         insert into t (a, b) select a, b from stage where not exists (select 1 from redstream.loads where load_id = 'x');
         insert into redstream.loads select 'x', 'loaded', 1 where not exists (select 1 from redstream.loads where load_id = 'x');
         commit`,
      );
    });
    await Promise.all(loads);
    expect(await rowsOf(loader, "select count(*), count(distinct a) from t")).toEqual([[2, 2]]);
    expect(await rowsOf(loader, "select load_id, state from redstream.loads")).toEqual([["x", "loaded"]]);
  });

  it("does not help who looked before: the snapshot is older, and the write fails with 1023", async () => {
    await loader.run("insert into t (a) values (1)");
    await loader.run("begin; select count(*) from redstream.loads");
    await it_.admin.run("delete from t");
    expect(await failure(loader.run("lock t; delete from t where a = 1"))).toMatch(/^40001 1023 /);
  });
});

// https://docs.aws.amazon.com/redshift/latest/dg/r_DELETE.html
it("DELETE ... USING deletes what the staging table has, and needs SELECT and DELETE", async () => {
  await it_.admin.run("insert into t (a, b) values (1, 'old'), (2, 'old')");
  await loader.run("create temp table stage (like t including defaults); insert into stage (a) values (2), (3), (3)");
  const replace = "delete from t using stage where t.a = stage.a";
  await it_.admin.run(`revoke delete on t from ${LOADER}`);
  expect(await failure(loader.run(replace))).toBe("42501 permission denied for relation t");
  await it_.admin.run(`grant delete on t to ${LOADER}`);
  expect((await loader.run(replace)).rowCount).toBe(1);
  expect(await rowsOf(loader, "select a from t")).toEqual([[1]]);
});

// https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
it("a conflict can be planned: the transaction that meets it is lost, the next is not", async () => {
  it_.warehouse.conflicts.inject("t");
  await loader.run("begin; insert into redstream.loads values ('x', 'loaded', 1)");
  expect(await failure(loader.run("lock t"))).toMatch(/^40001 1023 /);
  await loader.run("rollback");
  expect(await rowsOf(loader, "select * from redstream.loads")).toEqual([]);
  await loader.run("begin; lock t; commit");
});

// https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_COPY_COUNT.html, PG_LAST_COPY_ID.html and PG_BACKEND_PID.html
describe("the last COPY of a session", () => {
  const last = () => rowsOf(loader, "select pg_last_copy_count(), pg_last_copy_id()");
  const copy = () => loader.run(`copy t (a) from 's3://bucket/in/' ${COPY}`);

  it("is none before the first", async () => {
    expect(await last()).toEqual([[0, -1]]);
  });

  it("is told by rows and by its id in SYS_LOAD_HISTORY", async () => {
    it_.objects = { "in/1": "1\n2\n" };
    await copy();
    const id = loader.queryId;
    expect(await last()).toEqual([[2, id]]);
    expect(await rowsOf(loader, `select status, loaded_rows from sys_load_history where query_id = ${id}`)).toEqual([
      ["completed", 2],
    ]);
  });

  // https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_ERROR_DETAIL.html
  it("that failed loading has no rows, and its errors by its id and by its session", async () => {
    it_.objects = { "in/1": "1\n", "in/2": "2\nx\n" };
    expect(await failure(copy())).toContain("Load into table 't' failed");
    const id = loader.queryId;
    expect(await last()).toEqual([[0, id]]);
    const detail =
      "select trim(file_name), line_number, trim(column_name), trim(error_message) from sys_load_error_detail";
    const expected = [["s3://bucket/in/2", 2, "a", "Invalid digit, Value 'x', Pos 0, Type: Integer"]];
    expect(await rowsOf(loader, `${detail} where query_id = ${id}`)).toEqual(expected);
    expect(await rowsOf(loader, `${detail} where session_id = pg_backend_pid()`)).toEqual(expected);
  });

  it("that began no load leaves the one before it", async () => {
    it_.objects = { "in/1": "1\n" };
    await copy();
    const before = await last();
    await failure(loader.run(`copy nosuch from 's3://bucket/in/' ${COPY}`));
    expect(await last()).toEqual(before);
  });

  it("has an id that no later one gets, also after the warehouse was closed", async () => {
    it_.objects = { "in/1": "1\n" };
    await copy();
    const id = loader.queryId;
    await it_.warehouses.close();
    await it_.open();
    const again = await another();
    await again.run("select 1");
    expect(again.queryId).toBeGreaterThan(id);
  });
});
