import { catalogue, type ObjectKind, rows } from "../access/catalogue";
import { notCarried, SqlError } from "../errors";
import type { Session } from "../session";
import type { Cursor, TableName } from "../sql/cursor";
import type { Run } from "./read";
import { requireRelation } from "./relations";

/** Privileges by https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html */
const PRIVILEGES: Readonly<Record<ObjectKind, readonly string[]>> = {
  table: ["select", "insert", "update", "delete", "drop", "references", "alter", "truncate"],
  schema: ["create", "usage", "alter", "drop"],
  database: ["create", "temp", "usage", "alter"],
};

interface GrantStatement {
  readonly privileges: readonly string[] | "all";
  readonly kind: ObjectKind;
  readonly objects: readonly TableName[];
  /** ON ALL TABLES IN SCHEMA: those that exist now. */
  readonly allIn: readonly string[];
  readonly grantees: readonly string[];
  readonly option: boolean;
}

export function readGrant(cursor: Cursor, session: Session): Run {
  const grant = readWhat(cursor, session, "to");
  return change(session, grant, async (object, privilege, grantee) => {
    if (grant.option && grantee === "public") throw new SqlError("grant options cannot be granted to PUBLIC", "0LP01");
    await catalogue.grant(session.engine, grant.kind, object, privilege, grantee, grant.option);
  });
}

export function readRevoke(cursor: Cursor, session: Session): Run {
  if (cursor.accept("grant", "option", "for")) throw notCarried("REVOKE GRANT OPTION FOR");
  const revoke = readWhat(cursor, session, "from");
  return change(session, revoke, (object, privilege, grantee) =>
    catalogue.revoke(session.engine, revoke.kind, object, privilege, grantee),
  );
}

function readWhat(cursor: Cursor, session: Session, preposition: "to" | "from"): GrantStatement {
  const database = session.warehouse.settings.database;
  let privileges: string[] | "all" = [];
  if (cursor.accept("all")) {
    cursor.accept("privileges");
    privileges = "all";
  } else {
    do privileges.push(cursor.name());
    while (cursor.acceptSymbol(","));
    if (cursor.peek()?.text === "(") throw notCarried("a privilege on columns");
  }
  if (!cursor.accept("on")) throw notCarried(`GRANT or REVOKE of a role (${privileges})`);
  const kind: ObjectKind = cursor.accept("schema") ? "schema" : cursor.accept("database") ? "database" : "table";
  const objects: TableName[] = [];
  const allIn: string[] = [];
  for (const word of ["function", "procedure", "language", "datashare", "model", "copy", "assumerole"]) {
    if (kind === "table" && cursor.accept(word)) throw notCarried(`GRANT ON ${word.toUpperCase()}`);
  }
  if (kind === "table" && cursor.accept("all", "tables", "in", "schema")) {
    do allIn.push(cursor.name());
    while (cursor.acceptSymbol(","));
  } else {
    if (kind === "table") cursor.accept("table");
    do objects.push(readObject(cursor, kind, database));
    while (cursor.acceptSymbol(","));
  }
  cursor.expect(preposition);
  const grantees: string[] = [];
  do {
    if (cursor.accept("group") || cursor.accept("role")) throw notCarried("a grant to a group or role");
    grantees.push(cursor.name());
  } while (cursor.acceptSymbol(","));
  const option = preposition === "to" && cursor.accept("with", "grant", "option");
  if (preposition === "from" && !cursor.accept("cascade")) cursor.accept("restrict");
  cursor.end();
  if (kind === "database" && privileges !== "all")
    privileges = privileges.map((privilege) => (privilege === "temporary" ? "temp" : privilege));
  const unknown =
    privileges === "all" ? undefined : privileges.find((privilege) => !PRIVILEGES[kind].includes(privilege));
  if (unknown)
    throw new SqlError(
      `invalid privilege type ${unknown.toUpperCase()} for ${kind === "table" ? "relation" : kind}`,
      "0LP01",
    );
  return { privileges, kind, objects, allIn, grantees, option };
}

function readObject(cursor: Cursor, kind: ObjectKind, database: string): TableName {
  if (kind === "schema") return { schema: cursor.name(), name: "" };
  return kind === "database" ? { schema: "", name: cursor.name() } : cursor.table(database);
}

function change(
  session: Session,
  what: GrantStatement,
  apply: (object: TableName, privilege: string, grantee: string) => Promise<void>,
): Run {
  return {
    run: async () => {
      const { engine, user } = session;
      const objects = [...what.objects];
      for (const schema of what.allIn) objects.push(...(await tablesIn(session, schema)));
      for (const grantee of what.grantees) {
        if (grantee !== "public" && !(await catalogue.user(engine, grantee)))
          throw new SqlError(`user "${grantee}" does not exist`, "42704");
      }
      const privileges = what.privileges === "all" ? PRIVILEGES[what.kind] : what.privileges;
      for (const object of objects) {
        if (what.kind === "table") await requireRelation(engine, object);
        else if (what.kind === "schema") await requireSchema(session, object.schema);
        else if (object.name !== session.warehouse.settings.database)
          throw new SqlError(`database "${object.name}" does not exist`, "3D000");
        for (const privilege of privileges) {
          if (!(await catalogue.may(engine, user, privilege, what.kind, object, true))) {
            const named = {
              table: `relation ${object.name}`,
              schema: `schema ${object.schema}`,
              database: `database ${object.name}`,
            };
            throw new SqlError(`permission denied for ${named[what.kind]}`, "42501");
          }
          for (const grantee of what.grantees) await apply(object, privilege, grantee);
        }
      }
      return undefined;
    },
  };
}

async function tablesIn(session: Session, schema: string): Promise<TableName[]> {
  await requireSchema(session, schema);
  const found = await rows(
    session.engine,
    "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() AND table_schema = $1",
    schema,
  );
  return found.map(([name]) => ({ schema, name: String(name).toLowerCase() }));
}

export async function requireSchema(session: Session, schema: string): Promise<void> {
  const found = await rows(
    session.engine,
    "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = $1",
    schema,
  );
  if (found.length === 0) throw new SqlError(`schema "${schema}" does not exist`, "3F000");
}
