import { catalogue, HIDDEN, rows } from "../access/catalogue";
import { notCarried, SqlError, syntaxError } from "../errors";
import { lakeCatalogue } from "../lake/catalogue";
import type { Session } from "../session";
import { type CreateTable, readColumn, readCreateTable, sequenceName } from "../sql/create-table";
import { type Cursor, showName, type TableName } from "../sql/cursor";
import { toEngine } from "../sql/rewrite";
import { withSemantics } from "../sql/semantics";
import { quoteName, type Token } from "../sql/tokens";
import { engineType, lengthCheck, readType } from "../sql/types";
import { streamCatalogue } from "../streaming/catalogue";
import { readCreateMaterializedView, readDropMaterializedView } from "../streaming/statements";
import { SYSTEM } from "../system-views";
import { readCreateExternalSchema } from "./external-schema";
import { requireSchema } from "./grants";
import { NOTHING, type Run } from "./read";
import {
  describe,
  engineName,
  refuseMaterialized,
  relationKind,
  requirePrivilege,
  requireRelation,
  requireSelect,
} from "./relations";
import { readCreateUser, readDropUser } from "./users";

export function readCreate(cursor: Cursor, session: Session, tokens: readonly Token[]): Run {
  if (cursor.accept("user")) return readCreateUser(cursor, session);
  if (cursor.accept("schema")) return readCreateSchema(cursor, session);
  if (cursor.accept("external", "schema")) return readCreateExternalSchema(cursor, session);
  if (cursor.accept("materialized", "view")) return readCreateMaterializedView(cursor, session);
  const replace = cursor.accept("or", "replace");
  if (cursor.accept("view")) return readCreateView(cursor, session, replace);
  if (replace) throw syntaxError(cursor.peek()?.text);
  cursor.accept("local");
  const temporary = cursor.accept("temp") || cursor.accept("temporary");
  if (cursor.accept("table")) return readCreateTableRun(cursor, session, temporary, tokens);
  throw notCarried(`CREATE ${cursor.next().text.toUpperCase()}`);
}

function readCreateTableRun(cursor: Cursor, session: Session, temporary: boolean, tokens: readonly Token[]): Run {
  const database = session.warehouse.settings.database;
  const create = readCreateTable(cursor, database, temporary);
  const { table, keys, identities } = create;
  // CREATE TABLE AS runs its own text, so that its query goes through the same rewriting as any other.
  const query = create.query === undefined ? undefined : queryOf(create.query, tokens, session);
  return {
    // A temporary table is nobody else's concern.
    locks: temporary ? [] : [showName(table)],
    run: async () => {
      const { engine, user } = session;
      if (temporary) await requireTemp(session);
      else {
        await requireSchema(session, table.schema);
        await catalogue.require(engine, user, "create", "schema", { schema: table.schema, name: "" });
      }
      if (query) await requireSelect(engine, user, query);
      const existing = await relationKind(engine, table);
      if (existing && !(temporary && existing !== "temporary")) {
        if (create.ifNotExists) return undefined;
        throw new SqlError(`Relation "${table.name}" already exists`, "42P07");
      }
      for (const { column, seed, step } of identities) {
        await engine.run(`CREATE SEQUENCE ${sequenceName(table, column)} START ${seed} INCREMENT ${step}`);
      }
      const made = query && create.query !== query ? await withSemantics(engine, query) : undefined;
      const columns = create.like ? ` (${await likeColumns(session, create.like)})` : "";
      const sql = made ? create.engineSql.replace(create.query!, () => made) : create.engineSql + columns;
      const result = await engine.run(sql);
      if (temporary) session.temporary(table.name, true);
      else {
        await catalogue.setOwner(engine, "table", table, user.name);
        if (create.like) await catalogue.copyKeys(engine, create.like.table, table);
        else await catalogue.setKeys(engine, table, keys);
      }
      return query ? { columns: [], rows: [], rowCount: result.rowsChanged } : undefined;
    },
  };
}

