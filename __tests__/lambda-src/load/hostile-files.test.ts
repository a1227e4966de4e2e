import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { dataApiWarehouse } from "../../../lambda-src/load/data-api-warehouse";
import { loadObjects } from "../../../lambda-src/load/load";
import { manifestOf } from "../../../lambda-src/load/manifest";
import type { Ports } from "../../../lambda-src/load/ports";
import type { LoadTable } from "../../../lambda-src/load/table";
import { Tally } from "../../../lambda-src/load/tally";
import { Fixture, parquet, rowsOf } from "../../local/warehouse/support";
import { LocalDataApi } from "./local-data-api";
import { BUCKET, World } from "./world";

/** Files that somebody put there without asking, each in one delivery with good ones: the load's own code and statements on the local warehouse. */
const ROLE = "arn:aws:iam::000000000000:role/copy";
const HOUR = "2026/11/21/08";
const TABLES: readonly LoadTable[] = [
  { name: "kpis", columns: ["day", "value"], copy: { format: "csv" }, hourColumn: "source_hour" },
  {
    name: "views",
    columns: ["id", "page"],
    copy: { format: "json", compression: "gzip" },
    hourColumn: "source_hour",
  },
  { name: "sensors", columns: ["id", "celsius"], copy: { format: "parquet" }, hourColumn: "source_hour" },
];

let it_: Fixture;
let api: LocalDataApi;
let world: World;

beforeEach(async () => {
  it_ = await new Fixture().open();
  it_.warehouse.roles.add(ROLE);
  await it_.admin.run(
    `create table kpis (day varchar(10), value int, source_hour timestamp);
     create table views (id varchar(10), page varchar(20), source_hour timestamp);
     create table sensors (id int, celsius double precision, source_hour timestamp);
     create schema redstream;
     create table redstream.loads (load_id varchar(36) not null, table_name varchar(255) not null, state varchar(16) not null, source_hour timestamp,
       files bigint not null, bytes bigint not null, rows bigint not null, loaded_at timestamp not null)`,
  );
  api = new LocalDataApi(it_.warehouse, "admin");
  world = new World();
  world.config = { ...world.config, tables: TABLES, maxBytes: 1_000_000_000 };
});
afterEach(async () => {
  await api.close();
  await it_.close();
});

/** Puts a file, and its event into the queue. */
function put(key: string, content: string | Buffer): void {
  it_.objects[key] = content;
  world.send({ ...world.put(key, []), bytes: Buffer.byteLength(content) });
}

async function deliver() {
  const running = { client: api.client, deadline: { remaining: () => 60_000 }, sleep: async () => {} };
  const connection = { WorkgroupName: "w", Database: "dev" };
  const warehouse = dataApiWarehouse(running, {
    connection,
    copyRole: ROLE,
    bucketRegion: undefined,
    now: () => new Date(),
  });
  const memory = world.ports(
    async () => {},
    () => 60_000,
  );
  const ports: Ports = {
    ...memory,
    warehouse,
    objects: {
      ...memory.objects,
      writeManifest: async (id, files) => {
        it_.objects[`.redstream/manifests/${id}`] = JSON.stringify(manifestOf(files));
        return `s3://${BUCKET}/.redstream/manifests/${id}`;
      },
    },
  };
  const tally = new Tally();
  const loader = { owner: "w", config: world.config, newId: randomUUID, tally };
  const again = await loadObjects(ports, loader, world.queue);
  world.queue = world.queue.filter(({ id }) => again.includes(id));
  return { again, tally };
}

/** One delivery of all `files` of a table; answers what became of each. */
async function fatesOf(table: string, files: Record<string, string | Buffer>) {
  for (const [name, content] of Object.entries(files)) put(at(table, name), content);
  const { again } = await deliver();
  expect(again).toEqual([]);
  return Object.fromEntries(Object.keys(files).map((name) => [name, fateOf(at(table, name))]));
}

/** What became of a file: `loaded`, or why it was set aside. */
function fateOf(key: string): string {
  const entry = world.entry(key);
  const { line, column, text } = entry?.reason ?? {};
  if (entry?.state !== "rejected") return entry?.state ?? "unknown to the ledger";
  return [line && `line ${line}`, column && `column ${column}`, text].filter(Boolean).join(", ");
}

const at = (table: string, name: string) => `${table}/${HOUR}/${name}`;

const zipped = (text: string) => gzipSync(text);
const rowsIn = (sql: string) => rowsOf(it_.admin, sql);

