import type { DuckDBConnection } from "@duckdb/node-api";
import { withDefault } from "../copy/default-role";
import { type LoadColumn, LoadFailed, load } from "../copy/load";
import { readCopy } from "../copy/options";
import { SqlError, translate } from "../errors";
import type { Session } from "../session";
import { type Cursor, showName } from "../sql/cursor";
import type { Run } from "./read";
import { describe, engineName, requirePrivilege } from "./relations";

/** COPY: needs INSERT on the table, loads all of its files or nothing, and leaves a row in sys_load_history either way. */
export function readCopyStatement(cursor: Cursor, session: Session): Run {
  const { warehouse, engine, user } = session;
  const copy = readCopy(cursor, warehouse.settings.database);
  return {
    locks: [showName(copy.table)],
    run: async () => {
      const started = new Date();
      const query = session.queryId;
      const record = { user, session: session.id, transaction: session.transactionNumber, query, copy, started };
      const kind = await requirePrivilege(engine, user, "insert", copy.table);
      if (kind === "view") throw new SqlError(`"${copy.table.name}" is a view: COPY loads tables`, "42809");
      try {
        const columns = await targets(session, copy.table, copy.columns);
        const { host, roles } = warehouse;
        const store = warehouse.stores(withDefault(copy.credentials, warehouse), {
          host,
          roles,
          name: warehouse.settings.name,
          user: user.name,
        });
        // PG_LAST_COPY_ID and PG_LAST_COPY_COUNT: of the last COPY that began to load, 0 rows until it has.
        await remember(engine, query, 0);
        const outcome = await load(
          engine,
          store,
          copy,
          columns,
          engineName(copy.table, kind),
          session.signal,
          warehouse.scratch,
        );
        await remember(engine, query, outcome.rows);
        await warehouse.recordLoad({ ...record, outcome });
        return { columns: [], rows: [], rowCount: outcome.rows };
      } catch (error) {
        const failure = translate(error);
        const errors = failure instanceof LoadFailed ? failure.errors : [];
        await warehouse.recordLoad({ ...record, failure: { message: failure.message, errors } });
        throw failure;
      }
    },
  };
}

async function remember(engine: DuckDBConnection, query: number, rows: number): Promise<void> {
  await engine.run(`SET VARIABLE redshift_copy_id = ${query}`);
  await engine.run(`SET VARIABLE redshift_copy_count = ${rows}`);
}

/** Columns that the file's fields go to: those named, or all but IDENTITY in table order. */
async function targets(
  session: Session,
  table: Parameters<typeof describe>[1],
  named: readonly string[] | undefined,
): Promise<LoadColumn[]> {
  const all = await describe(session.engine, table);
  if (!named) return all.filter((column) => !column.identity);
  const chosen = named.map((name) => {
    const column = all.find((candidate) => candidate.name === name);
    if (!column) throw new SqlError(`column "${name}" of relation "${table.name}" does not exist`, "42703");
    if (column.identity)
      throw new SqlError(
        `cannot set an identity column to a value: "${name}" (EXPLICIT_IDS is not carried here)`,
        "42601",
      );
    return column;
  });
  const twice = named.find((name, i) => named.indexOf(name) !== i);
  if (twice) throw new SqlError(`column "${twice}" specified more than once`, "42701");
  const left = all.find((column) => !named.includes(column.name) && column.notNull && column.default === null);
  if (left)
    throw new SqlError(
      `column "${left.name}" is NOT NULL without a default and must stand in the column list`,
      "23502",
    );
  return chosen;
}
