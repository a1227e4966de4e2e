import { createHash } from "node:crypto";
import type { Session } from "../../../local/warehouse";
import { Fixture, failure, rowsOf } from "./support";

/** Users and grants, by https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html and r_GRANT.html */
let it_: Fixture;
let reader: Session;

beforeEach(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run(
    "create table t (a int, b int); create table u (a int); create schema s; create table s.t (a int)",
  );
  reader = await it_.user("reader");
});
afterEach(() => it_.close());

const DENIED = "42501 permission denied for relation t";

describe("a user without a grant", () => {
  it.each([
    ["select * from t", DENIED],
    ["select * from public.t", DENIED],
    ["select * from dev.public.t", DENIED],
    ['select * from "T"', DENIED],
    ["select 1 where exists (select 1 from t)", DENIED],
    ["with x as (select * from t) select * from x", DENIED],
    ["select (select max(a) from t)", DENIED],
    ["insert into t values (1, 2)", DENIED],
    ["update t set a = 1", DENIED],
    ["delete from t", DENIED],
    ["create table mine as select * from t", DENIED],
    ["create view v as select * from t", DENIED],
    ["truncate t", "42501 must be owner of relation t"],
    ["drop table t", "42501 must be owner of relation t"],
    ["alter table t add column c int", "42501 must be owner of relation t"],
    ["grant select on t to reader", DENIED],
    ["select * from s.t", "42501 permission denied for schema s"],
    ["create table s.mine (a int)", "42501 permission denied for schema s"],
    ["create schema mine", "42501 permission denied for database dev"],
    ["create user other password disable", "42501 must be superuser to create users"],
    [
      "alter user admin password 'Secret12345'",
      'XXXXX must be superuser to alter user "admin"'.replace("XXXXX", "42501"),
    ],
    ["drop user admin", "42501 must be superuser to drop users"],
    ["select * from redstream_catalog.users", '3F000 schema "redstream_catalog" does not exist'],
    ['select * from "redstream_catalog".users', '3F000 schema "redstream_catalog" does not exist'],
    ["select * from duckdb_tables()", "0A000 function duckdb_tables() is not carried by the local warehouse"],
    ["select nextval('redstream_catalog.ids')", "42883 function nextval() does not exist"],
    ["select * from (summarize t)", DENIED],
    ["select * from query('select * from t')", "0A000 function query() is not carried by the local warehouse"],
    ["select * from duckdb_settings", '42P01 relation "duckdb_settings" does not exist'],
    ["select * from read_csv('/etc/passwd')", "0A000 function read_csv() is not carried by the local warehouse"],
  ])("may not %s", async (sql, message) => {
    expect(await failure(reader.run(sql))).toBe(message);
  });

  it("owns what it makes in public", async () => {
    await reader.run("create table mine (a int); insert into mine values (1); drop table mine");
  });

  it("may name a table in a string, a comment or an alias", async () => {
    expect(await rowsOf(reader, "select 't', /* from t */ a as t from (select 1 as a) as u -- from t")).toEqual([
      ["t", 1],
    ]);
  });
});

