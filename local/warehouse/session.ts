import type { DuckDBConnection, DuckDBMaterializedResult } from "@duckdb/node-api";
import type { SqlConnection, SqlResult } from "../gateway/types";
import type { User } from "./access/catalogue";
import { SqlError, translate } from "./errors";
import { Cursor } from "./sql/cursor";
import { split, type Token, tokenize } from "./sql/tokens";
import { typeName } from "./sql/types";
import { type Run, read } from "./statements/read";
import { SYSTEM } from "./system-views";
import { toValue } from "./values";
import type { Warehouse } from "./warehouse";

const DONE: SqlResult = { columns: [], rows: [], rowCount: 0 };

/**
 * One session: a user, a connection to the engine, and at most one open transaction. Statements run one after the other.
 * A statement outside BEGIN is a transaction of its own; a failure inside one aborts it, and only ROLLBACK goes on.
 */
export class Session implements SqlConnection {
  private transaction: "none" | "open" | "aborted" = "none";
  private queue: Promise<unknown> = Promise.resolve();
  private abort = new AbortController();
  private closed = false;
  private transactionId = 0;
  private lastQuery = 0;
  /** Temporary tables of this session: nobody else's locks concern them. */
  private temporaries = new Set<string>();
  private temporariesBefore: ReadonlySet<string> = new Set();

  private constructor(
    readonly warehouse: Warehouse,
    readonly engine: DuckDBConnection,
    readonly user: User,
    readonly id: number,
    private readonly ended: (session: Session) => void,
  ) {}

