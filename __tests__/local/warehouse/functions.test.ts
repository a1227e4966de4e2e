import { Fixture, failure, rowsOf } from "./support";

/** Functions; the page of each stands under https://docs.aws.amazon.com/redshift/latest/dg/. */
let it_: Fixture;

beforeAll(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run(
    "create table t (g varchar(1), n int, d numeric(6,2), f float8); insert into t values ('a', 1, 1.5, 1), ('a', 2, 2.5, 2), ('b', 4, 0, 4)",
  );
});
afterAll(() => it_.close());

it.each([
  ["r_DATEADD_function", "dateadd(month, 1, '2024-01-31')", "2024-02-29 00:00:00"],
  ["r_DATEADD_function", "dateadd('hrs', -2, timestamp '2024-01-01 01:00:00')", "2023-12-31 23:00:00"],
  ["r_DATEADD_function", "dateadd(week, 1, date '2024-01-01')", "2024-01-08 00:00:00"],
  ["r_DATEDIFF_function", "datediff(qtr, '1998-07-01', '2009-01-31')", 42],
  ["r_DATEDIFF_function", "datediff(day, timestamp '2024-01-01 23:59:00', timestamp '2024-01-02 00:01:00')", 1],
  ["r_DATE_TRUNC", "date_trunc('week', date '2024-01-03')", "2024-01-01 00:00:00"],
  ["r_DATE_TRUNC", "date_trunc('hour', timestamp '2024-01-03 04:05:06')", "2024-01-03 04:00:00"],
  ["r_DATE_PART_function", "date_part(dow, timestamp '2024-01-07 00:00:00')", 0],
  ["r_EXTRACT_function", "extract(year from date '2024-01-07')", 2024],
  ["r_ADD_MONTHS", "add_months('2024-04-30', 1)", "2024-05-31 00:00:00"],
  ["r_LAST_DAY", "last_day('2024-02-03'::date)", "2024-02-29"],
  ["CONVERT_TIMEZONE", "convert_timezone('America/New_York', '2024-01-01 12:00:00')", "2024-01-01 07:00:00"],
  ["CONVERT_TIMEZONE", "convert_timezone('EST', 'UTC', timestamp '2024-01-01 12:00:00')", "2024-01-01 17:00:00"],
  ["r_NVL_function", "nvl(null, null, 3)", 3],
  ["r_NVL2", "nvl2(null, 'a', 'b')", "b"],
  ["r_DECODE_expression", "decode(null::int, 1, 'one', null, 'none', 'other')", "none"],
  ["r_DECODE_expression", "decode(2, 1, 'one')", null],
  ["r_NULLIF_function", "nullif(1, 1)", null],
  ["r_LEN", "len('abé')", 3],
  ["r_OCTET_LENGTH", "octet_length('abé')", 4],
  ["r_CONCAT", "concat('a', null)", null],
  ["r_CONVERT_function", "convert(integer, '42')", 42],
  ["r_CHARINDEX", "charindex('c', 'abc')", 3],
  ["r_STRPOS", "strpos('abc', 'c')", 3],
  ["SPLIT_PART", "split_part('a.b.c', '.', 2)", "b"],
  ["r_LPAD", "lpad('7', 3, '0') || rpad('a', 3) || '|'", "007a  |"],
  ["r_BTRIM", "btrim('  a ')", "a"],
  ["REGEXP_REPLACE", "regexp_replace('a1b22', '[0-9]+', '#')", "a#b#"],
  ["REGEXP_SUBSTR", "regexp_substr('a1b22', '[0-9]+')", "1"],
  ["REGEXP_COUNT", "regexp_count('a1b22', '[0-9]')", 3],
  ["r_MD5", "md5('a')", "0cc175b9c0f1b6a831c399e269772661"],
  ["SHA2", "left(sha2('a', 256), 8)", "ca978112"],
  ["r_TO_CHAR", "to_char(timestamp '2024-03-05 14:07:09.123', 'YYYY-MM-DD HH24:MI:SS.MS')", "2024-03-05 14:07:09.123"],
  ["r_TO_CHAR", "to_char(date '2024-03-05', 'DD-MON-yy Q D DDD')", "05-MAR-24 1 3 065"],
  ["r_TO_CHAR", "to_char(date '2024-03-05', 'Month|dy|\"Day\"')", "March    |tue|Day"],
  ["r_TO_CHAR", "to_char(timestamp '2024-03-05 14:07:09', 'HH12:MI AM')", "02:07 PM"],
  ["r_TO_DATE_function", "to_date('02 Oct 2001', 'DD Mon YYYY')", "2001-10-02"],
  ["r_TO_DATE_function", "to_date('20010631', 'YYYYMMDD')", "error"],
  ["r_TO_TIMESTAMP", "to_timestamp('05.03.2024 14:07:09', 'DD.MM.YYYY HH24:MI:SS')", "2024-03-05 14:07:09+00"],
  ["r_GREATEST_LEAST", "greatest(1, null, 3)", 3],
  ["r_MOD", "mod(7, 3)", 1],
  ["r_ROUND", "round(2.567, 2)", "2.57"],
  ["r_CAST_function", "'1.5'::numeric(6,2)", "1.50"],
])("%s: %s is %p", async (_, expression, value) => {
  const asked = rowsOf(it_.admin, `select ${expression} as x`);
  if (value === "error") await expect(asked).rejects.toThrow();
  else expect(await asked).toEqual([[value]]);
});