/** Everyone may make temporary tables until TEMP is revoked from PUBLIC: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html */
async function requireTemp({ engine, user, warehouse }: Session): Promise<void> {
  const { database } = warehouse.settings;
  if (await catalogue.may(engine, user, "temp", "database", { schema: "", name: database })) return;
  throw new SqlError(`permission denied to create temporary tables in database "${database}"`, "42501");
}

/**
 * LIKE, by the same page: names, types and NOT NULL always, defaults only with INCLUDING DEFAULTS, keys and IDENTITY never. An IDENTITY
 * column becomes one that may be NULL (AWS does not say what it becomes).
 */
async function likeColumns(session: Session, like: NonNullable<CreateTable["like"]>): Promise<string> {
  await requirePrivilege(session.engine, session.user, "select", like.table);
  const columns = await describe(session.engine, like.table);
  return columns
    .map((column) => ({
      ...column,
      default: like.defaults && !column.identity ? column.default : null,
      notNull: column.notNull && !column.identity,
    }))
    .map(columnSql)
    .join(", ");
}

/** The part of CREATE TABLE AS after AS, rewritten. */
function queryOf(query: string, tokens: readonly Token[], session: Session): string {
  const own = tokens.filter((token) => token.kind !== "space");
  let depth = 0;
  for (const [i, token] of own.entries()) {
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (depth === 0 && token.kind === "word" && token.value === "as")
      return toEngine(own.slice(i + 1), session.user.name);
  }
  return query;
}

function readCreateSchema(cursor: Cursor, session: Session): Run {
  const ifNotExists = cursor.accept("if", "not", "exists");
  const schema = cursor.name();
  const owner = cursor.accept("authorization") ? cursor.name() : session.user.name;
  if (!cursor.done) throw notCarried(`CREATE SCHEMA ... ${cursor.next().text.toUpperCase()}`);
  if (["main", SYSTEM, HIDDEN, "pg_catalog", "information_schema"].includes(schema) || schema.startsWith("pg_")) {
    throw new SqlError(`unacceptable schema name "${schema}"`, "42939");
  }
  return {
    locks: [`schema ${schema}`],
    run: async () => {
      const { engine, user } = session;
      const database = { schema: "", name: session.warehouse.settings.database };
      await catalogue.require(engine, user, "create", "database", database);
      if (!(await catalogue.user(engine, owner))) throw new SqlError(`user "${owner}" does not exist`, "42704");
      const found = await rows(
        engine,
        "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = $1",
        schema,
      );
      if (found.length > 0) {
        if (ifNotExists) return undefined;
        throw new SqlError(`Schema "${schema}" already exists`, "42P06");
      }
      await engine.run(`CREATE SCHEMA ${quoteName(schema)}`);
      await catalogue.setOwner(engine, "schema", { schema, name: "" }, owner);
      return undefined;
    },
  };
}

function readCreateView(cursor: Cursor, session: Session, replace: boolean): Run {
  const view = cursor.table(session.warehouse.settings.database);
  const columns = cursor.peek()?.text === "(" ? cursor.nameList() : undefined;
  cursor.expect("as");
  let query = cursor.rest();
  const tail = query.slice(-4).map((token) => token.value);
  if (tail.join(" ") === "with no schema binding") query = query.slice(0, -4);
  const sql = toEngine(query, session.user.name);
  return {
    locks: [showName(view)],
    run: async () => {
      const { engine, user } = session;
      await requireSchema(session, view.schema);
      await catalogue.require(engine, user, "create", "schema", { schema: view.schema, name: "" });
      await requireSelect(engine, user, sql);
      const existing = await relationKind(engine, view);
      if (existing && existing !== "temporary") {
        if (!replace || existing !== "view") throw new SqlError(`Relation "${view.name}" already exists`, "42P07");
        await catalogue.requireOwner(engine, user, "table", view);
      }
      const list = columns ? ` (${columns.map(quoteName).join(", ")})` : "";
      await engine.run(
        `CREATE ${replace ? "OR REPLACE " : ""}VIEW ${engineName(view, "view")}${list} AS ${await withSemantics(engine, sql)}`,
      );
      if (!existing) await catalogue.setOwner(engine, "table", view, user.name);
      return undefined;
    },
  };
}

