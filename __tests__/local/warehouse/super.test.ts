import { Fixture, failure, rowsOf } from "./support";

/** SUPER, by https://docs.aws.amazon.com/redshift/latest/dg/query-super.html, super-configurations.html and r_SUPER_type.html. */
let it_: Fixture;

beforeAll(async () => {
  it_ = await new Fixture().open();
  await it_.admin.run("create table orders (id int, data super)");
  await it_.admin.run(
    `insert into orders values
      (1, json_parse('{"customer":{"name":"ann","Mixed":1},"items":[{"sku":"a","qty":2,"tags":["x","y"]},{"sku":"b","qty":"two"}],"total":12.5,"paid":true,"none":null}')),
      (2, json_parse('[1,"two"]')),
      (3, json_parse('"text"')),
      (4, null)`,
  );
});
afterAll(() => it_.close());

const ask = (sql: string) => rowsOf(it_.admin, sql);

describe("navigation", () => {
  it("gives values as JSON, and NULL for what is not there", async () => {
    expect(
      await ask(
        "select data.customer.name, data.items[0].qty, data.items[9].qty, data.nope.nope, data.total.nope, o.data.items[0].tags from orders o where id = 1",
      ),
    ).toEqual([['"ann"', "2", null, null, null, '["x","y"]']]);
  });

  it("names its columns by the last name and types them super", async () => {
    expect(
      (await it_.admin.run("select data.customer.name, data.items[0].tags[1], data.total::int from orders")).columns,
    ).toEqual([
      { name: "name", type: "super" },
      { name: "tags", type: "super" },
      { name: "total", type: "int4" },
    ]);
  });

  it("counts arrays from 0", async () => {
    expect(await ask("select data[0], data[1] from orders where id = 2")).toEqual([["1", '"two"']]);
  });

  it("folds names to lower case, so that mixed case is not found", async () => {
    expect(await ask("select data.customer.Mixed from orders where id = 1")).toEqual([[null]]);
  });

  it("gives unquoted text, and numbers, when cast", async () => {
    expect(
      await ask(
        "select data.customer.name::varchar, cast(data.total as numeric(6,2)), data.paid::boolean from orders where id = 1",
      ),
    ).toEqual([["ann", "12.50", true]]);
  });
});

// https://docs.aws.amazon.com/redshift/latest/dg/super-configurations.html: cast_super_null_on_error is on
describe("a value of another type", () => {
  it("is NULL when cast", async () => {
    expect(await ask("select data.customer.name::int, data.items[1].qty::int from orders where id = 1")).toEqual([
      [null, null],
    ]);
  });

  it("does not match a comparison", async () => {
    expect(await ask("select id from orders where data.items[1].qty = 2")).toEqual([]);
    expect(await ask("select id from orders where data.items[0].qty = 2 and data.customer.name = 'ann'")).toEqual([
      [1],
    ]);
    expect(await ask("select id from orders where data.total between 12 and 13")).toEqual([[1]]);
    expect(await ask("select id from orders where data.customer.name in ('bob', 'ann')")).toEqual([[1]]);
  });

  it("makes arithmetic NULL", async () => {
    expect(await ask("select data.items[0].qty + 1, data.items[1].qty + 1 from orders where id = 1")).toEqual([
      [3, null],
    ]);
  });
});

