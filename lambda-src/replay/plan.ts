import { atOnce } from "../load/at-once";
import { AT_ONCE } from "../load/batch";
import type { Listed } from "../load/s3-versions";
import type { LoadTable } from "../load/table";
import { type Archive, isCold, type Newest } from "./archive";
import type { ReplayPlan, ReplayRequest } from "./event";
import { dollarsOf } from "./price";
import { ReplayRefused } from "./refused";
import { hourOfListed, isWithin, prefixesOf, readSpan, type Span } from "./span";

export interface Found extends Newest {
  readonly hour: string;
}

/** Newest, non-empty objects of a table and a span. */
export async function filesOf(archive: Archive, table: LoadTable, span: Span): Promise<readonly Found[]> {
  const lists = await atOnce(AT_ONCE, prefixesOf(table, span), (prefix) => archive.list(prefix));
  return lists
    .flat()
    .filter(({ bytes }) => bytes > 0)
    .map((file) => ({ ...file, hour: hourOfListed(file.key, file.modified) }))
    .filter(({ hour }) => isWithin(hour, span));
}

/**
 * The table, if its rows can be replaced.
 *
 * @throws ReplayRefused
 */
export function tableOf(name: string, tables: readonly LoadTable[]): LoadTable {
  const table = tables.find((candidate) => candidate.name === name);
  if (!table) {
    const names = tables.map((candidate) => candidate.name).join(", ");
    throw new ReplayRefused(`table ${JSON.stringify(name)} is not on the list, which has ${names}`);
  }
  if (!table.hourColumn && !table.dedupKey) {
    throw new ReplayRefused(
      `table ${name} has neither hourColumn nor dedupKey, so it cannot be told which rows an hour's files gave; give it one of them`,
    );
  }
  return table;
}

/** What a replay would do. Writes nothing. */
export async function plan(
  archive: Archive,
  tables: readonly LoadTable[],
  request: ReplayRequest,
): Promise<ReplayPlan> {
  const table = tableOf(request.table, tables);
  const files = await filesOf(archive, table, readSpan(request));
  const hours = [...new Set(files.map(({ hour }) => hour))].sort();
  return {
    table: table.name,
    allowMissing: request.allowMissing === true,
    dryRun: request.dryRun === true,
    hours,
    files: files.length,
    bytes: sum(files),
    restore: coldOf(files),
    dollars: dollarsOf(files, hours.length),
  };
}

/** Asks for every archived object of the plan; or, without `days`, only looks how many there still are. */
export async function thaw(
  archive: Archive,
  tables: readonly LoadTable[],
  made: ReplayPlan,
  days?: number,
): Promise<ReplayPlan> {
  const [first, last] = [made.hours[0], made.hours.at(-1)];
  if (first === undefined || last === undefined) return { ...made, restore: { files: 0, bytes: 0 } };
  const span = { from: Date.parse(`${first}:00:00Z`), to: Date.parse(`${last}:00:00Z`) + 3_600_000 };
  const wanted = new Set(made.hours);
  const files = (await filesOf(archive, tableOf(made.table, tables), span)).filter(({ hour }) => wanted.has(hour));
  if (days !== undefined) {
    await atOnce(AT_ONCE, files.filter(isCold), ({ key, version }) => archive.restore(key, version, days));
  }
  return { ...made, restore: coldOf(files) };
}

const coldOf = (files: readonly Listed[]) => {
  const cold = files.filter(isCold);
  return { files: cold.length, bytes: sum(cold) };
};

const sum = (files: readonly Listed[]) => files.reduce((bytes, file) => bytes + file.bytes, 0);