// https://docs.aws.amazon.com/redshift/latest/dg/r_AVG.html: integers give an integer
it("AVG of integers is an integer, of other numbers it is not, over groups and windows", async () => {
  expect(await rowsOf(it_.admin, "select avg(n), avg(distinct n), avg(f) from t")).toEqual([[2, 2, 7 / 3]]);
  expect(await rowsOf(it_.admin, "select g, avg(n) from t group by g order by 1")).toEqual([
    ["a", 1],
    ["b", 4],
  ]);
  expect(await rowsOf(it_.admin, "select avg(n) over (partition by g order by n) from t order by 1")).toEqual([
    [1],
    [1],
    [4],
  ]);
  expect((await it_.admin.run("select avg(n) from t")).columns).toEqual([{ name: "avg", type: "int8" }]);
});

// https://docs.aws.amazon.com/redshift/latest/dg/r_LISTAGG.html
it("LISTAGG takes its order from WITHIN GROUP, and no delimiter unless told", async () => {
  expect(
    await rowsOf(
      it_.admin,
      "select listagg(n, ', ') within group (order by n desc), listagg(distinct g) within group (order by g) from t",
    ),
  ).toEqual([["4, 2, 1", "ab"]]);
  expect(
    await rowsOf(
      it_.admin,
      "select distinct listagg(n, '-') within group (order by n) over (partition by g) from t order by 1",
    ),
  ).toEqual([["1-2"], ["4"]]);
});

it.each([
  "select 1 / 0",
  "select n / d from t",
  "select n % (n - 1) from t",
  "select f / (f - f) as x from t where n = 1",
])("%s fails, as in Redshift", async (sql) => {
  expect(await failure(it_.admin.run(sql))).toBe("22012 Divide by zero");
});

it("divides integers to an integer, and not where NULLIF takes the zero away", async () => {
  expect(await rowsOf(it_.admin, "select 7 / 2, n / 2, 10 % 4, n / nullif(d, 0) from t where g = 'b'")).toEqual([
    [3, 2, 2, null],
  ]);
  expect(await rowsOf(it_.admin, "select avg(n) from t where n > 9")).toEqual([[null]]);
});

it("names the columns of functions by the function", async () => {
  const { columns } = await it_.admin.run(
    "select dateadd(day, 1, getdate()), avg(n), (select max(n) from t) as m from t",
  );
  expect(columns.map((column) => column.name)).toEqual(["dateadd", "avg", "m"]);
});

it("works in every statement", async () => {
  await it_.admin.run(
    "create table u (a timestamp default getdate(), b int); insert into u values (dateadd(day, 1, '2024-01-01'), nvl(null, 1))",
  );
  await it_.admin.run(
    "update u set b = decode(b, 1, 10), a = date_trunc('year', a) where datediff(day, '2024-01-01', a) = 1",
  );
  expect(await rowsOf(it_.admin, "select * from u")).toEqual([["2024-01-01 00:00:00", 10]]);
  await it_.admin.run(
    "create table v as select listagg(b) as l from u; create view w as select to_char(a, 'YYYY') as y from u",
  );
  expect(await rowsOf(it_.admin, "select l, y from v, w")).toEqual([["10", "2024"]]);
  await it_.admin.run("delete from u where datediff(year, a, '2025-01-01') = 1");
  expect(await rowsOf(it_.admin, "select * from u")).toEqual([]);
});