describe("an array in FROM", () => {
  it("is unnested, once for each of its elements", async () => {
    expect(await ask("select o.id, i.sku::varchar, i.qty from orders o, o.data.items i order by 2")).toEqual([
      [1, "a", "2"],
      [1, "b", '"two"'],
    ]);
  });

  it("may hold another", async () => {
    expect(await ask("select i.sku, t from orders o, o.data.items as i, i.tags as t order by t::varchar")).toEqual([
      ['"a"', '"x"'],
      ['"a"', '"y"'],
    ]);
  });

  it("gives positions from 0 with AT", async () => {
    expect(await ask("select i.sku, n from orders o, o.data.items as i at n where n = 1")).toEqual([['"b"', 1]]);
  });

  it("may be called what it likes", async () => {
    expect(await ask("select n.sku, v from orders v, v.data.items n at v where v = 0")).toEqual([['"a"', 0]]);
    expect(await ask("select v.sku, i from orders i, i.data.items v at i where i = 1")).toEqual([['"b"', 1]]);
  });

  it("may be the value itself", async () => {
    expect(await ask("select e from orders o, o.data e where o.id = 2 order by e::varchar")).toEqual([
      ["1"],
      ['"two"'],
    ]);
  });

  it("is no text that looks like one, and no object", async () => {
    expect(
      await ask(
        "select e from (select json_parse('\"[1,2]\"') as a union all select json_parse('{\"b\":[1]}')) as t, t.a as e",
      ),
    ).toEqual([]);
  });

  it("has its elements as they are, null and nested ones too", async () => {
    expect(
      await ask(
        `select e, json_typeof(e), e is null, n from
          (select json_parse('[1, null, "a", 1.5, 18446744073709551615, true, [], {"b":{"c":null}}]') as a) as t, t.a as e at n order by n`,
      ),
    ).toEqual([
      ["1", "number", false, 0],
      [null, null, true, 1],
      ['"a"', "string", false, 2],
      ["1.5", "number", false, 3],
      ["18446744073709551615", "number", false, 4],
      ["true", "boolean", false, 5],
      ["[]", "array", false, 6],
      ['{"b":{"c":null}}', "object", false, 7],
    ]);
  });

  it("may stand in a subquery, a view and an INSERT", async () => {
    await it_.admin.run("create view items as select o.id, i.sku::varchar(9) as sku from orders o, o.data.items i");
    await it_.admin.run("create table flat (id int, sku varchar(9), all_of super)");
    await it_.admin.run("insert into flat select o.id, i.sku, i from orders o, o.data.items i");
    expect(await ask("select sku from items order by 1")).toEqual([["a"], ["b"]]);
    expect(await ask("select sku, all_of.sku from flat order by 1")).toEqual([
      ["a", '"a"'],
      ["b", '"b"'],
    ]);
    expect(
      await ask("select id, (select count(*) from o.data.items i where i.qty = 2) as n from orders o order by 1"),
    ).toEqual([
      [1, 1],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
  });
});

// https://docs.aws.amazon.com/redshift/latest/dg/json-functions.html and c_Type_Info_Functions.html
describe("functions", () => {
  it.each([
    ["json_parse('[1, {\"a\": null}]')", '[1,{"a":null}]'],
    ["can_json_parse('[1')", false],
    ["can_json_parse('[1]')", true],
    ['json_serialize(json_parse(\'{"a": [1, "x"]}\'))', '{"a":[1,"x"]}'],
    ["json_typeof(json_parse('{}'))", "object"],
    ["json_typeof(json_parse('[]'))", "array"],
    ["json_typeof(json_parse('\"x\"'))", "string"],
    ["json_typeof(json_parse('1.5'))", "number"],
    ["json_typeof(json_parse('true'))", "boolean"],
    ["is_array(json_parse('[]'))", true],
    ["is_object(json_parse('[]'))", false],
    ["is_scalar(json_parse('1'))", true],
    ["is_varchar(json_parse('\"x\"'))", true],
    ["is_integer(json_parse('3000000000'))", false],
    ["is_bigint(json_parse('3000000000'))", true],
    ["is_float(json_parse('1.5'))", true],
    ["is_boolean(json_parse('null'))", null],
    ["get_array_length(json_parse('[1,2,3]'))", 3],
    ["get_array_length(json_parse('1'))", null],
    ["get_array_length(json_parse('[]'))", 0],
    ["get_array_length(json_parse('\"[1,2]\"'))", null],
    ["array(1, 'a', null)", '[1,"a",null]'],
    ["object('a', 1, 'b', 'x')", '{"a":1,"b":"x"}'],
    ["split_to_array('a|b', '|')", '["a","b"]'],
    ["json_extract_path_text('{\"a\":{\"b\":\"x\"}}', 'a', 'b')", "x"],
    ["json_extract_path_text('{\"a\":', 'a', true)", null],
    ["json_extract_array_element_text('[1,\"x\"]', 1)", "x"],
    ["json_array_length('[1,2]')", 2],
    ["5::super", "5"],
    ["'a'::super", '"a"'],
  ])("%s is %p", async (expression, value) => {
    expect(await ask(`select ${expression} as x`)).toEqual([[value]]);
  });

  it.each([
    ["select json_parse('{')", "22P02 JSON parsing error: unexpected end of data"],
    [
      "select unpivot_it from orders o, unpivot o.data as v at k",
      "0A000 UNPIVOT is not carried by the local warehouse",
    ],
    [
      "select data[id + 1] from orders",
      "0A000 a subscript that is no whole number and no column is not carried by the local warehouse",
    ],
    ["select array_flatten(data) from orders", "0A000 function array_flatten() is not carried by the local warehouse"],
    ["select [1, 2]", '42601 syntax error at or near "["'],
    ["create table u (a super distkey)", '0A000 column "a" of type SUPER cannot be a distribution or sort key'],
  ])("%s is refused: %s", async (sql, message) => {
    expect(await failure(it_.admin.run(sql))).toBe(message);
  });
});

it("is loaded from JSON with COPY, nested values as they are", async () => {
  await it_.admin.run("create table loaded (id int, data super); create table whole (doc super)");
  it_.objects = {
    "in/1": '{"id":1,"data":{"n":12345678901234567890,"s":"é\\"x","a":[1,null]}}\n{"id":2,"data":"text"}\n{"id":3}',
  };
  const from = "from 's3://bucket/in/' iam_role 'arn:aws:iam::000000000000:role/copy'";
  await it_.admin.run(`copy loaded ${from} json 'auto'; copy whole ${from} json 'noshred'`);
  expect(await ask("select data from loaded order by id")).toEqual([
    ['{"n":12345678901234567890,"s":"é\\"x","a":[1,null]}'],
    ['"text"'],
    [null],
  ]);
  expect(await ask("select doc.id::int from whole order by 1")).toEqual([[1], [2], [3]]);
  it_.objects = { "in/1": '1|{"a": 1}\n2|not json\n' };
  expect(await failure(it_.admin.run(`copy loaded ${from}`))).toContain(
    "line 2, column data: Input data is not well-formed JSON for type super",
  );
});
