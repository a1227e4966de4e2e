import { createHash } from "node:crypto";
import { rowText, type SentFile } from "./files";
import { ledgerOf } from "./ledger";
import type { ObjectQueue } from "./queue";
import type { LoadedTable, World } from "./world";

/** What a run left behind, against what it sent. */
export interface Verdict {
  /** Rows that had to be in the table. */
  readonly rows: number;
  readonly lost: number;
  /** Rows that are there more than once, or ought not to be there at all. */
  readonly doubled: number;
  /** What is still under way, or has ended otherwise than it must, a line each. */
  readonly stuck: readonly string[];
  /** Of the rows as they are, sorted: the same rows have the same. */
  readonly checksum: string;
}

/** Compares table, ledger and queues with what was sent. */
export async function check(
  world: World,
  { table, name }: { readonly table: LoadedTable; readonly name: string },
  files: readonly SentFile[],
  deadLetters: ObjectQueue,
): Promise<Verdict> {
  const stuck: string[] = [];
  const expected = new Map<string, number>();
  const loads = new Set<string>();
  const { loader_bucket: bucket, loader_ledger: ledger } = world.outputs;
  const keys = [...new Set(files.map(({ key }) => key))];
  for (const key of keys) {
    const items = new Map(
      (await ledgerOf(world.dynamodb, ledger, `${bucket}/${key}`)).map((item) => [item.version, item]),
    );
    const versions = files.filter((file) => file.key === key);
    for (const [i, { version, rows, bad }] of versions.entries()) {
      const item = items.get(version);
      const newest = i === versions.length - 1;
      // A version that was overwritten may have been loaded before, or passed over; the newest must be loaded.
      const fine = bad ? ["rejected"] : newest ? ["loaded"] : ["loaded", "superseded"];
      // Nobody need have been told of a version that was overwritten.
      if (!item && newest) stuck.push(`${key}: the ledger does not know it`);
      if (item && !fine.includes(item.state))
        stuck.push(`${key}: ${item.state}${item.reason ? ` (${item.reason})` : ""}, not ${fine.join(" or ")}`);
      if (item?.loadId && item.state === "loaded") loads.add(item.loadId);
      if (newest || item?.state === "loaded") for (const row of rows) expected.set(row, (expected.get(row) ?? 0) + 1);
    }
  }
  const dead = await deadLetters.size();
  if (dead > 0) stuck.push(`${dead} messages in the dead-letter queue`);
  const recorded = await recordedLoads(world, [...loads]);
  for (const load of loads) if (!recorded.has(load)) stuck.push(`load ${load} is not recorded in the warehouse`);
  return { ...compare(await rowsOf(world, table, name), expected), stuck };
}

function compare(found: readonly string[], expected: ReadonlyMap<string, number>): Omit<Verdict, "stuck"> {
  const left = new Map(expected);
  let doubled = 0;
  for (const row of found) {
    const wanted = left.get(row) ?? 0;
    if (wanted === 0) doubled++;
    else left.set(row, wanted - 1);
  }
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const digest = createHash("sha256");
  for (const row of [...found].sort()) digest.update(`${row}\n`);
  return { rows: total(expected), lost: total(left), doubled, checksum: digest.digest("hex").slice(0, 16) };
}

async function rowsOf(world: World, { schema, name, columns, identity }: LoadedTable, run: string): Promise<string[]> {
  const list = columns.map((column) => `"${column}"`).join(", ");
  const { rows } = await world.sql(
    `SELECT ${list} FROM "${schema}"."${name}" WHERE "${columns[identity]}" LIKE '${run}f%'`,
  );
  return rows.map(rowText);
}

/** Those of the loads that the warehouse has a record of. */
async function recordedLoads(world: World, loads: readonly string[]): Promise<ReadonlySet<string>> {
  if (loads.length === 0) return new Set();
  const ids = loads.map((load) => `'${load}'`).join(", ");
  const { rows } = await world.sql(
    `SELECT load_id FROM redstream.loads WHERE state IN ('loaded', 'replayed') AND load_id IN (${ids})`,
  );
  return new Set(rows.map(([id]) => String(id)));
}
