import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withValues } from "../../../lambda-src/run-migrations/values";
import { type Session, type Warehouse, Warehouses } from "../../../local/warehouse";
import { FakeStreams } from "./streams";
import { failure, rowsOf } from "./support";

/** Streaming ingestion, by https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-streaming-ingestion.html */
let folder: string;
let streams: FakeStreams;
let warehouses: Warehouses;
let warehouse: Warehouse;
let admin: Session;

async function open(): Promise<void> {
  warehouses = new Warehouses(
    folder,
    () => {
      throw new Error("no store");
    },
    { streams },
  );
  const settings = {
    host: "w",
    name: "w",
    port: 5439,
    database: "dev",
    admin: { user: "admin", password: "Secret12345" },
  };
  warehouse = await warehouses.create(settings);
  admin = await warehouse.login("dev", "admin", "Secret12345");
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "warehouse-"));
  streams = new FakeStreams();
  await open();
});
afterEach(async () => {
  await warehouses.close();
  rmSync(folder, { recursive: true, force: true });
});

const SCHEMA = "create external schema k from kafka iam_role default authentication iam uri '127.0.0.1:1'";
const VIEW = `create materialized view mv auto refresh no as select kafka_partition, kafka_offset, kafka_timestamp_type, kafka_timestamp,
  from_varbyte(kafka_key, 'utf-8') as key, case when can_json_parse(kafka_value) then json_parse(kafka_value) end as data, kafka_headers from k."T"`;
const REFRESH = "refresh materialized view mv";

/** The migrations of sql/orders over a topic `orders`. */
async function orders(): Promise<void> {
  for (const name of ["001_create_external_schema", "002_create_orders", "003_create_views"]) {
    const file = `${name}.sql`;
    const values = { bootstrap_servers: "127.0.0.1:1", topic: "orders" };
    const text = readFileSync(join("sql", "orders", file), "utf8").replace("AUTO REFRESH YES", "AUTO REFRESH NO");
    await admin.run(withValues(file, text, values));
  }
}
const order = (id: string, ...products: readonly number[]) =>
  JSON.stringify({
    order_id: id,
    ordered_at: "2026-11-21T12:00:00.000",
    user_id: "ada",
    items: products.map((product_id) => ({ product_id, quantity: 2 })),
  });

