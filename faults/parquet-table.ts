import type { Answer } from "../cli/query";
import { quoteName, quoteString } from "../local/warehouse";
import type { Deployed } from "./deployed";

/** As the allow-list has it, `LoadTable` of lambda-src/load/table.ts. */
interface ListedTable {
  readonly name: string;
  readonly schema?: string;
  readonly columns: readonly string[];
  readonly copy: { readonly format: string; readonly compression?: string };
  readonly dedupKey?: readonly string[];
  readonly hourColumn?: string;
}

/** The allow-list that a function was given. */
export const listedIn = ({ environment }: Deployed): readonly ListedTable[] => JSON.parse(environment.TABLES!);

/** A table of Parquet files with text that names a row, which the stack's own (`sensors`: a number, a time, a number) has not. */
const TABLE: ListedTable = {
  name: "probes",
  columns: ["probe", "read_at", "celsius", "readings"],
  copy: { format: "parquet" },
  hourColumn: "source_hour",
};
const TYPES = ["VARCHAR(64)", "TIMESTAMP", "DOUBLE PRECISION", "INTEGER"];

/** The function with one more table on its allow-list. */
export function withParquetTable(of: Deployed): Deployed {
  const tables = JSON.stringify([...listedIn(of), TABLE]);
  return { ...of, environment: { ...of.environment, TABLES: tables } };
}

/** Makes the table, for the users who may write `like`, each with its rights there. */
export async function makeParquetTable(sql: (text: string) => Promise<Answer>, like: ListedTable): Promise<void> {
  const columns = TABLE.columns.map((column, i) => `${column} ${TYPES[i]}`).join(", ");
  await sql(`CREATE TABLE public.${TABLE.name} (${columns}, ${TABLE.hourColumn} TIMESTAMP)`);
  const { rows } = await sql(
    `SELECT identity_name, privilege_type FROM svv_relation_privileges WHERE namespace_name = ${quoteString(like.schema ?? "public")} AND relation_name = ${quoteString(like.name)}`,
  );
  for (const [user, right] of rows) await sql(`GRANT ${right} ON public.${TABLE.name} TO ${quoteName(String(user))}`);
}