export function readDrop(cursor: Cursor, session: Session): Run {
  if (cursor.accept("user")) return readDropUser(cursor, session);
  if (cursor.accept("materialized", "view")) return readDropMaterializedView(cursor, session);
  const what = cursor.next().value;
  if (!["table", "view", "schema"].includes(what)) throw notCarried(`DROP ${what.toUpperCase()}`);
  const ifExists = cursor.accept("if", "exists");
  const names: TableName[] = [];
  do
    names.push(
      what === "schema" ? { schema: cursor.name(), name: "" } : cursor.table(session.warehouse.settings.database),
    );
  while (cursor.acceptSymbol(","));
  const cascade = cursor.accept("cascade");
  cursor.accept("restrict");
  cursor.end();
  return {
    locks: names.map((name) => (what === "schema" ? `schema ${name.schema}` : showName(name))),
    run: async () => {
      for (const name of names) {
        if (what === "schema") await dropSchema(session, name.schema, ifExists, cascade);
        else await dropRelation(session, name, what as "table" | "view", ifExists);
      }
      return undefined;
    },
  };
}

async function dropRelation(
  session: Session,
  relation: TableName,
  what: "table" | "view",
  ifExists: boolean,
): Promise<void> {
  const { engine, user } = session;
  const kind = await relationKind(engine, relation);
  if (!kind) {
    if (ifExists) return;
    throw new SqlError(`${what === "table" ? "Table" : "View"} "${showName(relation)}" does not exist`, "42P01");
  }
  if (kind !== "temporary") await refuseMaterialized(engine, relation);
  if ((kind === "view") !== (what === "view")) throw new SqlError(`"${relation.name}" is not a ${what}`, "42809");
  if (kind !== "temporary" && !(await catalogue.may(engine, user, "drop", "table", relation))) {
    await catalogue.requireOwner(engine, user, "table", relation);
  }
  const identities = what === "table" ? (await describe(engine, relation)).filter((column) => column.identity) : [];
  await engine.run(`DROP ${what.toUpperCase()} ${engineName(relation, kind)}`);
  for (const column of identities) await engine.run(`DROP SEQUENCE IF EXISTS ${sequenceName(relation, column.name)}`);
  if (kind === "temporary") session.temporary(relation.name, false);
  else await catalogue.forget(engine, "table", relation);
}

async function dropSchema(session: Session, schema: string, ifExists: boolean, cascade: boolean): Promise<void> {
  const { engine, user } = session;
  const found = await rows(
    engine,
    "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = $1",
    schema,
  );
  if (found.length === 0 && ifExists) return;
  if (schema === SYSTEM || schema === "public") throw new SqlError(`cannot drop schema ${schema}`, "2BP01");
  await requireSchema(session, schema);
  await catalogue.requireOwner(engine, user, "schema", { schema, name: "" });
  const inside = await rows(
    engine,
    "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() AND table_schema = $1",
    schema,
  );
  if (inside.length > 0 && !cascade)
    throw new SqlError(`cannot drop schema ${schema} because other objects depend on it`, "2BP01");
  await engine.run(`DROP SCHEMA ${quoteName(schema)} CASCADE`);
  for (const [name] of inside) await catalogue.forget(engine, "table", { schema, name: String(name).toLowerCase() });
  await catalogue.forget(engine, "schema", { schema, name: "" });
  await streamCatalogue.dropSchema(engine, schema);
  await lakeCatalogue.dropSchema(engine, schema);
}