describe("a streaming materialized view", () => {
  beforeEach(async () => {
    streams.add("T", 0, '{"a":1}', { headers: [["h", "x"]] });
    streams.add("T", 1, '{"a":2}');
    await admin.run(`${SCHEMA}; ${VIEW}`);
  });

  it("is empty until it is refreshed, and has the records' own columns then", async () => {
    expect(await rowsOf(admin, "select count(*) from mv")).toEqual([[0]]);
    expect((await admin.run(REFRESH)).rowCount).toBe(2);
    expect(await rowsOf(admin, "select * from mv order by 1")).toEqual([
      [0, 0, "C", "2026-11-21 12:00:00", "k", '{"a":1}', '[{"key":"h","value":"x"}]'],
      [1, 0, "C", "2026-11-21 12:00:00", "k", '{"a":2}', "[]"],
    ]);
  });

  it("takes each record once, however often it is refreshed", async () => {
    await admin.run(`${REFRESH}; ${REFRESH}`);
    streams.add("T", 1, '{"a":3}');
    await admin.run(`${REFRESH}; ${REFRESH}`);
    expect(await rowsOf(admin, "select kafka_partition, kafka_offset from mv order by 1, 2")).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
  });

  it("goes on where it stopped when the warehouse is opened again", async () => {
    await admin.run(REFRESH);
    await warehouses.close();
    streams.add("T", 0, '{"a":4}');
    await open();
    expect((await admin.run(REFRESH)).rowCount).toBe(1);
    expect(await rowsOf(admin, "select count(*) from mv")).toEqual([[3]]);
  });

  it("keeps nothing of a refresh that fails half way, and nothing is missing after the next", async () => {
    for (let n = 0; n < 70_000; n++) streams.add("T", 2, '{"a":5}');
    streams.atOnce = 20_000;
    let reads = 0;
    streams.beforeRead = () => {
      if (++reads === 4) throw new Error("connection lost");
    };
    expect(await failure(admin.run(REFRESH))).toBe("58000 materialized view mv cannot read topic T: connection lost");
    expect(await rowsOf(admin, "select count(*) from mv")).toEqual([[0]]);
    streams.beforeRead = () => undefined;
    streams.atOnce = 7000;
    await admin.run(REFRESH);
    expect(
      await rowsOf(admin, "select count(*), count(distinct kafka_offset) from mv where kafka_partition = 2"),
    ).toEqual([[70_000, 70_000]]);
  });

  it("reads from the first record that retention has left", async () => {
    streams.add("T", 0, '{"a":6}');
    streams.first = 1n;
    await admin.run(REFRESH);
    expect(await rowsOf(admin, "select kafka_offset from mv")).toEqual([[1]]);
  });

  it("skips a record that is too long into sys_stream_scan_errors, and counts it", async () => {
    streams.add("T", 0, Buffer.alloc(16_777_217, "x"));
    streams.add("T", 0, '{"a":7}');
    await admin.run(REFRESH);
    expect(await rowsOf(admin, "select count(*) from mv")).toEqual([[3]]);
    expect(
      await rowsOf(
        admin,
        "select external_schema_name, stream_name, mv_name, partition_id, position, error_reason from sys_stream_scan_errors",
      ),
    ).toEqual([["k", "T", "mv", "0", "1", "record is longer than 16777216 bytes and was skipped"]]);
    expect(
      await rowsOf(
        admin,
        "select partition_id, latest_position, scanned_rows, skipped_rows from sys_stream_scan_states order by 1",
      ),
    ).toEqual([
      ["0", "2", 3, 1],
      ["1", "0", 1, 0],
    ]);
  });

  it("is no table that one may write, empty or drop", async () => {
    const refused = '42809 "mv" is a materialized view and cannot be changed';
    expect(await failure(admin.run("delete from mv"))).toBe(refused);
    expect(await failure(admin.run("truncate mv"))).toBe(refused);
    expect(await failure(admin.run("drop table mv"))).toBe(refused);
    await admin.run("drop materialized view mv");
    expect(await failure(admin.run(REFRESH))).toBe('42P01 materialized view "mv" does not exist');
  });

  it("is refreshed by its owner only, and read by whom it is granted to", async () => {
    await admin.run(`create user ada password 'Secret12345'; grant select on mv to ada; ${REFRESH}`);
    const ada = await warehouse.login("dev", "ada", "Secret12345");
    expect(await rowsOf(ada, "select count(*) from mv")).toEqual([[2]]);
    expect(await failure(ada.run(REFRESH))).toBe("42501 must be owner of relation mv");
  });
});

describe("CREATE EXTERNAL SCHEMA", () => {
  it("keeps how the brokers are reached, in both forms", async () => {
    streams.add("t", 0, "1");
    await admin.run(
      `${SCHEMA}; create external schema m from msk iam_role 'arn:aws:iam::123456789012:role/r' authentication iam cluster_arn 'arn:c'`,
    );
    await admin.run("create materialized view a as select kafka_offset from k.t");
    await admin.run("create materialized view b as select kafka_offset from m.t");
    expect(streams.schemas).toEqual([
      { name: "k", source: "kafka", authentication: "iam", role: "default", uri: "127.0.0.1:1", clusterArn: null },
      {
        name: "m",
        source: "msk",
        authentication: "iam",
        role: "arn:aws:iam::123456789012:role/r",
        uri: null,
        clusterArn: "arn:c",
      },
    ]);
  });

  it.each([
    [
      "create external schema k from kinesis iam_role default",
      "0A000 CREATE EXTERNAL SCHEMA ... FROM KINESIS is not carried by the local warehouse",
    ],
    [
      "create external schema k from kafka uri 'a:1'",
      "42601 AUTHENTICATION must be none or iam for an external schema of a stream",
    ],
    ["create external schema k from kafka authentication iam uri 'a:1'", "42601 AUTHENTICATION iam needs IAM_ROLE"],
    ["create external schema k from kafka authentication none", "42601 one of URI and CLUSTER_ARN must be given"],
    [
      "create external schema k from kafka authentication mtls uri 'a:1'",
      "0A000 AUTHENTICATION mtls is not carried by the local warehouse",
    ],
  ])("%s is refused", async (sql, message) => {
    expect(await failure(admin.run(sql))).toBe(message);
  });

  it("is dropped like any schema", async () => {
    await admin.run(`${SCHEMA}; drop schema k; ${SCHEMA}`);
    expect(await failure(admin.run(SCHEMA))).toBe('42P06 Schema "k" already exists');
  });
});

