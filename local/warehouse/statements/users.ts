import { catalogue } from "../access/catalogue";
import { notCarried, SqlError } from "../errors";
import type { Session } from "../session";
import type { Cursor } from "../sql/cursor";
import type { Run } from "./read";

interface UserOptions {
  password?: string | null;
  superuser?: boolean;
  createdb?: boolean;
}

/** CREATE USER, by https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html. Only superusers make users here. */
export function readCreateUser(cursor: Cursor, session: Session): Run {
  const name = cursor.name();
  const options = readOptions(cursor);
  if (options.password === undefined)
    throw new SqlError("a password is required: PASSWORD '...' or PASSWORD DISABLE", "42601");
  const { password, superuser = false, createdb = false } = options;
  if (superuser && password === null) throw new SqlError("You can't disable the password of a superuser", "22023");
  return {
    run: async () => {
      if (!session.user.superuser) throw new SqlError("must be superuser to create users", "42501");
      await catalogue.createUser(session.engine, { name, password, superuser, createdb });
      return undefined;
    },
  };
}

/** ALTER USER, by https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html. A user may change their own password. */
export function readAlterUser(cursor: Cursor, session: Session): Run {
  const name = cursor.name();
  const renamed = cursor.accept("rename", "to") ? cursor.name() : undefined;
  const options = renamed ? {} : readOptions(cursor);
  cursor.end();
  return {
    run: async () => {
      const { engine } = session;
      const user = await catalogue.user(engine, name);
      const ownPassword =
        name === session.user.name && Object.keys(options).join() === "password" && options.password !== null;
      if (!session.user.superuser && !ownPassword)
        throw new SqlError(`must be superuser to alter user "${name}"`, "42501");
      if (!user) throw new SqlError(`user "${name}" does not exist`, "42704");
      if (options.password === null && user.superuser)
        throw new SqlError("You can't disable the password of a superuser", "22023");
      if (renamed) await catalogue.renameUser(engine, name, renamed);
      if (options.password !== undefined) await catalogue.setPassword(engine, name, options.password);
      if (options.superuser !== undefined) await catalogue.setFlag(engine, name, "superuser", options.superuser);
      if (options.createdb !== undefined) await catalogue.setFlag(engine, name, "createdb", options.createdb);
      return undefined;
    },
  };
}

export function readDropUser(cursor: Cursor, session: Session): Run {
  const ifExists = cursor.accept("if", "exists");
  const names = [cursor.name()];
  while (cursor.acceptSymbol(",")) names.push(cursor.name());
  cursor.end();
  return {
    run: async () => {
      if (!session.user.superuser) throw new SqlError("must be superuser to drop users", "42501");
      for (const name of names) {
        if (name === session.user.name) throw new SqlError("current user cannot be dropped", "55006");
        if (await catalogue.user(session.engine, name)) await catalogue.dropUser(session.engine, name);
        else if (!ifExists) throw new SqlError(`user "${name}" does not exist`, "42704");
      }
      return undefined;
    },
  };
}

function readOptions(cursor: Cursor): UserOptions {
  const options: UserOptions = {};
  cursor.accept("with");
  while (!cursor.done) {
    if (cursor.accept("password")) options.password = cursor.accept("disable") ? null : cursor.string();
    else if (cursor.accept("createuser")) options.superuser = true;
    else if (cursor.accept("nocreateuser")) options.superuser = false;
    else if (cursor.accept("createdb")) options.createdb = true;
    else if (cursor.accept("nocreatedb")) options.createdb = false;
    else if (cursor.accept("syslog", "access")) {
      if (!cursor.accept("restricted")) throw notCarried("SYSLOG ACCESS UNRESTRICTED");
    } else throw notCarried(`user option ${cursor.next().text.toUpperCase()}`);
  }
  return options;
}