it("CSV: what can be read is loaded once, the rest is set aside with line, column and reason", async () => {
  const fates = await fatesOf("kpis", {
    "good.csv": "good,1\n",
    "same.csv": "good,1\n",
    "bom.csv": "\uFEFFbom,2\n",
    "crlf.csv": "crlf,3\r\ncrlf2,4\r\n",
    "mixed.csv": "mixed,5\r\nmixed2,6\nmixed3,7",
    "quoted.csv": '"quo\nted",8\n',
    "header.csv": "day,value\nx,1\n",
    "wide.csv": "a,1,2\n",
    "narrow.csv": "a\n",
    "array.csv": '[{"day":"a","value":1}]\n',
    "gzip.csv": gzipSync("gz,9\n"),
    "bzip2.csv": Buffer.from("QlpoOTFBWSZTWQ==", "base64"),
    "zstd.csv": Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x05, 0x29, 0, 0, 0x61]),
    "latin1.csv": Buffer.from("a\xe9,1\n", "latin1"),
    "utf16.csv": Buffer.from("\uFEFFa,1\n", "utf16le"),
    "long-line.csv": `a,1\n${"x".repeat(10 * 1024 * 1024)},1\n`,
    "long-value.csv": "12345678901,1\n",
    "unclosed.csv": 'a,1\n"b,1\n',
    "line-ends.csv": "\n\n\n",
    "overflow.csv": "a,1\nb,99999999999\n",
  });
  expect(fates).toEqual({
    "good.csv": "loaded",
    "same.csv": "loaded",
    "bom.csv": "loaded",
    "crlf.csv": "loaded",
    "mixed.csv": "loaded",
    "quoted.csv": "loaded",
    "header.csv": "line 1, column value, Invalid digit, Value 'v', Pos 0, Type: Integer",
    "wide.csv": "line 1, Extra column(s) found",
    "narrow.csv": "line 1, column day, Delimiter not found",
    "array.csv": "line 1, Invalid quote formatting for CSV",
    "gzip.csv": "line 1, column day, Delimiter not found",
    "bzip2.csv": "line 1, column day, Delimiter not found",
    "zstd.csv": "line 1, column day, Delimiter not found",
    "latin1.csv": "line 1, column day, String contains invalid or unsupported UTF8 codepoints",
    "utf16.csv": "line 1, column day, String contains invalid or unsupported UTF8 codepoints",
    "long-line.csv": "line 2, Input line is too long: 10485762 bytes, at most 4194304",
    "long-value.csv": "line 1, column day, String length exceeds DDL length",
    "unclosed.csv": "line 2, Missing closing quote for CSV",
    "line-ends.csv": "line 1, column day, Delimiter not found",
    "overflow.csv": "line 2, column value, Overflow, Type: Integer",
  });
  expect(await rowsIn("select day, value from kpis order by value, day")).toEqual([
    ["good", 1],
    ["good", 1],
    ["bom", 2],
    ["crlf", 3],
    ["crlf2", 4],
    ["mixed", 5],
    ["mixed2", 6],
    ["mixed3", 7],
    ["quo\nted", 8],
  ]);
});

it("JSON in GZIP: several members and documents over several lines are read; what is no GZIP or no document is set aside", async () => {
  const named = (name: string) => `ERROR: s3://files/${at("views", name)} cannot be read as GZIP: `;
  const fates = await fatesOf("views", {
    "good.gz": zipped('{"id":"a","page":"p"}\n'),
    "members.gz": Buffer.concat([zipped('{"id":"m1"}\n'), zipped('{"id":"m2"}\n')]),
    "pretty.gz": zipped('{\n "id": "pretty",\n "page": "p"\n}\n'),
    "bom.gz": zipped('\uFEFF{"id":"bom"}\n'),
    "nothing.gz": zipped(""),
    "array.gz": zipped('[{"id":"x","page":"p"}]'),
    "plain.gz": '{"id":"x","page":"p"}\n',
    "truncated.gz": zipped('{"id":"t","page":"p"}\n'.repeat(1000)).subarray(0, 60),
    "garbage-behind.gz": Buffer.concat([zipped('{"id":"g"}\n'), Buffer.from("garbage")]),
    "scalar.gz": zipped("5\n"),
    "open.gz": zipped('{"id":"x"'),
    "long.gz": zipped('{"id":"12345678901"}\n'),
    "long-line.gz": zipped(`{"id":"x","page":"${"y".repeat(9_000_000)}"}`),
  });
  expect(fates).toEqual({
    "good.gz": "loaded",
    "members.gz": "loaded",
    "pretty.gz": "loaded",
    "bom.gz": "loaded",
    "nothing.gz": "loaded",
    "array.gz": "line 1, Invalid JSON: 'auto' takes objects, not arrays (use a JSONPaths file)",
    "plain.gz": `${named("plain.gz")}incorrect header check`,
    "truncated.gz": `${named("truncated.gz")}unexpected end of file`,
    "garbage-behind.gz": `${named("garbage-behind.gz")}incorrect header check`,
    "scalar.gz": 'line 1, Invalid JSON: a document begins with { or [, not with "5\\n"',
    "open.gz": "line 1, Invalid JSON: the document does not end",
    "long.gz": "line 1, column id, String length exceeds DDL length",
    "long-line.gz": "line 1, Input line is too long: 9000020 bytes, at most 4194304",
  });
  expect(await rowsIn("select id, page from views order by id")).toEqual([
    ["a", "p"],
    ["bom", null],
    ["m1", null],
    ["m2", null],
    ["pretty", "p"],
  ]);
});