describe("CREATE MATERIALIZED VIEW", () => {
  beforeEach(() => admin.run(SCHEMA));

  it.each([
    [
      "select 1 as a",
      "0A000 a materialized view of anything but one topic of an external schema is not carried by the local warehouse",
    ],
    [
      "select a from public.t",
      "0A000 a materialized view of anything but one topic of an external schema is not carried by the local warehouse",
    ],
    [
      "select count(*) from k.t group by kafka_key",
      "0A000 GROUP in a materialized view is not carried by the local warehouse",
    ],
    ["select kafka_offset from k.t", "58000 topic t of schema k cannot be read: Unknown topic t."],
  ])("of %s is refused", async (sql, message) => {
    expect(await failure(admin.run(`create materialized view v as ${sql}`))).toBe(message);
  });
});

describe("AUTO REFRESH YES", () => {
  it("refreshes without being asked, and says why it cannot", async () => {
    streams.add("t", 0, "1");
    await admin.run(`${SCHEMA}; create materialized view v auto refresh yes as select kafka_offset from k.t`);
    const until = async (true_: () => Promise<boolean> | boolean) => {
      while (!(await true_())) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const count = async () => (await rowsOf(admin, "select count(*) from v"))[0]![0];
    await until(async () => (await count()) === 1);
    streams.beforeRead = () => {
      throw new Error("no broker answers");
    };
    streams.add("t", 0, "2");
    await until(() => warehouse.autoRefresh.failures.size === 1);
    expect([...warehouse.autoRefresh.failures]).toEqual([
      ["v", "materialized view v cannot read topic t: no broker answers"],
    ]);
    streams.beforeRead = () => undefined;
    // Its rows are seen a moment before it is known to have gone well.
    await until(() => warehouse.autoRefresh.failures.size === 0);
    expect(await count()).toBe(2);
  });
});

describe("the views of sql/orders", () => {
  beforeEach(async () => {
    streams.topics.set("orders", [[], [], []]);
    await orders();
  });
  const refreshed = async (query: string) => {
    await admin.run("refresh materialized view orders");
    return rowsOf(admin, query);
  };

  it("give a row an item, and the products sold most", async () => {
    streams.add("orders", 0, order("a", 1, 2));
    streams.add("orders", 1, order("b", 2));
    expect(await refreshed("select * from order_items order by 1, 4")).toEqual([
      ["a", "2026-11-21 12:00:00", "ada", 1, 2],
      ["a", "2026-11-21 12:00:00", "ada", 2, 2],
      ["b", "2026-11-21 12:00:00", "ada", 2, 2],
    ]);
    expect(await rowsOf(admin, readFileSync("sql/orders/queries/top_products.sql", "utf8"))).toEqual([
      [2, 4, 2],
      [1, 2, 1],
    ]);
  });

  it("count an order once that was produced twice, in one partition or in two", async () => {
    streams.add("orders", 0, order("a", 1));
    streams.add("orders", 0, order("a", 1));
    streams.add("orders", 2, order("a", 1));
    expect(await refreshed("select count(*) from orders")).toEqual([[3]]);
    expect(await rowsOf(admin, "select order_id, product_id from order_items")).toEqual([["a", 1]]);
  });

  it("keep what is no order, byte for byte, with its reason, and go on", async () => {
    streams.add("orders", 0, "no json {");
    streams.add("orders", 0, Buffer.from([0xff, 0x00]));
    streams.add("orders", 0, "");
    streams.add("orders", 0, null);
    streams.add("orders", 0, "[1]");
    streams.add("orders", 0, "null");
    streams.add("orders", 0, '{"order_id":1,"items":[]}');
    streams.add("orders", 0, '{"order_id":"x"}');
    streams.add("orders", 0, order("a", 1), { key: null });
    streams.add("orders", 0, '{"order_id":"twice","order_id":"twice","items":[]}');
    expect(
      await refreshed("select kafka_offset, reason, from_varbyte(unreadable, 'hex') from order_rejects order by 1"),
    ).toEqual([
      [0, "not JSON", Buffer.from("no json {").toString("hex")],
      [1, "not JSON", "ff00"],
      [2, "empty value", ""],
      [3, "tombstone: a key without a value", null],
      [4, "JSON, but no object", null],
      [5, "JSON, but no object", null],
      [6, "no order_id", null],
      [7, "no items", null],
      [9, "no items", null],
    ]);
    expect(await rowsOf(admin, "select order_id from order_items")).toEqual([["a"]]);
  });

  const NO_PRODUCT = "item: no product_id that is a whole number of 1 or more";
  const NO_QUANTITY = "item: no quantity that is a whole number of 1 or more";
  /** An order with `good` and with what is in question beside it. */
  const withItem = (item: string) =>
    `{"order_id":"a","ordered_at":"2026-11-21T12:00:00.000","user_id":"ada","items":[{"product_id":7,"quantity":2},${item}]}`;

  it.each<[item: string, product: number | null, quantity: number | null, reason: string]>([
    ["null", null, null, NO_PRODUCT],
    ["5", null, null, NO_PRODUCT],
    ["[]", null, null, NO_PRODUCT],
    ['{"quantity":1}', null, 1, NO_PRODUCT],
    ['{"product_id":"seven","quantity":1}', null, 1, NO_PRODUCT],
    ['{"product_id":-7,"quantity":1}', null, 1, NO_PRODUCT],
    ['{"product_id":123456789012345678901234567890,"quantity":1}', null, 1, NO_PRODUCT],
    ['{"product_id":3000000000,"quantity":1}', null, 1, NO_PRODUCT],
    ['{"product_id":NaN,"quantity":1}', null, 1, NO_PRODUCT],
    ['{"product_id":8}', 8, null, NO_QUANTITY],
    ['{"product_id":8,"quantity":null}', 8, null, NO_QUANTITY],
    ['{"product_id":8,"quantity":"many"}', 8, null, NO_QUANTITY],
    ['{"product_id":8,"quantity":0}', 8, null, NO_QUANTITY],
    ['{"product_id":8,"quantity":-1}', 8, null, NO_QUANTITY],
    ['{"product_id":8,"quantity":1e400}', 8, null, NO_QUANTITY],
  ])(
    "show the item %s with NULL and its reason, and count the order's others",
    async (item, product, quantity, reason) => {
      streams.add("orders", 0, withItem(item));
      expect(
        await refreshed("select product_id, quantity from order_items where product_id <> 7 or product_id is null"),
      ).toEqual([[product, quantity]]);
      expect(await rowsOf(admin, "select kafka_offset, reason from order_rejects")).toEqual([[0, reason]]);
      expect(await rowsOf(admin, "select * from top_products")).toEqual([[7, 2, 1]]);
    },
  );

  it("take what casts to a whole number, as SUPER does", async () => {
    streams.add("orders", 0, withItem('{"product_id":8.0,"quantity":"3"}'));
    expect(await refreshed("select product_id, quantity from order_items where product_id <> 7")).toEqual([[8, 3]]);
    expect(await rowsOf(admin, "select reason from order_rejects")).toEqual([]);
  });

  it.each(["null", "{}", '"x"', "[]"])("know no order in one with items %s", async (items) => {
    streams.add("orders", 0, `{"order_id":"a","items":${items}}`);
    expect(await refreshed("select reason from order_rejects")).toEqual([["no items"]]);
    expect(await rowsOf(admin, "select * from order_items")).toEqual([]);
  });

  it.each(['""', "7", "null", '{"id":1}'])("know no order in one with order_id %s", async (id) => {
    streams.add("orders", 0, withItem("1").replace('"a"', id));
    expect(await refreshed("select reason from order_rejects")).toEqual([["no order_id"]]);
  });

  it.each(['"yesterday"', '""', '" "', "5", "null", '"2026-02-30T00:00:00.000"'])(
    "count an order whose ordered_at is %s, and fail no query",
    async (moment) => {
      streams.add("orders", 0, order("good", 1));
      streams.add("orders", 0, order("odd", 1).replace('"2026-11-21T12:00:00.000"', moment));
      expect(await refreshed("select order_id, ordered_at from order_items order by 1")).toEqual([
        ["good", "2026-11-21 12:00:00"],
        ["odd", null],
      ]);
      expect(await rowsOf(admin, "select * from top_products")).toEqual([[1, 4, 2]]);
    },
  );

  it("see the first of two values of one name", async () => {
    const items = (product: number) => `"items":[{"product_id":${product},"quantity":1}]`;
    streams.add("orders", 0, `{"order_id":"a","order_id":"b",${items(1)},${items(2)}}`);
    expect(await refreshed("select order_id, product_id from order_items")).toEqual([["a", 1]]);
  });

  it.each<[string, Buffer | string]>([
    ["what follows the document", `${order("a", 1)} x`],
    ["a byte order mark", `\ufeff${order("a", 1)}`],
    ["half a surrogate pair", '{"order_id":"\\ud800","items":[]}'],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["spaces alone", "   "],
  ])("take %s for no JSON, and keep it byte for byte", async (_, value) => {
    streams.add("orders", 0, value);
    expect(await refreshed("select reason, from_varbyte(unreadable, 'hex') from order_rejects")).toEqual([
      ["not JSON", Buffer.from(value as string).toString("hex")],
    ]);
  });

  it("take a whole surrogate pair for the letter it is", async () => {
    streams.add("orders", 0, order("x", 1).replace('"x"', '"\\ud83d\\ude00"'));
    expect(await refreshed("select order_id from order_items")).toEqual([["\u{1f600}"]]);
  });

  it("say what is rejected by reason, what was skipped among it", async () => {
    streams.add("orders", 0, "x");
    streams.add("orders", 0, "y");
    streams.add("orders", 1, Buffer.alloc(16_777_217, "x"));
    await admin.run("refresh materialized view orders");
    const rows = await rowsOf(admin, readFileSync("sql/orders/queries/rejects.sql", "utf8"));
    expect(rows.map(([reason, count]) => [reason, count])).toEqual([
      ["not JSON", 2],
      ["record is longer than 16777216 bytes and was skipped", 1],
    ]);
  });

  it("give what the article's recursive form gives, where no order comes twice", async () => {
    streams.add("orders", 0, order("a", 1, 2, 3, 4));
    streams.add("orders", 1, order("b", 5));
    const baseline = readFileSync("sql/orders/baseline/order_items.sql", "utf8").replace(/;\s*$/, "");
    expect(await refreshed(`select * from (${baseline.replace(/^--.*$/gm, "")}) b order by 1, 4`)).toEqual(
      await rowsOf(admin, "select * from order_items order by 1, 4"),
    );
  });

  it("stand on the older form of the schema too", async () => {
    const file = "from-msk/001_create_external_schema.sql";
    const text = readFileSync(join("sql", "orders", file), "utf8").replace("kafka_orders", "older");
    await admin.run(withValues(file, text, { cluster_arn: "arn:aws:kafka:us-east-1:123456789012:cluster/c/u" }));
    expect(await rowsOf(admin, "select count(*) from svv_all_schemas where schema_name = 'older'")).toEqual([[1]]);
  });
});
