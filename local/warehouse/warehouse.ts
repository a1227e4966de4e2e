import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { catalogue, HIDDEN, rows, type User } from "./access/catalogue";
import { WriteConflicts } from "./access/conflicts";
import { TableLocks } from "./access/locks";
import type { ObjectStores } from "./copy/files";
import type { LoadError, LoadOutcome } from "./copy/load";
import type { CopyStatement } from "./copy/options";
import { SqlError } from "./errors";
import { LAKE_TABLES, type Lake } from "./lake";
import { Session } from "./session";
import { AutoRefresh, STREAM_TABLES, type Streams } from "./streaming";
import { SYSTEM_VIEWS } from "./system-views";

export interface WarehouseSettings {
  /** Folder that holds the database file; made when missing. */
  readonly folder: string;
  readonly host: string;
  /** How the Data API names it: a cluster identifier. */
  readonly name: string;
  readonly port: number;
  /** The one database of the warehouse. */
  readonly database: string;
  /** The first superuser. */
  readonly admin: { readonly user: string; readonly password: string };
}

/** What comes from outside of it: what its external schemas stand for, and what a test plans. */
export interface Outside {
  /** Topics that materialized views read. @default none */
  readonly streams?: Streams;
  /** Tables of a data catalog. @default none */
  readonly lake?: Lake;
  /** For tests and the fault campaign alone. @default its own, none of which is planned */
  readonly conflicts?: WriteConflicts;
}

/** Rows that a COPY leaves in sys_load_history and sys_load_error_detail, whether its transaction lives or not. */
export interface LoadRecord {
  readonly user: User;
  readonly session: number;
  readonly transaction: number;
  readonly query: number;
  readonly copy: CopyStatement;
  readonly started: Date;
  readonly outcome?: LoadOutcome;
  readonly failure?: { readonly message: string; readonly errors: readonly LoadError[] };
}

/** Rows of the error log that one statement writes: a COPY under MAXERROR may have thousands. */
const ERRORS_AT_ONCE = 100;
/** Place of start_time among its columns. */
const START_AT = 7;

/**
 * One warehouse: a DuckDB file with users, grants and load history of its own, spoken to in Redshift's SQL through sessions.
 * The engine itself can reach neither files nor the network; COPY reads through the given object stores.
 */
export class Warehouse {
  readonly locks = new TableLocks();
  /** For tests: makes statements fail as if another transaction had come between. */
  readonly conflicts: WriteConflicts;
  /** ARNs of the roles that are associated with it; the control plane keeps them. */
  readonly roles = new Set<string>();
  /** ARN of the one that `IAM_ROLE default` is; the control plane keeps it too. */
  defaultRole: string | undefined;
  private readonly sessions = new Set<Session>();
  private lastSession = 0;
  private lastTransaction = 0;
  private lastQuery = FIRST_QUERY;

  /** Refreshes the materialized views that say so; runs when there are streams. */
  readonly autoRefresh: AutoRefresh;

  private constructor(
    readonly settings: WarehouseSettings,
    readonly stores: ObjectStores,
    private readonly instance: DuckDBInstance,
    /** For what is no statement of a user. */
    private readonly own: DuckDBConnection,
    private readonly outside: Outside,
  ) {
    this.conflicts = outside.conflicts ?? new WriteConflicts();
    this.autoRefresh = new AutoRefresh(this);
  }

  /** @throws SqlError when the file is held by another process or cannot be written */
  static async open(settings: WarehouseSettings, stores: ObjectStores, outside: Outside = {}): Promise<Warehouse> {
    mkdirSync(settings.folder, { recursive: true });
    const file = join(settings.folder, `${settings.database}.duckdb`);
    const instance = await openFile(file);
    const own = await instance.connect();
    await own.run("SET GLOBAL TimeZone = 'UTC'");
    await own.run("BEGIN");
    await own.run("CREATE SCHEMA IF NOT EXISTS public");
    await catalogue.create(own);
    await own.run(STREAM_TABLES);
    await own.run(LAKE_TABLES);
    await own.run(SYSTEM_VIEWS);
    const { user, password } = settings.admin;
    if (!(await catalogue.user(own, user)))
      await catalogue.createUser(own, { name: user, password, superuser: true, createdb: true });
    await own.run("COMMIT");
    const warehouse = new Warehouse(settings, stores, instance, own, outside);
    // Ids go on where the file's former run ended, so that none stands for two statements.
    const [last] = await rows(own, `SELECT max(query_id) FROM ${HIDDEN}.loads`);
    warehouse.lastQuery = Math.max(FIRST_QUERY, Number(last?.[0] ?? 0));
    if (outside.streams) warehouse.autoRefresh.start();
    return warehouse;
  }

  /** What materialized views read topics through. @throws SqlError when this warehouse was given nothing of the kind */
  get streams(): Streams {
    const { streams } = this.outside;
    if (!streams) throw new SqlError("no Kafka cluster can be reached from this warehouse", "58000");
    return streams;
  }

  /** What external tables are read through. @throws SqlError when this warehouse was given nothing of the kind */
  get lake(): Lake {
    const { lake } = this.outside;
    if (!lake) throw new SqlError("no data catalog can be reached from this warehouse", "58000");
    return lake;
  }

  /** Folder for files that live as long as a statement. */
  get scratch(): string {
    return join(this.settings.folder, "scratch");
  }

