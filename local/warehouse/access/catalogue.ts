import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { SqlError } from "../errors";
import { showName, type TableName } from "../sql/cursor";
import { keepPassword, passwordFits } from "./passwords";

/** Our own tables: users, owners, grants, loads. No statement may name this schema. */
export const HIDDEN = "redstream_catalog";

const TABLES = `
CREATE SCHEMA IF NOT EXISTS ${HIDDEN};
CREATE SEQUENCE IF NOT EXISTS ${HIDDEN}.ids START 100;
CREATE TABLE IF NOT EXISTS ${HIDDEN}.users (id INTEGER, name VARCHAR, password VARCHAR, superuser BOOLEAN, createdb BOOLEAN);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.owners (kind VARCHAR, schema_name VARCHAR, name VARCHAR, owner VARCHAR);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.grants (kind VARCHAR, schema_name VARCHAR, name VARCHAR, privilege VARCHAR, grantee VARCHAR, grant_option BOOLEAN);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.keys (schema_name VARCHAR, name VARCHAR, diststyle VARCHAR, distkey VARCHAR, sortkey VARCHAR);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.loads (user_id INTEGER, query_id BIGINT, transaction_id BIGINT, session_id INTEGER, database_name VARCHAR,
  status VARCHAR, table_name VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, duration BIGINT, data_source VARCHAR, file_format VARCHAR,
  loaded_rows BIGINT, bytes BIGINT, files INTEGER, error_count BIGINT);
CREATE TABLE IF NOT EXISTS ${HIDDEN}.load_errors (user_id INTEGER, query_id BIGINT, transaction_id BIGINT, session_id INTEGER, database_name VARCHAR, table_id INTEGER, table_name VARCHAR,
  start_time TIMESTAMP, file_name VARCHAR, line_number BIGINT, column_name VARCHAR, column_type VARCHAR, column_length VARCHAR, position INTEGER,
  raw_line VARCHAR, raw_field VARCHAR, error_code INTEGER, error_message VARCHAR);
INSERT INTO ${HIDDEN}.grants SELECT * FROM (VALUES ('schema', 'public', '', 'usage', 'public', false), ('schema', 'public', '', 'create', 'public', false),
  ('database', '', current_database(), 'temp', 'public', false)) v WHERE NOT EXISTS (FROM ${HIDDEN}.users);
`;

export type ObjectKind = "table" | "schema" | "database";
export interface User {
  readonly id: number;
  readonly name: string;
  readonly superuser: boolean;
}

