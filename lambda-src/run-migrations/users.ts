import { identifier, literal } from "../data-api/quote";
import { despiteConflicts, type Waiting } from "../data-api/retry";
import { type Sql, SqlFailure } from "../data-api/sql";
import { RunError } from "./errors";
import type { DatabaseUser, ParameterUser, PasswordUser } from "./event";
import { hashed, newPassword } from "./password";

/** A user with a password of its own, wherever that is kept. */
export type WithPassword = PasswordUser | ParameterUser;

/** Where a user's password is kept. */
export interface Secrets {
  /** The user's current text, or undefined while it has none. */
  read(user: WithPassword): Promise<string | undefined>;
  /** Gives it its first text. Of two that do so at once either may stay; who reads afterwards knows which. */
  writeFirst(user: WithPassword, text: string): Promise<void>;
}

const placeOf = (user: WithPassword) =>
  "secretArn" in user ? `secret ${user.secretArn}` : `parameter ${user.parameter.name}`;

const ROUNDS = 5;

/** Makes the database user, with a password or for an IAM identity, and gives it its grants. */
export async function ensureUser(sql: Sql, secrets: Secrets, user: DatabaseUser, waiting: Waiting): Promise<void> {
  // The Data API makes an IAM identity's user at its first call too, then without a grant: made here before, or found.
  if (!("secretArn" in user || "parameter" in user)) return setUp(sql, user, { create: "PASSWORD DISABLE" }, waiting);
  await ensurePasswordUser(sql, secrets, user, waiting);
}

/**
 * Makes the database user what its secret says, and gives it its grants.
 *
 * The secret comes first and an existing one is used as it is: a run that died anywhere leaves a secret that the next run
 * applies, and no run rotates a password that a delivery stream is using. The secret is read again at the end, because
 * the last one to set the password must be the one that saw the last secret.
 */
async function ensurePasswordUser(sql: Sql, secrets: Secrets, user: WithPassword, waiting: Waiting): Promise<void> {
  let password = await passwordOf(secrets, user);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await setPassword(sql, user, password, waiting);
    const now = await passwordOf(secrets, user);
    if (now === password) return;
    password = now;
  }
  throw new RunError(
    `user ${user.name}: its secret changed ${ROUNDS} times during the run; apply again when nothing else writes it`,
  );
}

async function passwordOf(secrets: Secrets, user: WithPassword): Promise<string> {
  const existing = await secrets.read(user);
  if (existing !== undefined) return parse(existing, user);
  await secrets.writeFirst(user, JSON.stringify({ username: user.name, password: newPassword() }));
  // Read back rather than remembered: if two runs wrote, the one that is kept counts.
  const kept = await secrets.read(user);
  if (kept === undefined) throw new RunError(`user ${user.name}: ${placeOf(user)} is still empty after it was written`);
  return parse(kept, user);
}

/** Firehose takes exactly these two keys. The text is never quoted in an error. */
function parse(text: string, user: WithPassword): string {
  try {
    const value: unknown = JSON.parse(text);
    const { username, password } = value as Record<string, unknown>;
    if (
      username === user.name &&
      typeof password === "string" &&
      password !== "" &&
      Object.keys(value as object).length === 2
    )
      return password;
  } catch {
    // Said below, without the text.
  }
  throw new RunError(
    `user ${user.name}: ${placeOf(user)} must be exactly {"username": "${user.name}", "password": "..."}; correct it, or delete the ${"secretArn" in user ? "secret" : "parameter"} so that the next apply makes it new`,
  );
}

function setPassword(sql: Sql, user: WithPassword, password: string, waiting: Waiting): Promise<void> {
  const word = `PASSWORD ${literal(hashed(password, user.name))}`;
  return setUp(sql, user, { create: word, alter: word }, waiting);
}

/** Creates the user, or alters it where there is something to alter, in one transaction with its grants. */
async function setUp(
  sql: Sql,
  user: DatabaseUser,
  options: { readonly create: string; readonly alter?: string },
  waiting: Waiting,
): Promise<void> {
  const name = identifier(user.name);
  const run = (...statements: readonly string[]) =>
    sql.transaction(`setting up user ${user.name}`, [...statements, ...grantsOf(user)]);
  const alter = () => (options.alter === undefined ? run() : run(`ALTER USER ${name} ${options.alter}`));
  const createOrAlter = async () => {
    if (await exists(sql, user.name)) return alter();
    try {
      return await run(`CREATE USER ${name} ${options.create}`);
    } catch (error) {
      // Another run may have created it between the look and the statement.
      if (error instanceof SqlFailure && (await exists(sql, user.name))) return alter();
      throw error;
    }
  };
  try {
    await despiteConflicts(waiting, createOrAlter);
  } catch (error) {
    if (!(error instanceof SqlFailure)) throw error;
    throw new RunError(`user ${user.name} cannot be set up: ${withoutHash(error.message)}`);
  }
}

async function exists(sql: Sql, name: string): Promise<boolean> {
  const rows = await sql.rows(
    `looking for user ${name}`,
    `SELECT usename FROM pg_user WHERE usename = ${literal(name)}`,
  );
  return rows.length > 0;
}

/** USAGE on the schema is needed to name the table at all; COPY needs INSERT on the table and nothing else. */
function grantsOf({ name, grants }: DatabaseUser): readonly string[] {
  return grants.flatMap(({ schema, table, privileges }) => [
    `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${identifier(name)}`,
    `GRANT ${privileges.join(", ")} ON TABLE ${identifier(schema)}.${identifier(table)} TO ${identifier(name)}`,
  ]);
}

/** A warehouse that quotes the statement in its error would quote the hash. */
const withoutHash = (message: string) => message.replace(/\bmd5[0-9a-f]+/g, "md5...");
