import { gzipSync } from "node:zlib";
import { Random } from "../../emit/random";
import { parquetOf } from "./parquet";

/** A row as the warehouse shows it: values in the order of the file's columns, times as text. */
export type Row = readonly (string | number)[];

/** One object version to put. */
export interface MadeFile {
  readonly key: string;
  readonly body: Buffer;
  /** First part of the key. */
  readonly table: string;
  /** Rows that it holds; none of a bad one. */
  readonly rows: readonly Row[];
  /** Whether it must be set aside. @default false */
  readonly bad?: boolean;
  /** Put over the file of the same key before. @default false */
  readonly over?: boolean;
}

const DAY = "2026/11/20";
const KPIS = ["orders", "revenue", "visitors", "returns"] as const;
const REGIONS = ["eu", "us", "apac"] as const;
const PAGES = ["/", "/cart", "/checkout", "/search?q=shoes", "/über-uns"] as const;

/** Rows in a file, so that a run of any size has some dozens of files. */
const FILES = 40;
/** Views that stand in two files. */
const REPEATED = 10;

/**
 * Files of every format for the tables of `sql/kpis`, about `records` rows in all: good ones, four bad ones, one that is overwritten, and one that
 * repeats views of another. The same seed makes the same files.
 */
export async function* filesOf(records: number, seed: number): AsyncGenerator<MadeFile> {
  const random = new Random(seed);
  const perFile = Math.max(1, Math.ceil(records / FILES));
  const spread = (share: number, make: (rows: number, file: number) => Promise<MadeFile> | MadeFile) =>
    shares(Math.max(1, Math.round(records * share)), perFile).map((rows, file) => () => make(rows, file));
  let views = 0;
  const kpis = (rows: number): Row[] =>
    Array.from({ length: rows }, () => [
      pick(random, KPIS),
      `2026-11-${String(1 + Math.floor(random.next() * 20)).padStart(2, "0")}`,
      pick(random, REGIONS),
      Math.floor(random.next() * 100_000) / 100,
    ]);
  const viewRows = (rows: number): Row[] =>
    Array.from({ length: rows }, () => [
      `view-${seed}-${views++}`,
      pick(random, PAGES),
      moment(random),
      Math.floor(random.next() * 60_000),
    ]);

  for (const make of spread(0.5, (rows, file) => csv(keyOf("kpis", file, "csv"), kpis(rows)))) yield make();
  let first: MadeFile | undefined;
  for (const make of spread(0.25, (rows, file) => lines(keyOf("page_views", file, "json.gz"), viewRows(rows)))) {
    const file = await make();
    first ??= file;
    yield file;
  }
  for (const make of spread(0.25, (rows, file) => sensors(keyOf("sensors", file, "parquet"), rows, random))) {
    yield make();
  }

  // As the article puts it: right behind the table's name.
  yield csv("kpis/new_file.csv", kpis(3));
  yield lines(`page_views/${DAY}/23/again.json.gz`, first!.rows.slice(0, REPEATED));
  yield csv(`kpis/${DAY}/12/corrected.csv`, kpis(4));
  yield { ...csv(`kpis/${DAY}/12/corrected.csv`, kpis(5)), over: true };

  const bad = (key: string, body: Buffer): MadeFile => ({ key, body, table: key.split("/")[0]!, rows: [], bad: true });
  yield bad(
    `kpis/${DAY}/13/text for a number.csv`,
    Buffer.from("orders,2026-11-20,eu,1.5\norders,2026-11-20,eu,many\n"),
  );
  const whole = gzipSync(
    Buffer.from('{"view_id":"cut","page":"/","viewed_at":"2026-11-20 08:00:00","duration_ms":1}\n'.repeat(50)),
  );
  yield bad(`page_views/${DAY}/13/cut.json.gz`, whole.subarray(0, whole.length - 20));
  yield bad("nowhere/file.csv", Buffer.from("1,2,3\n"));
  yield bad("no-slash.csv", Buffer.from("1,2,3\n"));
}

/** Columns by which the rows of a table are compared, in the order of `Row`. */
export const COMPARED: Readonly<Record<string, readonly string[]>> = {
  kpis: ["kpi", "measured_on", "region", "value"],
  page_views: ["view_id", "page", "viewed_at", "duration_ms"],
  sensors: ["sensor_id", "read_at", "celsius"],
};

/** Place of what names a row of a table, where something does: the same in two files is one row. */
export const NAMED_BY: Readonly<Record<string, number>> = { page_views: 0 };

function shares(rows: number, perFile: number): number[] {
  const whole = Array.from({ length: Math.floor(rows / perFile) }, () => perFile);
  return rows % perFile === 0 ? whole : [...whole, rows % perFile];
}

const keyOf = (table: string, file: number, ending: string) =>
  `${table}/${DAY}/${String(8 + (file % 4)).padStart(2, "0")}/part-${String(file).padStart(5, "0")}.${ending}`;

const csv = (key: string, rows: readonly Row[]): MadeFile => ({
  key,
  body: Buffer.from(rows.map((row) => `${row.join(",")}\n`).join("")),
  table: "kpis",
  rows,
});

const lines = (key: string, rows: readonly Row[]): MadeFile => {
  const documents = rows.map(([view_id, page, viewed_at, duration_ms]) =>
    JSON.stringify({ view_id, page, viewed_at, duration_ms }),
  );
  return { key, body: gzipSync(Buffer.from(`${documents.join("\n")}\n`)), table: "page_views", rows };
};

async function sensors(key: string, count: number, random: Random): Promise<MadeFile> {
  const rows = Array.from(
    { length: count },
    (): Row => [Math.floor(random.next() * 500), moment(random), Math.floor(random.next() * 4000) / 100],
  );
  const columns = [
    ["sensor_id", "INTEGER"],
    ["read_at", "TIMESTAMP"],
    ["celsius", "DOUBLE"],
  ] as const;
  return { key, body: await parquetOf(columns, rows), table: "sensors", rows };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random.next() * from.length)]!;
const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
const moment = (random: Random) =>
  `2026-11-20 ${two(random.next() * 24)}:${two(random.next() * 60)}:${two(random.next() * 60)}`;