/** TRUNCATE commits the transaction it stands in: https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html */
export function readTruncate(cursor: Cursor, session: Session): Run {
  cursor.accept("table");
  const table = cursor.table(session.warehouse.settings.database);
  cursor.end();
  return {
    locks: [showName(table)],
    commits: true,
    run: async () => {
      const { engine, user } = session;
      const kind = await requireRelation(engine, table);
      if (kind === "view") throw new SqlError(`"${table.name}" is not a table`, "42809");
      if (kind !== "temporary") await refuseMaterialized(engine, table);
      if (kind !== "temporary" && !(await catalogue.may(engine, user, "truncate", "table", table))) {
        await catalogue.requireOwner(engine, user, "table", table);
      }
      await engine.run(`DELETE FROM ${engineName(table, kind)}`);
      return undefined;
    },
  };
}

/**
 * LOCK, by https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html: waits until no other transaction writes the tables, and keeps others waiting to the
 * end of this one. Who may lock stands on no page of AWS: UPDATE or DELETE, as in the PostgreSQL 8 that Redshift comes from.
 */
export function readLock(cursor: Cursor, session: Session): Run {
  cursor.accept("table");
  const tables = [cursor.table(session.warehouse.settings.database)];
  while (cursor.acceptSymbol(",")) tables.push(cursor.table(session.warehouse.settings.database));
  cursor.end();
  return {
    locks: tables.map(showName),
    run: async () => {
      const { engine, user } = session;
      for (const table of tables) {
        const privilege = (await catalogue.may(engine, user, "delete", "table", table)) ? "delete" : "update";
        if ((await requirePrivilege(engine, user, privilege, table)) === "view")
          throw new SqlError(`"${table.name}" is not a table: views cannot be locked`, "42809");
      }
      return undefined;
    },
  };
}

export function readAlterTable(cursor: Cursor, session: Session): Run {
  const table = cursor.table(session.warehouse.settings.database);
  const change = readChange(cursor, session, table);
  if (change === "nothing") return NOTHING;
  cursor.end();
  return {
    locks: [showName(table)],
    run: async () => {
      const { engine, user } = session;
      const kind = await requireRelation(engine, table);
      if (kind === "view") throw new SqlError(`"${table.name}" is not a table`, "42809");
      if (kind !== "temporary") await refuseMaterialized(engine, table);
      if (kind !== "temporary" && !(await catalogue.may(engine, user, "alter", "table", table))) {
        await catalogue.requireOwner(engine, user, "table", table);
      }
      await change(engineName(table, kind));
      return undefined;
    },
  };
}