describe("a grant", () => {
  it.each([
    ["grant select on t to reader", "select * from t", "insert into t values (1, 2)"],
    ["grant insert on table t to reader", "insert into t values (1, 2)", "insert into t select * from t"],
    ["grant update on t to reader", "update t set a = 1", "update t set a = 1 where b = 2"],
    ["grant delete on t to reader", "delete from t", "delete from t where a = 1"],
    [
      "grant select, update on t to reader",
      "update t set a = 1 where b = 2",
      "update t set a = (select max(a) from u)",
    ],
    [
      "grant usage on schema s to reader; grant select on all tables in schema s to reader",
      "select * from s.t",
      "delete from s.t",
    ],
    ["grant all on t to public", "delete from t where a in (select b from t)", "select * from u"],
    ["create view v as select a from t; grant select on v to reader", "select * from v", "select * from t"],
  ])("%s allows %s and not %s", async (grant, allowed, refused) => {
    await it_.admin.run(grant);
    await reader.run(allowed);
    expect(await failure(reader.run(refused))).toMatch(/^42501 permission denied for relation/);
  });

  it("of CREATE in public, which everyone has, ends with REVOKE, also after the warehouse was closed", async () => {
    await it_.admin.run("revoke create on schema public from public; revoke usage on schema public from public");
    await it_.warehouses.close();
    await it_.open();
    const again = await it_.warehouse.login("dev", "reader", "Secret12345");
    expect(await failure(again.run("create table mine (a int)"))).toBe("42501 permission denied for schema public");
  });

  it("ends with REVOKE", async () => {
    await it_.admin.run("grant select on t to reader; revoke select on t from reader");
    expect(await failure(reader.run("select * from t"))).toBe(DENIED);
  });

  it("ends with its table", async () => {
    await it_.admin.run("grant select on t to reader; drop table t; create table t (a int)");
    expect(await failure(reader.run("select * from t"))).toBe(DENIED);
  });

  it("is gone when its transaction is rolled back", async () => {
    await it_.admin.run("begin; grant select on t to reader; rollback");
    expect(await failure(reader.run("select * from t"))).toBe(DENIED);
  });

  it.each([
    ["grant usage on t to reader", "0LP01 invalid privilege type USAGE for relation"],
    ["grant select on t to nobody", '42704 user "nobody" does not exist'],
    ["grant select on nosuch to reader", '42P01 relation "nosuch" does not exist'],
    ["grant select (a) on t to reader", "0A000 a privilege on columns is not carried by the local warehouse"],
    ["grant select on t to role r", "0A000 a grant to a group or role is not carried by the local warehouse"],
  ])("%s is refused: %s", async (sql, message) => {
    expect(await failure(it_.admin.run(sql))).toBe(message);
  });
});

describe("a password", () => {
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");

  it.each([
    ["clear", "Secret12345"],
    ["md5", `md5${md5("Secret12345someone")}`],
    ["sha256 of the server", "sha256|Secret12345"],
    ["sha256 with digest and salt", `sha256|${sha("Secret12345salty")}|salty`],
  ])("given as %s lets its user in, and no other password does", async (_, given) => {
    await it_.admin.run(`create user someone password '${given}'`);
    const session = await it_.warehouse.login("dev", "someone", "Secret12345");
    expect(await rowsOf(session, "select current_user")).toEqual([["someone"]]);
    expect(await failure(it_.warehouse.login("dev", "someone", "Secret12346"))).toBe(
      '28000 password authentication failed for user "someone"',
    );
  });

  it("that is disabled lets nobody in by password, and IAM does", async () => {
    await it_.admin.run(`create user "IAMR:loader" password disable`);
    expect(await failure(it_.warehouse.login("dev", "iamr:loader", ""))).toContain("password authentication failed");
    const session = await it_.warehouse.enter("dev", "IAMR:loader");
    expect(await rowsOf(session, "select current_user")).toEqual([["iamr:loader"]]);
  });

  it.each([
    ["short1A", "password must be between 8 and 64 characters long"],
    ["lowercase1", "password must contain at least one uppercase letter"],
    ["UPPERCASE1", "password must contain at least one lowercase letter"],
    ["NoNumbers", "password must contain a number"],
    ["With@Sign1", `password must hold only printable ASCII characters other than ' " \\ / @ and space`],
    [
      "sha256|abc|salt",
      "invalid sha256 password: it must be sha256|password or sha256|digest|salt, with a digest of 64 hex digits",
    ],
  ])("like %p is refused", async (given, message) => {
    expect(await failure(it_.admin.run(`create user someone password '${given}'`))).toBe(`22023 ${message}`);
  });

  it("is changed by ALTER USER, by the user too", async () => {
    await reader.run("alter user reader password 'Another12345'");
    await it_.warehouse.login("dev", "reader", "Another12345");
  });
});

it("refuses an unknown database as Redshift does", async () => {
  expect(await failure(it_.warehouse.login("nosuch", "admin", "Secret12345"))).toBe(
    '3D000 database "nosuch" does not exist',
  );
});

it("refuses to drop a user who owns something", async () => {
  await reader.run("create table mine (a int)");
  expect(await failure(it_.admin.run("drop user reader"))).toBe(
    '2BP01 user "reader" cannot be dropped because the user owns some object',
  );
});

it("shows a user only the loads of their own", async () => {
  it_.objects = { "in/1": "x\n" };
  await failure(it_.admin.run("copy u from 's3://bucket/in/' iam_role 'arn:aws:iam::000000000000:role/copy' csv"));
  expect(await rowsOf(it_.admin, "select count(*) from sys_load_error_detail")).toEqual([[1]]);
  expect(await rowsOf(reader, "select count(*) from sys_load_error_detail")).toEqual([[0]]);
});