it("Parquet: a wrong type, wrong columns, whatever they are called, and what is no Parquet are set aside by their names", async () => {
  const good = await parquet(it_.folder, "select 1 as id, 2.5::double as celsius");
  const url = (name: string) => `s3://files/${at("sensors", name)}`;
  const fates = await fatesOf("sensors", {
    good,
    "none of rows": await parquet(it_.folder, "select 1 as id, 2.5::double as celsius where false"),
    "wrong type": await parquet(it_.folder, "select 1 as id, 'x' as celsius"),
    "other names": await parquet(it_.folder, "select 'x' as connection_timeout, 'x' as access_denied"),
    wide: await parquet(it_.folder, "select 1 as id, 2.5::double as celsius, 3 as expired"),
    "a csv": "1,2.5\n",
    cut: good.subarray(0, 100),
    zipped: gzipSync(good),
  });
  expect(fates).toEqual({
    good: "loaded",
    "none of rows": "loaded",
    "wrong type": `ERROR: File '${url("wrong type")}' has an incompatible Parquet schema for column 'celsius'. Column type: FLOAT8, Parquet schema: celsius VARCHAR`,
    "other names": `ERROR: File '${url("other names")}' has an incompatible Parquet schema for column 'id'. Column type: INT4, Parquet schema: connection_timeout VARCHAR`,
    wide: `ERROR: Number of columns in parquet file does not match the table: ${url("wide")} has 3, the table or column list 2`,
    "a csv": expect.stringContaining(`${url("a csv")} cannot be read as PARQUET: `),
    cut: expect.stringContaining(`${url("cut")} cannot be read as PARQUET: `),
    zipped: expect.stringContaining(`${url("zipped")} cannot be read as PARQUET: `),
  });
  for (const fate of Object.values(fates)) expect(fate).not.toContain(it_.folder);
  expect(await rowsIn("select id, celsius from sensors")).toEqual([[1, 2.5]]);
});

it("keys of any characters are loaded, and none of them is taken for SQL, a path or another key", async () => {
  const names = [
    `${"long".repeat(250)}`.slice(0, 1024 - at("kpis", "").length),
    "new\nline.csv",
    "tab\t and \u0001 control.csv",
    "'; DROP TABLE kpis; --.csv",
    '"quotes".csv',
    "back\\slash.csv",
    "ünïcödé 日本 😀.csv",
    "e\u0301 and \u00e9.csv",
    "100%.csv",
    "%2e%2e%2F.csv",
    "a+b c.csv",
    "../../kpis/up.csv",
    "/double.csv",
    "slash/",
    "$(touch x) `x` ${x}.csv",
  ];
  const fates = await fatesOf("kpis", Object.fromEntries(names.map((name, n) => [name, `k,${n}\n`])));
  expect(Object.values(fates)).toEqual(names.map(() => "loaded"));
  expect(await rowsIn("select value from kpis order by value")).toEqual(names.map((_, n) => [n]));
});

it("many bad files among good ones, named or not, leave every good one loaded once", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 60 }, (_, n) => [
      `${n}.gz`,
      n % 3 === 1 ? "no gzip" : n % 3 === 2 ? zipped("{") : zipped(`{"id":"${n}"}`),
    ]),
  );
  const fates = await fatesOf("views", files);
  expect(Object.values(fates).filter((fate) => fate === "loaded")).toHaveLength(20);
  expect(await rowsIn("select count(*), count(distinct id) from views")).toEqual([[20, 20]]);
});

it("a bad file of many lines hides others from a look at all faults, and all are set aside none the less", async () => {
  for (const name of ["a", "b", "c", "d"]) put(at("kpis", `${name}.csv`), "bad\n".repeat(1100));
  put(at("kpis", "good.csv"), "good,1\n");
  const { again, tally } = await deliver();
  expect(again).toEqual([]);
  expect(tally.counts).toMatchObject({ rejected: 4, loaded: 1, rows: 1 });
});

it("a hundred bad files of one kind are found by four COPYs, and the good ones are loaded", async () => {
  for (let n = 0; n < 150; n++) put(at("kpis", `${n}.csv`), n % 3 === 0 ? `good,${n}\n` : "bad\n");
  const { again, tally } = await deliver();
  expect(again).toEqual([]);
  expect(tally.counts).toEqual({ copies: 3, rejected: 100, loaded: 50, rows: 50, again: 0 });
  expect(fateOf(at("kpis", "1.csv"))).toBe("line 1, column day, Delimiter not found");
  const copies = api.calls
    .flatMap(({ input }) => (input.Sqls as string[] | undefined) ?? [])
    .filter((sql) => sql.startsWith("COPY"));
  expect(copies.map((sql) => sql.split(" CSV ")[1])).toEqual([
    "COMPUPDATE OFF STATUPDATE OFF",
    "COMPUPDATE OFF STATUPDATE OFF",
    "MAXERROR 1000 COMPUPDATE OFF STATUPDATE OFF NOLOAD",
    "COMPUPDATE OFF STATUPDATE OFF",
  ]);
  expect(await rowsIn("select count(*), count(distinct value) from kpis")).toEqual([[50, 50]]);
});
