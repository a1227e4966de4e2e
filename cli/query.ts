import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  type Field,
  GetStatementResultCommand,
  type RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { CommandError } from "./problem";

/** A warehouse and who asks it: the user of the secret. */
export type Warehouse = { readonly database: string; readonly secretArn: string } & (
  | { readonly cluster: string }
  | { readonly workgroup: string }
);

/** The outputs of a stack with a warehouse, of whichever kind. */
export interface WarehouseOutputs {
  readonly warehouse_cluster?: string;
  readonly warehouse_workgroup?: string;
  readonly warehouse_database?: string;
  readonly warehouse_admin_secret_arn?: string;
}

/** The warehouse of a stack by its outputs; undefined when it has none. */
export function warehouseOf(outputs: WarehouseOutputs): Warehouse | undefined {
  const { warehouse_cluster: cluster, warehouse_workgroup: workgroup } = outputs;
  const common = { database: outputs.warehouse_database!, secretArn: outputs.warehouse_admin_secret_arn! };
  if (workgroup !== undefined) return { workgroup, ...common };
  return cluster === undefined ? undefined : { cluster, ...common };
}

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
}

/** Milliseconds between two looks at a statement. */
const POLL_MS = 100;

/** Runs one statement through the Redshift Data API and reads its whole result. */
export async function query(client: RedshiftDataClient, on: Warehouse, sql: string): Promise<Answer> {
  const { Id } = await client.send(
    new ExecuteStatementCommand({
      ...("workgroup" in on ? { WorkgroupName: on.workgroup } : { ClusterIdentifier: on.cluster }),
      Database: on.database,
      SecretArn: on.secretArn,
      Sql: sql,
    }),
  );
  for (;;) {
    const { Status, Error: reason, HasResultSet } = await client.send(new DescribeStatementCommand({ Id }));
    if (Status === "FINISHED") return HasResultSet ? read(client, Id!) : { columns: [], rows: [] };
    if (Status === "FAILED" || Status === "ABORTED")
      throw new CommandError(`${Status}: ${reason ?? "no reason given"}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function read(client: RedshiftDataClient, id: string): Promise<Answer> {
  const rows: Answer["rows"][number][] = [];
  let columns: string[] = [];
  let next: string | undefined;
  do {
    const page = await client.send(new GetStatementResultCommand({ Id: id, NextToken: next }));
    columns = page.ColumnMetadata?.map(({ name }) => name ?? "?") ?? columns;
    for (const record of page.Records ?? []) rows.push(record.map(fieldValue));
    next = page.NextToken;
  } while (next);
  return { columns, rows };
}

function fieldValue(field: Field): string | number | boolean | null {
  if (field.isNull) return null;
  return field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue ?? null;
}

/** The answer as a table of text. */
export function tableOf({ columns, rows }: Answer): string {
  const cells = [columns, ...rows.map((row) => row.map((value) => (value === null ? "" : String(value))))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  return [line(columns), widths.map((width) => "-".repeat(width)).join("  "), ...cells.slice(1).map(line)].join("\n");
}
