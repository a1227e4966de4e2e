import { Fixture, failure, rowsOf } from "./support";

/** MERGE, by https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html. */
let it_: Fixture;

beforeEach(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run(
    "create table target (id int, name varchar(9)); insert into target values (1, 'one'), (2, 'two')",
  );
  await it_.admin.run(
    "create table source (id int, name varchar(9)); insert into source values (2, 'zwei'), (3, 'drei')",
  );
});
afterEach(() => it_.close());

const target = () => rowsOf(it_.admin, "select * from target order by id, name");

it("updates what matches and inserts the rest", async () => {
  const { rowCount } = await it_.admin.run(
    `merge into target using source s on target.id = s.id
     when matched then update set name = case when s.id = 2 then upper(s.name) else s.name end
     when not matched then insert (id, name) values (s.id, s.name)`,
  );
  expect(rowCount).toBe(2);
  expect(await target()).toEqual([
    [1, "one"],
    [2, "ZWEI"],
    [3, "drei"],
  ]);
});

it("deletes what matches, columns in table order unless named", async () => {
  await it_.admin.run(
    "merge into target using source on target.id = source.id when matched then delete when not matched then insert values (source.id, nvl(source.name, 'x'))",
  );
  expect(await target()).toEqual([
    [1, "one"],
    [3, "drei"],
  ]);
});

it("fails where two source rows match one target row, and changes nothing", async () => {
  await it_.admin.run("insert into source values (2, 'deux')");
  expect(
    await failure(
      it_.admin.run(
        "merge into target using source on target.id = source.id when matched then update set name = source.name when not matched then insert values (source.id, source.name)",
      ),
    ),
  ).toBe("21000 Found multiple matches to update the same tuple.");
  expect(await target()).toEqual([
    [1, "one"],
    [2, "two"],
  ]);
});

it("inserts source rows that match none as often as they are there", async () => {
  await it_.admin.run("insert into source values (3, 'drei')");
  await it_.admin.run(
    "merge into target using source on target.id = source.id when matched then delete when not matched then insert values (source.id, source.name)",
  );
  expect(await target()).toEqual([
    [1, "one"],
    [3, "drei"],
    [3, "drei"],
  ]);
});

it("with REMOVE DUPLICATES takes each distinct source row once and drops what they match", async () => {
  await it_.admin.run("insert into source values (3, 'drei')");
  await it_.admin.run("merge into target using source on target.id = source.id remove duplicates");
  expect(await target()).toEqual([
    [1, "one"],
    [2, "zwei"],
    [3, "drei"],
  ]);
});

it("needs INSERT, SELECT and what it does to matches", async () => {
  const user = await it_.user("loader");
  const sql =
    "merge into target using source on target.id = source.id when matched then delete when not matched then insert values (source.id, source.name)";
  await it_.admin.run("grant select on source to loader; grant select, insert on target to loader");
  expect(await failure(user.run(sql))).toBe("42501 permission denied for relation target");
  await it_.admin.run("grant delete on target to loader");
  await user.run(sql);
});

it.each([
  [
    "merge into target using (select 1 as id) s on target.id = s.id remove duplicates",
    "0A000 MERGE takes a table as its source, not a subquery",
  ],
  [
    "merge into target using v on target.id = v.id remove duplicates",
    '0A000 MERGE takes a table as its source: "v" is a view',
  ],
  [
    "merge into target using source on target.id = source.id when matched then delete",
    "42601 MERGE takes both WHEN MATCHED and WHEN NOT MATCHED, or REMOVE DUPLICATES",
  ],
  [
    "merge into target using source on target.id = source.id when matched and source.id > 1 then delete",
    "42601 MERGE takes no condition after WHEN MATCHED",
  ],
  [
    "merge into nosuch using source on nosuch.id = source.id remove duplicates",
    '42P01 relation "nosuch" does not exist',
  ],
])("%s is refused: %s", async (sql, message) => {
  await it_.admin.run("create view v as select * from source");
  expect(await failure(it_.admin.run(sql))).toBe(message);
});

// https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
it("meets a write conflict where a test asks for one, and only as often", async () => {
  it_.warehouse.conflicts.inject("target");
  expect(await failure(it_.admin.run("begin; delete from target"))).toBe(
    "40001 1023 Serializable isolation violation: another transaction changed the same rows or objects; run the transaction again",
  );
  await it_.admin.run("rollback; delete from target");
  expect(await target()).toEqual([]);
});