function readChange(
  cursor: Cursor,
  session: Session,
  table: TableName,
): "nothing" | ((target: string) => Promise<void>) {
  const { engine } = session;
  if (
    cursor.accept("add", "constraint") ||
    cursor.accept("add", "primary") ||
    cursor.accept("add", "unique") ||
    cursor.accept("add", "foreign")
  ) {
    cursor.rest();
    return "nothing";
  }
  if (cursor.accept("add")) {
    cursor.accept("column");
    const column = readColumn(cursor, table);
    if (column.identity) throw new SqlError("an IDENTITY column cannot be added to a table", "0A000");
    if (column.notNull && !column.default)
      throw new SqlError("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression", "23502");
    return (target) =>
      rebuild(session, table, target, (columns) => [...columns, { sql: column.sql, from: column.default ?? "NULL" }]);
  }
  if (cursor.accept("drop")) {
    cursor.accept("column");
    const name = cursor.name();
    if (!cursor.accept("cascade")) cursor.accept("restrict");
    return async (target) => {
      const columns = await describe(engine, table);
      if (!columns.some((column) => column.name === name))
        throw new SqlError(`column "${name}" of relation "${table.name}" does not exist`, "42703");
      if (columns.length === 1) throw new SqlError("cannot drop the only column of a table", "0A000");
      await rebuild(session, table, target, (all) => all.filter((_, i) => columns[i]!.name !== name));
    };
  }
  if (cursor.accept("rename", "to")) {
    const to = cursor.name();
    return async (target) => {
      if (await relationKind(engine, { schema: table.schema, name: to }))
        throw new SqlError(`Relation "${to}" already exists`, "42P07");
      await engine.run(`ALTER TABLE ${target} RENAME TO ${quoteName(to)}`);
      await catalogue.renameTable(engine, table, to);
      if (target.startsWith("temp.")) {
        session.temporary(table.name, false);
        session.temporary(to, true);
      }
    };
  }
  if (cursor.accept("rename")) {
    cursor.accept("column");
    const from = cursor.name();
    cursor.expect("to");
    const to = cursor.name();
    return async (target) => {
      await engine.run(`ALTER TABLE ${target} RENAME COLUMN ${quoteName(from)} TO ${quoteName(to)}`);
    };
  }
  if (cursor.accept("owner", "to")) {
    const owner = cursor.name();
    return async () => {
      if (!(await catalogue.user(engine, owner))) throw new SqlError(`user "${owner}" does not exist`, "42704");
      await catalogue.setOwner(engine, "table", table, owner);
    };
  }
  if (cursor.accept("alter", "column")) {
    const name = cursor.name();
    cursor.expect("type");
    const type = readType(cursor);
    if (type.kind !== "varchar") throw new SqlError(`target data type of column "${name}" must be VARCHAR`, "0A000");
    return async (target) => {
      const columns = await describe(engine, table);
      const at = columns.findIndex((column) => column.name === name);
      if (at < 0) throw new SqlError(`column "${name}" of relation "${table.name}" does not exist`, "42703");
      if (columns[at]!.type.kind !== "varchar") throw new SqlError(`column "${name}" is not a VARCHAR`, "0A000");
      await rebuild(session, table, target, (all) =>
        all.map((column, i) => (i === at ? { ...column, sql: columnSql({ ...columns[at]!, type }) } : column)),
      );
    };
  }
  if (cursor.accept("alter", "diststyle") || cursor.accept("alter", "distkey") || cursor.accept("alter", "sortkey")) {
    cursor.rest();
    return "nothing";
  }
  throw notCarried(`ALTER TABLE ${cursor.next().text.toUpperCase()}`);
}

type Described = Awaited<ReturnType<typeof describe>>[number];

function columnSql(column: Described): string {
  const name = quoteName(column.name);
  const byDefault = column.default === null ? "" : ` DEFAULT ${column.default}`;
  return `${name} ${engineType(column.type)}${byDefault}${column.notNull ? " NOT NULL" : ""}${lengthCheck(name, column.type)}`;
}

/** Makes the table anew with other columns: the engine cannot add or drop a column that has a check (a VARCHAR's length is one). */
async function rebuild(
  session: Session,
  table: TableName,
  target: string,
  change: (columns: { sql: string; from: string }[]) => { sql: string; from: string }[],
): Promise<void> {
  const { engine } = session;
  const before = await describe(engine, table);
  const columns = change(before.map((column) => ({ sql: columnSql(column), from: quoteName(column.name) })));
  const aside = quoteName(`redstream_rebuild_${table.name}`);
  const home = target.slice(0, target.lastIndexOf(quoteName(table.name)));
  await engine.run(
    `CREATE ${home.startsWith("temp.") ? "TEMP " : ""}TABLE ${home}${aside} (${columns.map((column) => column.sql).join(", ")})`,
  );
  await engine.run(
    `INSERT INTO ${home}${aside} SELECT ${columns.map((column) => column.from).join(", ")} FROM ${target}`,
  );
  await engine.run(`DROP TABLE ${target}`);
  await engine.run(`ALTER TABLE ${home}${aside} RENAME TO ${quoteName(table.name)}`);
}
