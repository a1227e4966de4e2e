import { createHash } from "node:crypto";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import type { LocalAws } from "../../../local/gateway/types";
import type { LoaderOutputs } from "../../loads";
import { query, tableOf, type Warehouse, type WarehouseOutputs, warehouseOf } from "../../query";
import type { Check, Hop, Summary } from "../summary";
import { type Known, messagesIn, statesOf } from "./ledger";
import { COMPARED, NAMED_BY, type Row } from "./made";
import type { Put, PutFile } from "./put";

export type FilesOutputs = LoaderOutputs & WarehouseOutputs;

/** Rows up to which a table is read back and compared row by row. */
const COMPARED_ROWS = 100_000;
/** Rows shown of a table. */
const FIRST = 3;

/** Counts files and rows at every hop, from the places themselves, and checks that they add up. */
export async function sumUpFiles(aws: LocalAws, outputs: FilesOutputs, { files, told }: Put): Promise<Summary> {
  const { loader_ledger: ledger, loader_bucket: bucket } = outputs;
  const known = await statesOf(aws.internal, { ledger, bucket }, files);
  const states = new Map(known.map((one) => [nameOf(one), one]));
  const inState = (state: Known["state"]) => files.filter((file) => states.get(nameOf(file))?.state === state);
  const [loaded, rejected, superseded] = [inState("loaded"), inState("rejected"), inState("superseded")];
  const waiting = await messagesIn(aws.internal, outputs.loader_queue_url);
  const dead = await messagesIn(aws.internal, outputs.loader_dead_letter_url);
  const client = new RedshiftDataClient(aws.internal);
  const on = warehouseOf(outputs)!;
  const loads = await recorded(client, on);
  const tables = await Promise.all(
    Object.keys(COMPARED).map((table) => compare(client, on, table, expectedOf(table, loaded))),
  );

  const hops: Hop[] = [
    { name: "bucket", counts: { files: files.length, bytes: sum(files, ({ bytes }) => bytes), told_twice: told } },
    { name: "queue", counts: { waiting, dead_letters: dead } },
    {
      name: "ledger",
      counts: { loaded: loaded.length, rejected: rejected.length, superseded: superseded.length },
    },
    { name: "loads", counts: loads },
    ...tables.map(({ table, rows }) => ({ name: `table ${table}`, counts: { rows } })),
  ];
  return {
    hops,
    checks: [
      ...endChecks({ files, loaded, rejected, superseded, waiting, dead }),
      {
        says: `the warehouse recorded every loaded file once (${loads.files})`,
        holds: loads.files === loaded.length,
      },
      ...tables.map(({ says, holds }) => ({ says, holds })),
    ],
    rejected: reasonsOf(rejected, states),
    firstRows: tables.map(({ table, first }) => `${table}\n${first}`).join("\n\n"),
    places: [`files: s3://${bucket}/`, "what was set aside: npx redstream rejects (with --keep)"],
  };
}

interface Ends {
  readonly files: readonly PutFile[];
  readonly loaded: readonly PutFile[];
  readonly rejected: readonly PutFile[];
  readonly superseded: readonly PutFile[];
  readonly waiting: number;
  readonly dead: number;
}

function endChecks({ files, loaded, rejected, superseded, waiting, dead }: Ends): Check[] {
  const bad = files.filter((file) => file.bad);
  const overwritten = new Set(files.filter(({ over }) => over).map(({ key }) => key));
  const ended = loaded.length + rejected.length + superseded.length;
  return [
    { says: `every file put came to an end (${ended} of ${files.length})`, holds: ended === files.length },
    {
      says: `the bad files were set aside, and no others (${rejected.length} of ${bad.length})`,
      holds: rejected.length === bad.length && rejected.every((file) => file.bad),
    },
    {
      says: `nothing was passed over but what was overwritten first (${superseded.length})`,
      holds: superseded.every(({ key, over }) => !over && overwritten.has(key)),
    },
    { says: `no message waits or was given up (${waiting}, ${dead})`, holds: waiting === 0 && dead === 0 },
  ];
}

/** Rows that the loaded files hold, where something names a row each once. */
function expectedOf(table: string, loaded: readonly PutFile[]): readonly Row[] {
  const rows = loaded.filter((file) => file.table === table).flatMap((file) => file.rows);
  const named = NAMED_BY[table];
  return named === undefined ? rows : [...new Map(rows.map((row) => [row[named], row])).values()];
}

async function recorded(client: RedshiftDataClient, on: Warehouse) {
  const { rows } = await query(
    client,
    on,
    "SELECT COUNT(*), COALESCE(SUM(files), 0), COALESCE(SUM(rows), 0) FROM redstream.loads WHERE state = 'loaded'",
  );
  const [loads, files, inserted] = (rows[0] ?? []).map(Number);
  return { loads: loads ?? 0, files: files ?? 0, rows: inserted ?? 0 };
}

async function compare(client: RedshiftDataClient, on: Warehouse, table: string, expected: readonly Row[]) {
  const columns = COMPARED[table]!;
  const counted = await query(client, on, `SELECT COUNT(*) FROM public.${table}`);
  const rows = Number(counted.rows[0]?.[0]);
  const first = tableOf(await query(client, on, `SELECT * FROM public.${table} LIMIT ${FIRST}`));
  if (rows > COMPARED_ROWS) {
    const says = `every row of its files is in ${table} once (${rows}, too many to compare one by one)`;
    return { table, rows, first, says, holds: rows === expected.length };
  }
  // Times come as text, with whatever fraction they have.
  const all = await query(client, on, `SELECT ${columns.map(shown).join(", ")} FROM public.${table}`);
  const same = checksumOf(all.rows) === checksumOf(expected);
  return {
    table,
    rows,
    first,
    says: `every row of its files is in ${table} once, by checksum (${rows} of ${expected.length})`,
    holds: rows === expected.length && same,
  };
}

const shown = (column: string) => (/_at$|_on$/.test(column) ? `CAST(${column} AS VARCHAR)` : column);

/** The same for the same rows, in whatever order. */
function checksumOf(rows: readonly (readonly unknown[])[]): bigint {
  return rows.reduce<bigint>((sum, row) => {
    const digest = createHash("sha1").update(JSON.stringify(row)).digest();
    return BigInt.asUintN(64, sum + digest.readBigUInt64LE());
  }, 0n);
}

function reasonsOf(rejected: readonly PutFile[], states: ReadonlyMap<string, Known>): ReadonlyMap<string, number> {
  const reasons = new Map<string, number>();
  for (const file of rejected) {
    const reason = `${JSON.stringify(file.key)}: ${states.get(nameOf(file))?.reason ?? "no reason given"}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}

const nameOf = ({ key, version }: { readonly key: string; readonly version: string }) => `${key} ${version}`;
const sum = <T>(of: readonly T[], value: (one: T) => number) => of.reduce((total, one) => total + value(one), 0);
