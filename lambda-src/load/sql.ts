import type { CopyOptions } from "../copy/options";
import { render } from "../copy/render";
import { identifier, literal } from "../data-api/quote";
import { hourTimestamp, LOADS, list, recordedName, tableName, timestamp } from "./names";
import type { HourLoads, Load, Outcome } from "./ports";
import { isColumnar, type LoadTable } from "./table";

/** The statements of a load. Keys of objects are in none of them: they are in the manifest, which is JSON. */

/** What the COPY fills, and what is taken from it when rows of one key are sorted out. Both end with their session. */
const STAGE = "redstream_stage";
const CHOSEN = "redstream_rows";
const RANK = "redstream_rank";

export interface Source {
  readonly manifestUrl: string;
  /** What stands in IAM_ROLE: ARNs joined by a comma, or `default`. */
  readonly copyRole: string;
  /** Region of the bucket, when it is not the warehouse's. */
  readonly region: string | undefined;
}

/** Which statement of `stagingOf` is the COPY. */
export const COPY_STATEMENT = 1;

/** Reads the files into a temporary table; with a deduplication key one row of each key goes on to a second one. */
export function stagingOf({ table }: Load, source: Source): readonly string[] {
  return [makeStage(table), copyOf(table, source, table.copy), ...chosenOf(table)];
}

/** Faults that are looked for at once: as many as `errorsOf` answers. */
const MOST_ERRORS = 1000;

/**
 * Loads nothing, and has the warehouse put the faults of the files down. Not for columnar files, whose COPY ends at the first.
 * https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-load.html#copy-maxerror
 */
export const checkingOf = ({ table }: Load, source: Source): readonly string[] => [
  makeStage(table),
  `${copyOf(table, source, { ...table.copy, maxError: MOST_ERRORS })} NOLOAD`,
];

const makeStage = (table: LoadTable) => `CREATE TEMPORARY TABLE ${STAGE} (LIKE ${tableName(table)} INCLUDING DEFAULTS)`;