it("takes names of columns, CTEs and aliases for what they are", async () => {
  expect(
    await rowsOf(
      it_.admin,
      "with left_side (a, b) as (select n, g from t), x as (select 1 as avg) select count(*), max(x.avg) from left_side, x where (a, b) in (select n, g from t)",
    ),
  ).toEqual([[3, 1]]);
});

it("tells the FROM of a function and of IS DISTINCT FROM from the FROM of a query", async () => {
  await it_.admin.run(
    "create table o (at timestamp, n int, m int); insert into o values ('2024-01-02 00:00:00', 1, 2)",
  );
  expect(
    await rowsOf(
      it_.admin,
      `select extract(year from o.at), substring('abc' from 2 for 1), trim(both 'x' from 'xax'), (select extract(month from o.at)), o.n is distinct from o.m
       from o left join o p on (p.n is not distinct from o.n) where o.at > date '2024-01-01' - interval '1 day' and (o.n, 2) in ((1, 2)) and not (o.m = 3)`,
    ),
  ).toEqual([[2024, "b", "a", 1, true]]);
});

// https://docs.aws.amazon.com/redshift/latest/dg/r_SELECT_list.html
it("takes TOP, and names a column that is cast by the column", async () => {
  const { columns, rows } = await it_.admin.run(
    "select top 2 n::varchar, trim(g), cast(f as int) from t order by n desc",
  );
  expect(columns.map((column) => column.name)).toEqual(["n", "trim", "f"]);
  expect(rows).toEqual([
    ["4", "b", 4],
    ["2", "a", 2],
  ]);
  expect(await rowsOf(it_.admin, "select n from (select top 1 n from t order by n) s")).toEqual([[1]]);
});

it("takes a column named at, which the engine reserves", async () => {
  await it_.admin.run("create table p (at timestamp); insert into p values ('2024-01-02 03:00:00')");
  expect(
    await rowsOf(
      it_.admin,
      "select date_trunc('day', at), coalesce(at, getdate()), at at time zone 'UTC' from p where at > '2024-01-01'",
    ),
  ).toEqual([["2024-01-02 00:00:00", "2024-01-02 03:00:00", "2024-01-02 03:00:00+00"]]);
});

// "What it does not know it refuses by name"
it.each([
  ["select approximate count(distinct n) from t", "0A000 APPROXIMATE COUNT is not carried by the local warehouse"],
  ["select strptime('x', 'y')", "0A000 function strptime() is not carried by the local warehouse"],
  ["select soundex('x')", "0A000 function soundex() is not carried by the local warehouse"],
  ["select to_char(123, '999')", "0A000 '999' in the format '999' of TO_CHAR is not carried by the local warehouse"],
  [
    "select to_char(getdate(), g) from t",
    "0A000 a format of TO_CHAR that is an expression is not carried by the local warehouse",
  ],
  ["select to_char(getdate(), 'TZ')", "0A000 'TZ' in the format 'TZ' of TO_CHAR is not carried by the local warehouse"],
  ["select dateadd(fortnight, 1, getdate())", '22023 invalid date part "fortnight"'],
  ["select dateadd(day, 1)", "42883 function dateadd() takes 3 arguments, not 2"],
  ["select g ~ 'a' from t", "0A000 operator ~ is not carried by the local warehouse"],
  ["select g similar to 'a' from t", "0A000 SIMILAR TO is not carried by the local warehouse"],
  ["select n from t group by all", "0A000 GROUP BY ALL and ORDER BY ALL is not carried by the local warehouse"],
  ["select {'a': 1}", '42601 syntax error at or near "{"'],
  ["select x -> 1 from t", '42601 syntax error at or near "->"'],
  ["select * from t pivot (sum(n) for g in ('a'))", "0A000 PIVOT is not carried by the local warehouse"],
])("%s is refused: %s", async (sql, message) => {
  expect(await failure(it_.admin.run(sql))).toBe(message);
});