/** Every method runs on the caller's connection, so that what a transaction grants or creates ends with it. */
export const catalogue = {
  async create(connection: DuckDBConnection): Promise<void> {
    await connection.run(TABLES);
  },

  async user(connection: DuckDBConnection, name: string): Promise<User | undefined> {
    const [row] = await rows(connection, `SELECT id, name, superuser FROM ${HIDDEN}.users WHERE name = $1`, name);
    return row && { id: Number(row[0]), name: String(row[1]), superuser: row[2] === true };
  },

  /** @throws SqlError as Redshift's login does, the same for an unknown user and a wrong password */
  async login(connection: DuckDBConnection, name: string, password: string): Promise<User> {
    const user = await catalogue.user(connection, name);
    const [row] = await rows(connection, `SELECT password FROM ${HIDDEN}.users WHERE name = $1`, name);
    if (!user || !passwordFits((row?.[0] as string | null) ?? null, name, password)) {
      throw new SqlError(`password authentication failed for user "${name}"`, "28000");
    }
    return user;
  },

  async createUser(
    connection: DuckDBConnection,
    user: { name: string; password: string | null; superuser: boolean; createdb?: boolean },
  ): Promise<void> {
    if (user.name === "public") throw new SqlError(`user name "public" is reserved`, "42939");
    if (await catalogue.user(connection, user.name)) throw new SqlError(`user "${user.name}" already exists`, "42710");
    const password = user.password === null ? null : keepPassword(user.password);
    await connection.run(`INSERT INTO ${HIDDEN}.users VALUES (nextval('${HIDDEN}.ids'), $1, $2, $3, $4)`, [
      user.name,
      password,
      user.superuser,
      user.createdb ?? false,
    ]);
  },

  async setPassword(connection: DuckDBConnection, name: string, password: string | null): Promise<void> {
    await connection.run(`UPDATE ${HIDDEN}.users SET password = $1 WHERE name = $2`, [
      password === null ? null : keepPassword(password),
      name,
    ]);
  },

  async setFlag(
    connection: DuckDBConnection,
    name: string,
    flag: "superuser" | "createdb",
    value: boolean,
  ): Promise<void> {
    await connection.run(`UPDATE ${HIDDEN}.users SET ${flag} = $1 WHERE name = $2`, [value, name]);
  },

  async renameUser(connection: DuckDBConnection, from: string, to: string): Promise<void> {
    if (await catalogue.user(connection, to)) throw new SqlError(`user "${to}" already exists`, "42710");
    await connection.run(`UPDATE ${HIDDEN}.users SET name = $1 WHERE name = $2`, [to, from]);
    await connection.run(`UPDATE ${HIDDEN}.owners SET owner = $1 WHERE owner = $2`, [to, from]);
    await connection.run(`UPDATE ${HIDDEN}.grants SET grantee = $1 WHERE grantee = $2`, [to, from]);
  },

  /** Refused while the user owns or may use anything, as Redshift refuses it. */
  async dropUser(connection: DuckDBConnection, name: string): Promise<void> {
    const refuse = (why: string) => new SqlError(`user "${name}" cannot be dropped because ${why}`, "2BP01");
    if ((await rows(connection, `SELECT 1 FROM ${HIDDEN}.owners WHERE owner = $1 LIMIT 1`, name)).length > 0) {
      throw refuse("the user owns some object");
    }
    if ((await rows(connection, `SELECT 1 FROM ${HIDDEN}.grants WHERE grantee = $1 LIMIT 1`, name)).length > 0) {
      throw refuse("the user has a privilege on some object");
    }
    await connection.run(`DELETE FROM ${HIDDEN}.users WHERE name = $1`, [name]);
  },

  async owner(connection: DuckDBConnection, kind: ObjectKind, object: TableName): Promise<string | undefined> {
    const [row] = await rows(
      connection,
      `SELECT owner FROM ${HIDDEN}.owners WHERE kind = $1 AND schema_name = $2 AND name = $3`,
      kind,
      object.schema,
      object.name,
    );
    return row && String(row[0]);
  },

  async setOwner(connection: DuckDBConnection, kind: ObjectKind, object: TableName, owner: string): Promise<void> {
    await connection.run(`DELETE FROM ${HIDDEN}.owners WHERE kind = $1 AND schema_name = $2 AND name = $3`, [
      kind,
      object.schema,
      object.name,
    ]);
    await connection.run(`INSERT INTO ${HIDDEN}.owners VALUES ($1, $2, $3, $4)`, [
      kind,
      object.schema,
      object.name,
      owner,
    ]);
  },

  async forget(connection: DuckDBConnection, kind: ObjectKind, object: TableName): Promise<void> {
    for (const table of ["owners", "grants"]) {
      await connection.run(`DELETE FROM ${HIDDEN}.${table} WHERE kind = $1 AND schema_name = $2 AND name = $3`, [
        kind,
        object.schema,
        object.name,
      ]);
    }
    if (kind === "table") {
      await connection.run(`DELETE FROM ${HIDDEN}.keys WHERE schema_name = $1 AND name = $2`, [
        object.schema,
        object.name,
      ]);
    }
  },

  async renameTable(connection: DuckDBConnection, table: TableName, to: string): Promise<void> {
    for (const kept of ["owners", "grants"]) {
      await connection.run(
        `UPDATE ${HIDDEN}.${kept} SET name = $1 WHERE kind = 'table' AND schema_name = $2 AND name = $3`,
        [to, table.schema, table.name],
      );
    }
    await connection.run(`UPDATE ${HIDDEN}.keys SET name = $1 WHERE schema_name = $2 AND name = $3`, [
      to,
      table.schema,
      table.name,
    ]);
  },

  async setKeys(
    connection: DuckDBConnection,
    table: TableName,
    keys: { diststyle: string; distkey?: string; sortkey: readonly string[] },
  ): Promise<void> {
    await connection.run(`INSERT INTO ${HIDDEN}.keys VALUES ($1, $2, $3, $4, $5)`, [
      table.schema,
      table.name,
      keys.diststyle,
      keys.distkey ?? null,
      keys.sortkey.join(",") || null,
    ]);
  },

  /** LIKE takes over distribution and sort keys. */
  async copyKeys(connection: DuckDBConnection, from: TableName, to: TableName): Promise<void> {
    await connection.run(
      `INSERT INTO ${HIDDEN}.keys SELECT $1, $2, diststyle, distkey, sortkey FROM ${HIDDEN}.keys WHERE schema_name = $3 AND name = $4`,
      [to.schema, to.name, from.schema, from.name],
    );
  },

  async grant(
    connection: DuckDBConnection,
    kind: ObjectKind,
    object: TableName,
    privilege: string,
    grantee: string,
    option: boolean,
  ): Promise<void> {
    await catalogue.revoke(connection, kind, object, privilege, grantee);
    await connection.run(`INSERT INTO ${HIDDEN}.grants VALUES ($1, $2, $3, $4, $5, $6)`, [
      kind,
      object.schema,
      object.name,
      privilege,
      grantee,
      option,
    ]);
  },

  async revoke(
    connection: DuckDBConnection,
    kind: ObjectKind,
    object: TableName,
    privilege: string,
    grantee: string,
  ): Promise<void> {
    await connection.run(
      `DELETE FROM ${HIDDEN}.grants WHERE kind = $1 AND schema_name = $2 AND name = $3 AND privilege = $4 AND grantee = $5`,
      [kind, object.schema, object.name, privilege, grantee],
    );
  },

  /** Whether `user` may, as superuser, as owner, by a grant or by a grant to PUBLIC. */
  async may(
    connection: DuckDBConnection,
    user: User,
    privilege: string,
    kind: ObjectKind,
    object: TableName,
    withOption = false,
  ): Promise<boolean> {
    if (user.superuser || (await catalogue.owner(connection, kind, object)) === user.name) return true;
    const found = await rows(
      connection,
      `SELECT 1 FROM ${HIDDEN}.grants WHERE kind = $1 AND schema_name = $2 AND name = $3 AND privilege = $4 AND grantee IN ($5, 'public') AND ($6 = false OR grant_option)`,
      kind,
      object.schema,
      object.name,
      privilege,
      user.name,
      withOption,
    );
    return found.length > 0;
  },

  async require(
    connection: DuckDBConnection,
    user: User,
    privilege: string,
    kind: ObjectKind,
    object: TableName,
  ): Promise<void> {
    if (await catalogue.may(connection, user, privilege, kind, object)) return;
    throw new SqlError(`permission denied for ${describeObject(kind, object)}`, "42501");
  },

  async requireOwner(connection: DuckDBConnection, user: User, kind: ObjectKind, object: TableName): Promise<void> {
    if (user.superuser || (await catalogue.owner(connection, kind, object)) === user.name) return;
    throw new SqlError(
      `must be owner of ${describeObject(kind, { ...object, schema: kind === "table" ? "public" : object.schema })}`,
      "42501",
    );
  },
};

function describeObject(kind: ObjectKind, object: TableName): string {
  if (kind === "schema") return `schema ${object.schema}`;
  return kind === "database" ? `database ${object.name}` : `relation ${showName(object)}`;
}

/** Rows of a parameterized query. */
export async function rows(
  connection: DuckDBConnection,
  sql: string,
  ...values: DuckDBValue[]
): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql, values);
  return reader.getRows();
}