  static async open(
    warehouse: Warehouse,
    engine: DuckDBConnection,
    user: User,
    id: number,
    ended: (session: Session) => void,
  ): Promise<Session> {
    await engine.run(`SET search_path = 'public,${SYSTEM}'`);
    await engine.run(`SET VARIABLE redshift_user_id = ${user.id}`);
    await engine.run(`SET VARIABLE redshift_session = ${id}`);
    await engine.run(`SET VARIABLE redshift_superuser = ${user.superuser}`);
    return new Session(warehouse, engine, user, id, ended);
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Number of the transaction that is open, or was last. */
  get transactionNumber(): number {
    return this.transactionId;
  }

  /** `query_id` of the statement that runs, or ran last, as the system views show it; 0 before the first. */
  get queryId(): number {
    return this.lastQuery;
  }

  /** Notes a temporary table that this session made, or (`false`) dropped; a rollback takes that back. */
  temporary(name: string, exists: boolean): void {
    if (exists) this.temporaries.add(name);
    else this.temporaries.delete(name);
  }

  /** As the PostgreSQL protocol says it: `I` idle, `T` in a transaction, `E` in one that failed. */
  get state(): "I" | "T" | "E" {
    return this.transaction === "none" ? "I" : this.transaction === "open" ? "T" : "E";
  }

  get inTransaction(): boolean {
    return this.transaction !== "none";
  }

  /**
   * Runs the statements of `sql` in order and answers the last one's result; each commits by itself unless BEGIN came before.
   *
   * @throws SqlError for the first that fails; what comes after it does not run
   */
  run(sql: string): Promise<SqlResult> {
    const turn = this.queue.then(() => this.runAll(sql));
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** Makes the statement under way fail as cancelled. */
  cancel(): void {
    this.abort.abort();
    this.engine.interrupt();
  }

  /** Rolls an open transaction back. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cancel();
    await this.queue;
    await this.finish("ROLLBACK").catch(() => undefined);
    this.engine.closeSync();
    this.ended(this);
  }

  private async runAll(sql: string): Promise<SqlResult> {
    if (this.closed) throw new SqlError("the connection is closed", "08003");
    const statements = split(tokenize(sql));
    if (statements.length === 0) return DONE;
    let result = DONE;
    for (const statement of statements) result = await this.runOne(statement);
    return result;
  }

  private async runOne(tokens: readonly Token[]): Promise<SqlResult> {
    if (this.closed) throw new SqlError("the connection is closed", "08003");
    // A cancel that came for a former statement must not reach this one.
    if (this.abort.signal.aborted) this.abort = new AbortController();
    const cursor = new Cursor(tokens);
    const ended = this.control(cursor);
    if (ended) return ended;
    if (this.transaction === "aborted") {
      throw new SqlError("current transaction is aborted, commands ignored until end of transaction block", "25P02");
    }
    const alone = this.transaction === "none";
    try {
      this.lastQuery = this.warehouse.nextQuery();
      const run = read(tokens, this);
      const locks = (run.locks ?? []).filter((table) => !this.temporaries.has(table));
      // The engine takes its snapshot at the transaction's first look at the data, which must not come before the locks.
      for (const table of locks) await this.warehouse.locks.take(table, this, this.abort.signal);
      this.warehouse.conflicts.meet(locks);
      if (alone) await this.openTransaction();
      const result = await this.execute(run);
      if (alone || run.commits) await this.finish("COMMIT");
      return result;
    } catch (error) {
      await this.finish("ROLLBACK").catch(() => undefined);
      if (!alone) this.transaction = "aborted";
      throw translate(error);
    }
  }

  private async execute(run: Run): Promise<SqlResult> {
    const outcome = await run.run();
    if (outcome === undefined) return DONE;
    return "columns" in outcome ? outcome : result(outcome, run.returnsRows ?? false);
  }

  /** BEGIN, COMMIT, ROLLBACK and their other names. */
  private control(cursor: Cursor): Promise<SqlResult> | undefined {
    if (cursor.accept("begin") || cursor.accept("start", "transaction")) {
      cursor.rest();
      return this.begin();
    }
    for (const word of ["commit", "end", "rollback", "abort"]) {
      if (!cursor.accept(word)) continue;
      if (!cursor.accept("work")) cursor.accept("transaction");
      cursor.end();
      const commit = (word === "commit" || word === "end") && this.transaction === "open";
      return this.finish(commit ? "COMMIT" : "ROLLBACK").then(() => DONE);
    }
    return undefined;
  }

  private async begin(): Promise<SqlResult> {
    if (this.transaction === "aborted") {
      throw new SqlError("current transaction is aborted, commands ignored until end of transaction block", "25P02");
    }
    // Redshift warns of a BEGIN inside a transaction and goes on.
    if (this.transaction === "none") {
      await this.openTransaction();
      this.transaction = "open";
    }
    return DONE;
  }

  private async openTransaction(): Promise<void> {
    await this.engine.run("BEGIN");
    this.transactionId = this.warehouse.nextTransaction();
  }

  /** Ends whatever transaction is open, and with it the locks. */
  private async finish(how: "COMMIT" | "ROLLBACK"): Promise<void> {
    this.transaction = "none";
    const undo = this.temporariesBefore;
    try {
      await this.engine.run(how);
      if (how === "COMMIT") this.temporariesBefore = new Set(this.temporaries);
      else this.temporaries = new Set(undo);
    } catch (error) {
      this.temporaries = new Set(undo);
      if (!/no transaction is active/i.test((error as Error).message)) throw translate(error);
    } finally {
      this.warehouse.locks.release(this);
    }
  }
}

async function result(outcome: DuckDBMaterializedResult, returnsRows: boolean): Promise<SqlResult> {
  if (!returnsRows) return { columns: [], rows: [], rowCount: outcome.rowsChanged };
  const types = outcome.columnTypes();
  const columns = outcome.columnNames().map((name, i) => ({ name: label(name), type: typeName(String(types[i])) }));
  const rows = (await outcome.getRows()).map((row) => row.map(toValue));
  return { columns, rows, rowCount: rows.length };
}

/** The engine names a column without an alias by its whole expression, Redshift by the function alone. */
function label(name: string): string {
  if (name === "count_star()") return "count";
  const cast = /^(?:TRY_)?CAST\((?:\w+\.)*"?(\w+)"? AS .*\)$/s.exec(name);
  if (cast && !/^\d+$/.test(cast[1]!)) return cast[1]!.toLowerCase();
  const call = /^(?:main\.)?"?(\w+)"?\(.*\)$/s.exec(name);
  return (call?.[1] ?? name).toLowerCase();
}