  get host(): string {
    return this.settings.host;
  }

  /** A session of `user` after a check of the password. @throws SqlError 28000, as Redshift words it */
  async login(database: string, user: string, password: string): Promise<Session> {
    const known = await catalogue.login(this.own, user.toLowerCase(), password);
    return this.start(database, known);
  }

  /** A session of a user whom something else has vouched for (IAM). */
  async enter(database: string, user: string, options: { readonly create?: boolean } = {}): Promise<Session> {
    const name = user.toLowerCase();
    if (options.create && !(await catalogue.user(this.own, name))) {
      await catalogue.createUser(this.own, { name, password: null, superuser: false });
    }
    const known = await catalogue.user(this.own, name);
    if (!known) throw new SqlError(`user "${user}" does not exist`, "28000");
    return this.start(database, known);
  }

  /** Sets the admin's password, as ModifyCluster does. */
  async setAdminPassword(password: string): Promise<void> {
    await catalogue.setPassword(this.own, this.settings.admin.user, password);
  }

  private async start(database: string, user: User): Promise<Session> {
    if (database !== this.settings.database) throw new SqlError(`database "${database}" does not exist`, "3D000");
    const session = await Session.open(this, await this.instance.connect(), user, ++this.lastSession, (ended) =>
      this.sessions.delete(ended),
    );
    this.sessions.add(session);
    return session;
  }

  /** The number of a transaction that begins. */
  nextTransaction(): number {
    return ++this.lastTransaction;
  }

  /** The id of a statement that begins, as the system views and the Data API name it. */
  nextQuery(): number {
    return ++this.lastQuery;
  }

  /** Only what Redshift's views show: never the statement, which may hold keys. */
  async recordLoad(load: LoadRecord): Promise<void> {
    const { user, session, transaction, query, copy, started, outcome, failure } = load;
    const database = this.settings.database;
    const [known] = await rows(
      this.own,
      "SELECT table_oid FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = $1 AND lower(table_name) = $2",
      copy.table.schema,
      copy.table.name,
    );
    const table = known ? Number(known[0]) : null;
    const start = started.toISOString();
    const errors = failure?.errors ?? outcome?.errors ?? [];
    const common = [user.id, BigInt(query), BigInt(transaction), session, database] as const;
    await this.own.run(
      `INSERT INTO ${HIDDEN}.loads VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS TIMESTAMP), CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP), $9, $10, $11, $12, $13, $14, $15)`,
      [
        ...common,
        failure ? "aborted" : "completed",
        copy.table.name,
        start,
        BigInt(Math.round((Date.now() - started.getTime()) * 1000)),
        `s3://${copy.bucket}/${copy.key}`,
        copy.format === "delimited" ? "txt" : copy.format,
        BigInt(outcome?.rows ?? 0),
        BigInt(outcome?.bytes ?? 0),
        outcome?.files ?? 0,
        BigInt(errors.length),
      ],
    );
    for (let at = 0; at < errors.length; at += ERRORS_AT_ONCE) {
      const some = errors.slice(at, at + ERRORS_AT_ONCE);
      const values = some.flatMap((error) => [
        ...common,
        table,
        copy.table.name,
        start,
        error.file,
        BigInt(error.line),
        error.column,
        error.type,
        error.length,
        error.position,
        error.rawLine,
        error.rawField,
        error.code,
        error.reason,
      ]);
      const each = values.length / some.length;
      const row = (n: number) =>
        `(${Array.from({ length: each }, (_, i) => (i === START_AT ? `CAST($${n * each + i + 1} AS TIMESTAMP)` : `$${n * each + i + 1}`)).join(", ")})`;
      await this.own.run(`INSERT INTO ${HIDDEN}.load_errors VALUES ${some.map((_, n) => row(n)).join(", ")}`, values);
    }
  }

  /** Ends every session; statements under way fail. The data stays. */
  async close(): Promise<void> {
    await this.autoRefresh.stop();
    await Promise.all([...this.sessions].map((session) => session.close()));
    this.own.closeSync();
    this.instance.closeSync();
  }

  /** Closes, and deletes the data. */
  async drop(): Promise<void> {
    await this.close();
    rmSync(this.settings.folder, { recursive: true, force: true });
  }
}

/** Before the first statement of a new warehouse. */
const FIRST_QUERY = 1000;

async function openFile(file: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(file, {
      threads: "2",
      enable_external_access: "false",
      autoload_known_extensions: "false",
      autoinstall_known_extensions: "false",
      integer_division: "true",
      // The first version that stores VARIANT, which SUPER is here.
      storage_compatibility_version: "v1.5.0",
      // Columns of its attributes, which a checkpoint would make of a VARIANT, are put together again for every read: that takes ten times as long as to read it whole.
      variant_minimum_shredding_size: "-1",
    });
  } catch (error) {
    const message = (error as Error).message;
    if (/lock/i.test(message)) {
      throw new SqlError(
        `the warehouse file ${file} is in use by another process: stop the other run, or give this one a folder of its own`,
        "55006",
      );
    }
    if (/No space left/i.test(message)) {
      throw new SqlError(`no disk space is left for the warehouse file ${file}: free some and start again`, "53100");
    }
    throw new SqlError(`the warehouse file ${file} cannot be opened: ${message.split("\n")[0]}`, "58030");
  }
}
