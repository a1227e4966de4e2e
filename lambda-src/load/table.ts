import type { CopyOptions } from "../copy/options";
import { problemsOf } from "../copy/problems";

/** One entry of the allow-list: a table that files may be loaded into, and how its files are written. */
export interface LoadTable {
  /** The table's name, which is the first part of its objects' keys: `kpis/2026/11/21/08/a.csv` goes to `kpis`. */
  readonly name: string;

  /** @default "public" */
  readonly schema?: string;

  /** Columns that a file fills, in the file's order where its format has one. */
  readonly columns: readonly string[];

  /** How its files are read. */
  readonly copy: CopyOptions;

  /**
   * Columns that name a row. A load replaces rows of the same key; within one load one row a key is kept, the greatest by
   * `dedupOrder`. A row with NULL in its key is nobody's duplicate. With `hourColumn` a row of an earlier hour never
   * replaces one of a later hour; without it the later load wins.
   *
   * @default - none: an object version is loaded once, its rows as they are
   */
  readonly dedupKey?: readonly string[];

  /**
   * With `dedupKey`: of rows with one key in one load, the greatest by these columns is kept. The order of files and lines is not one that Redshift knows.
   *
   * @default - the other columns, in their order; name it when one of them is SUPER, which has no order
   */
  readonly dedupOrder?: readonly string[];

  /**
   * TIMESTAMP column, not among `columns`, that gets the hour (UTC) of the object a row came from. Replay replaces the rows of an hour by it.
   *
   * @default - none: the table can be replayed by its `dedupKey` only
   */
  readonly hourColumn?: string;

  /**
   * Whether every key holds its hour, `YYYY/MM/DD/HH` or `year=YYYY/month=MM/day=DD/hour=HH` (UTC), right behind the table's name. An object
   * whose key does not is set aside. Saves a HEAD an object, and replay lists the hours' prefixes instead of the whole table.
   *
   * @default false: the hour of an object without one in its key is that of its LastModified
   */
  readonly datedKeys?: boolean;
}

export const DEFAULT_SCHEMA = "public";

/**
 * Whether its files are Parquet or ORC: a COPY of those takes few parameters, and neither COMPUPDATE nor REGION.
 * https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
 */
export const isColumnar = ({ copy }: Pick<LoadTable, "copy">): boolean =>
  copy.format === "parquet" || copy.format === "orc";

/** What is wrong with an allow-list, a line each; empty when all is well. For the synth check and the function's start. */
export function tableProblems(tables: readonly LoadTable[]): string[] {
  const problems: string[] = [];
  for (const [index, table] of tables.entries()) {
    const where = `table ${table.name || index}`;
    const { name, columns, copy, dedupKey, dedupOrder, hourColumn } = table;
    const say = (problem: string) => problems.push(`${where}: ${problem}`);
    if (!NAME.test(name)) say(`name must be ${NAME_RULE}, got ${JSON.stringify(name)}`);
    if (table.schema !== undefined && !NAME.test(table.schema))
      say(`schema must be ${NAME_RULE}, got ${JSON.stringify(table.schema)}`);
    if (tables.findIndex((other) => other.name === name) !== index)
      say("is listed twice; a key's first part names one");
    for (const column of [...columns, ...(dedupKey ?? []), ...(hourColumn === undefined ? [] : [hourColumn])]) {
      if (!NAME.test(column)) say(`a column's name must be ${NAME_RULE}, got ${JSON.stringify(column)}`);
    }
    if (dedupKey?.length === 0) say("dedupKey must name at least one column, or be left out");
    for (const column of dedupKey ?? []) {
      if (!columns.includes(column)) say(`dedupKey ${column} is not among its columns ${columns.join(", ")}`);
    }
    if (dedupOrder !== undefined && dedupKey === undefined)
      say("dedupOrder is of use with dedupKey only; leave it out");
    for (const column of dedupOrder ?? []) {
      if (!columns.includes(column)) say(`dedupOrder ${column} is not among its columns ${columns.join(", ")}`);
    }
    if (hourColumn !== undefined && columns.includes(hourColumn))
      say(`hourColumn ${hourColumn} is among its columns: files must not fill it`);
    for (const problem of problemsOf(copy, columns)) say(problem);
  }
  return problems;
}

/** Lower case, as Redshift keeps names that are not case-sensitive. */
const NAME = /^[a-z_][a-z0-9_]{0,126}$/;
const NAME_RULE = "1 to 127 lower-case letters, digits and underscores, not a digit first";

/**
 * The allow-list from its JSON.
 *
 * @throws Error that says what is wrong, for whoever deploys it
 */
export function readTables(text: string): readonly LoadTable[] {
  let tables: unknown;
  try {
    tables = JSON.parse(text);
  } catch {
    throw new Error("TABLES must be JSON: a list of tables as in lambda-src/load/table.ts");
  }
  if (!Array.isArray(tables) || tables.length === 0) throw new Error("TABLES must be a list of at least one table");
  const problems = tableProblems(tables as LoadTable[]);
  if (problems.length > 0) throw new Error(`TABLES: ${problems.join("; ")}`);
  return tables as LoadTable[];
}
