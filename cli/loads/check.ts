import { DescribeTableCommand, type RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { CommandError } from "../problem";
import { query, type Warehouse } from "../query";

/** How a table is. Times are UTC. */
export interface Health {
  /** `schema.table`. */
  readonly table: string;
  readonly rows: number;
  /** Column that the newest event was looked up in; undefined where no column holds a time. */
  readonly timeColumn: string | undefined;
  readonly newestEvent: Date | undefined;
  /** When rows last came in, by what the warehouse recorded. */
  readonly newestLoad: Date | undefined;
  /** Faults in the last hour of COPYs into the table itself. The loader's go to a staging table: its faults are files set aside. */
  readonly loadErrors: number;
  /** Files that the loader set aside in the last hour; undefined where that is not known. */
  readonly rejects: number | undefined;
  readonly at: Date;
}

export interface CheckOptions {
  /** `table` or `schema.table`; the schema is `public` when left out. */
  readonly table: string;
  /** Column with the time of an event. @default the first of a timestamp type, `source_hour` (the hour of the file) last */
  readonly timeColumn?: string | undefined;
  /** Whether the loader loads it, which records its loads in the warehouse itself. */
  readonly recorded: boolean;
  /** Files set aside in the last hour, by whoever knows. */
  readonly rejects: number | undefined;
  readonly now: Date;
}

const HOUR_COLUMN = "source_hour";
const NAME = /^[a-z_][a-z0-9_]{0,126}$/;

/** Looks at a table through the Data API. Throws CommandError when it is not there. */
export async function check(client: RedshiftDataClient, on: Warehouse, options: CheckOptions): Promise<Health> {
  const { table, schema } = nameOf(options.table);
  const timeColumn = await timeColumnOf(client, on, { table, schema }, options.timeColumn);
  const newest = timeColumn === undefined ? "NULL" : `MAX("${timeColumn}")`;
  const [counted, loaded, failed] = [
    await query(client, on, `SELECT COUNT(*), CAST(${newest} AS VARCHAR) FROM "${schema}"."${table}"`),
    await query(client, on, options.recorded ? recordedLoad(`${schema}.${table}`) : lastCopy(table)),
    await query(client, on, errorsOf(table)),
  ];
  return {
    table: `${schema}.${table}`,
    rows: Number(counted.rows[0]?.[0] ?? 0),
    timeColumn,
    newestEvent: timeOf(counted.rows[0]?.[1]),
    newestLoad: timeOf(loaded.rows[0]?.[0]),
    loadErrors: Number(failed.rows[0]?.[0] ?? 0),
    rejects: options.rejects,
    at: options.now,
  };
}

/** What is wrong, a line each; empty for a monitor that is content. */
export function problemsOf(
  { rows, newestEvent, newestLoad, loadErrors, rejects, at }: Health,
  maxLagSeconds?: number,
): string[] {
  const problems: string[] = [];
  if (rows === 0) problems.push("it has no rows");
  if (loadErrors > 0) problems.push(`COPY told of ${counted(loadErrors, "fault")} in the last hour`);
  if (rejects !== undefined && rejects > 0) problems.push(`${counted(rejects, "file")} set aside in the last hour`);
  const last = newestEvent ?? newestLoad;
  if (maxLagSeconds !== undefined) {
    const lag = lagOf(last, at);
    if (lag === undefined) problems.push("nothing says when its newest event was");
    else if (lag > maxLagSeconds) problems.push(`its newest event is ${lag} s old, more than ${maxLagSeconds}`);
  }
  return problems;
}

export function linesOfHealth(health: Health): string[] {
  const { table, rows, timeColumn, newestEvent, newestLoad, loadErrors, rejects, at } = health;
  const when = (time: Date | undefined) =>
    time ? `${time.toISOString().slice(0, 19).replace("T", " ")} (${lagOf(time, at)} s ago)` : "none";
  return [
    `table         ${table}`,
    `rows          ${rows.toLocaleString("en-US")}`,
    `newest event  ${timeColumn === undefined ? "no column holds a time" : `${when(newestEvent)}, by ${timeColumn}`}`,
    `newest load   ${when(newestLoad)}`,
    `load errors   ${loadErrors} in the last hour`,
    rejects === undefined
      ? "set aside     not known here: ask the stack of the loader"
      : `set aside     ${counted(rejects, "file")} in the last hour`,
  ];
}

const counted = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

const lagOf = (time: Date | undefined, now: Date) =>
  time && Math.max(0, Math.round((now.getTime() - time.getTime()) / 1000));

function nameOf(text: string): { readonly schema: string; readonly table: string } {
  const parts = text.split(".");
  const [schema, table] = parts.length === 2 ? parts : ["public", ...parts];
  if (parts.length > 2 || !NAME.test(schema!) || !NAME.test(table!)) {
    throw new CommandError(`the table must be TABLE or SCHEMA.TABLE of a-z, 0-9 and _, got ${JSON.stringify(text)}`);
  }
  return { schema: schema!, table: table! };
}

async function timeColumnOf(
  client: RedshiftDataClient,
  on: Warehouse,
  { schema, table }: { readonly schema: string; readonly table: string },
  asked: string | undefined,
): Promise<string | undefined> {
  const { ColumnList: columns = [] } = await client.send(
    new DescribeTableCommand({
      ...("workgroup" in on ? { WorkgroupName: on.workgroup } : { ClusterIdentifier: on.cluster }),
      Database: on.database,
      SecretArn: on.secretArn,
      Schema: schema,
      Table: table,
    }),
  );
  if (columns.length === 0) throw new CommandError(`there is no table ${schema}.${table} in database ${on.database}`);
  const times = columns.filter(({ typeName = "" }) => /^(timestamp|date)/i.test(typeName)).map(({ name }) => name!);
  if (asked !== undefined) {
    if (times.includes(asked)) return asked;
    throw new CommandError(`${schema}.${table} has no timestamp column ${asked}; it has ${times.join(", ") || "none"}`);
  }
  const precise = columns.filter(({ typeName = "" }) => /^timestamp/i.test(typeName)).map(({ name }) => name!);
  return precise.find((name) => name !== HOUR_COLUMN) ?? times.find((name) => name !== HOUR_COLUMN) ?? times[0];
}

/** The loader writes what it loads into the warehouse itself. */
const recordedLoad = (table: string) =>
  `SELECT CAST(MAX(loaded_at) AS VARCHAR) FROM redstream.loads WHERE table_name = '${table}' AND state <> 'abandoned'`;

const lastCopy = (table: string) =>
  `SELECT CAST(MAX(end_time) AS VARCHAR) FROM sys_load_history WHERE table_name = '${table}' AND status = 'completed'`;

/** https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_ERROR_DETAIL.html has a table's id; its name stands in the history of the same query. */
const errorsOf = (table: string) =>
  `SELECT COUNT(*) FROM sys_load_error_detail e JOIN sys_load_history h ON h.query_id = e.query_id WHERE h.table_name = '${table}' AND e.start_time > DATEADD(hour, -1, GETDATE())`;

/** Redshift's text of a timestamp without zone, which is UTC here. */
function timeOf(text: unknown): Date | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  const time = new Date(`${text.replace(" ", "T").slice(0, 23)}${text.length > 10 ? "Z" : "T00:00:00Z"}`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