function copyOf(table: LoadTable, { manifestUrl, copyRole, region }: Source, options: CopyOptions): string {
  const role = copyRole === "default" ? "default" : literal(copyRole);
  return [
    `COPY ${STAGE} (${list(table.columns)}) FROM ${literal(manifestUrl)} IAM_ROLE ${role}`,
    ...(region === undefined ? [] : [`REGION ${literal(region)}`]),
    "MANIFEST",
    render(options),
    // The table has its encodings from the target, and lives for seconds. A COPY of columnar files has no automatic compression, and refuses the word.
    ...(isColumnar(table) ? [] : ["COMPUPDATE OFF"]),
    "STATUPDATE OFF",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** One row a key. NULL equals nothing, so a row with NULL in its key is nobody's duplicate. */
function chosenOf({ columns, dedupKey, dedupOrder }: LoadTable): readonly string[] {
  if (!dedupKey) return [];
  const others = dedupOrder ?? columns.filter((column) => !dedupKey.includes(column));
  const order = (others.length > 0 ? others : dedupKey).map((column) => `${identifier(column)} DESC`).join(", ");
  const nulls = dedupKey.map((column) => ` OR ${identifier(column)} IS NULL`).join("");
  const ranked = `SELECT ${list(columns)}, ROW_NUMBER() OVER (PARTITION BY ${list(dedupKey)} ORDER BY ${order}) AS ${RANK} FROM ${STAGE}`;
  return [
    `CREATE TEMPORARY TABLE ${CHOSEN} AS SELECT ${list(columns)} FROM (${ranked}) ranked WHERE ${RANK} = 1${nulls}`,
  ];
}

/**
 * Moves the staged rows and records the load, as one transaction. It does nothing when anything is recorded about the load already:
 * it was committed before, or somebody made sure that it never is. Redshift takes the snapshot at the first query
 * behind LOCK, so the record it looks at is the one that is there when nobody else is at the table.
 */
export function commitOf({ id, table, hour, files, replaces }: Load, now: Date): readonly string[] {
  const source = table.dedupKey ? CHOSEN : STAGE;
  const target = tableName(table);
  const hourIs = hourTimestamp(hour);
  const unrecorded = `NOT EXISTS (SELECT 1 FROM ${LOADS} WHERE load_id = ${literal(id)})`;
  const guard = replaces ? `${unrecorded} AND (${countOf(table, hour)}) = ${replaces.loads}` : unrecorded;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const hourColumn = table.hourColumn === undefined ? undefined : identifier(table.hourColumn);

  const statements = [`LOCK TABLE ${target}`];
  if (replaces && hourColumn) statements.push(`DELETE FROM ${target} WHERE ${hourColumn} = ${hourIs} AND ${guard}`);
  let later = "";
  if (table.dedupKey) {
    const same = (other: string) =>
      table.dedupKey!.map((column) => `${other}.${identifier(column)} = ${source}.${identifier(column)}`).join(" AND ");
    // Behind USING a table goes by its bare name.
    const own = identifier(table.name);
    const earlier = hourColumn ? ` AND (${own}.${hourColumn} IS NULL OR ${own}.${hourColumn} <= ${hourIs})` : "";
    statements.push(`DELETE FROM ${target} USING ${source} WHERE ${same(own)}${earlier} AND ${guard}`);
    if (hourColumn)
      later = ` AND NOT EXISTS (SELECT 1 FROM ${target} later WHERE ${same("later")} AND later.${hourColumn} > ${hourIs})`;
  }
  const into = hourColumn ? `${list(table.columns)}, ${hourColumn}` : list(table.columns);
  const from = hourColumn ? `${list(table.columns)}, ${hourIs}` : list(table.columns);
  const record = [
    literal(id),
    literal(recordedName(table)),
    literal(replaces ? "replayed" : "loaded"),
    hourIs,
    files.length,
    bytes,
    "n",
    timestamp(now),
  ];
  statements.push(
    `INSERT INTO ${target} (${into}) SELECT ${from} FROM ${source} WHERE ${guard}${later}`,
    `INSERT INTO ${LOADS} (${RECORD}) SELECT ${record.join(", ")} FROM (SELECT COUNT(*) AS n FROM ${source}) counted WHERE ${guard}`,
  );
  return statements;
}

const RECORD = "load_id, table_name, state, source_hour, files, bytes, rows, loaded_at";

/** Makes sure that a load that is not recorded never will be: its commit finds this record. */
export function fenceOf(table: LoadTable, loadId: string, now: Date): readonly string[] {
  const id = literal(loadId);
  const record = [id, literal(recordedName(table)), "'abandoned'", "NULL", 0, 0, 0, timestamp(now)];
  return [
    `LOCK TABLE ${tableName(table)}`,
    `INSERT INTO ${LOADS} (${RECORD}) SELECT ${record.join(", ")} FROM (SELECT COUNT(*) AS n FROM ${LOADS} WHERE load_id = ${id}) known WHERE n = 0`,
  ];
}

export const outcomeOf = (loadId: string): string =>
  `SELECT state, rows FROM ${LOADS} WHERE load_id = ${literal(loadId)}`;

/** Reads the rows of `outcomeOf`. */
export function outcomeIn([row]: readonly (readonly (string | null)[])[]): Outcome | undefined {
  if (!row) return undefined;
  const [state, rows] = row;
  if (state === "abandoned") return { state };
  return { state: state === "replayed" ? "replayed" : "loaded", rows: Number(rows) };
}

const countOf = (table: LoadTable, hour: string): string =>
  `SELECT COUNT(*) FROM ${LOADS} WHERE table_name = ${literal(recordedName(table))} AND source_hour = ${hourTimestamp(hour)} AND state <> 'abandoned'`;

/** State and files of an hour's loads, in the order in which they were committed. */
export const hourLoadsOf = (table: LoadTable, hour: string): string =>
  `SELECT state, files FROM ${LOADS} WHERE table_name = ${literal(recordedName(table))} AND source_hour = ${hourTimestamp(hour)} AND state <> 'abandoned' ORDER BY loaded_at`;

/** Counts the rows of `hourLoadsOf`. */
export function hourLoadsIn(rows: readonly (readonly (string | null)[])[]): HourLoads {
  let files = 0;
  for (const [state, count] of rows) files = (state === "replayed" ? 0 : files) + Number(count);
  return { loads: rows.length, files };
}

/** Lines that failed in a session; a user sees their own. https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_ERROR_DETAIL.html */
export const errorsOf = (pid: number, since: Date): string =>
  `SELECT file_name, line_number, column_name, error_message FROM sys_load_error_detail WHERE session_id = ${pid} AND start_time >= ${timestamp(since)} ORDER BY file_name, line_number LIMIT ${MOST_ERRORS}`;
