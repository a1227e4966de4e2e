import { RunError } from "./errors";
import { checksumOf, MIGRATION_NAME, MIGRATION_NAME_RULE, numberOf } from "./migration";
import { VALUE_NAME, type Values } from "./values";

/** Table rights that a user may be given. */
export const PRIVILEGES = ["SELECT", "INSERT", "DELETE"] as const;
export type Privilege = (typeof PRIVILEGES)[number];

export interface Grant {
  readonly schema: string;
  readonly table: string;
  readonly privileges: readonly Privilege[];
}

/** Logs in with a password of its own. */
export interface PasswordUser {
  readonly name: string;
  /** Secret that holds, or will hold, `{"username", "password"}`. */
  readonly secretArn: string;
  readonly grants: readonly Grant[];
}

/** The same, with the password in a SecureString of SSM. */
export interface ParameterUser {
  readonly name: string;
  readonly parameter: {
    /** Name of the parameter, which is there: Terraform makes it, with `NO_PASSWORD_YET` in it. */
    readonly name: string;
    /** ARN of the key that encrypts it. */
    readonly keyArn: string;
  };
  readonly grants: readonly Grant[];
}

/** What the parameter holds until the first run. */
export const NO_PASSWORD_YET = "none yet";

/** An IAM identity as the Data API logs it in: `IAMR:role` or `IAM:user`. It has no password, and so no secret. */
export interface IamUser {
  readonly name: string;
  readonly grants: readonly Grant[];
}

export type DatabaseUser = PasswordUser | ParameterUser | IamUser;

/** What the function is invoked with. `modules/query-runner` writes it. */
export interface RunMigrationsEvent {
  /** Name under which the files are recorded, such as `telemetry`. */
  readonly dataset: string;
  readonly migrations: readonly { readonly name: string; readonly sql: string; readonly checksum?: string }[];
  readonly users: readonly DatabaseUser[];
  /** What the files name as `:'name'` and `:"name"`. The recorded checksum is that of the text without them: another value runs nothing again. */
  readonly values?: Values;
}

/** Kept in the Terraform state, so it is small and says nothing that is secret. */
export interface RunMigrationsResult {
  readonly dataset: string;
  /** Files applied by this run. */
  readonly applied: readonly string[];
  /** Files recorded in all. */
  readonly recorded: number;
  readonly users: readonly string[];
}

/** The event, or a RunError that says which part is wrong. */
export function readEvent(event: unknown): RunMigrationsEvent {
  const { dataset, migrations, users = [], values } = object(event, "the event");
  if (typeof dataset !== "string" || !/^[a-z][a-z0-9_]{0,126}$/.test(dataset)) {
    throw new RunError(
      `dataset must be 1 to 127 lower-case letters, digits and underscores, got ${JSON.stringify(dataset)}`,
    );
  }
  return {
    dataset,
    migrations: inOrder(list(migrations, "migrations").map(readMigration)),
    users: list(users, "users").map(readUser),
    ...(values === undefined ? {} : { values: readValues(values) }),
  };
}

function readValues(value: unknown): Values {
  const values = object(value, "values");
  for (const [name, text] of Object.entries(values)) {
    if (!VALUE_NAME.test(name) || typeof text !== "string" || text === "") {
      throw new RunError(
        `values must be text by names of lower-case letters, digits and underscores, got ${JSON.stringify(name)}: ${JSON.stringify(text)}`,
      );
    }
  }
  return values as Values;
}

function readMigration(value: unknown, index: number): RunMigrationsEvent["migrations"][number] {
  const { name, sql, checksum } = object(value, `migrations[${index}]`);
  if (typeof name !== "string" || !MIGRATION_NAME.test(name)) {
    throw new RunError(`migrations[${index}].name must be ${MIGRATION_NAME_RULE}, got ${JSON.stringify(name)}`);
  }
  if (typeof sql !== "string") throw new RunError(`migrations[${index}].sql must be a string`);
  if (checksum !== undefined && checksum !== checksumOf(sql)) {
    throw new RunError(
      `${name}: the given checksum ${JSON.stringify(checksum)} is not that of its text, ${checksumOf(sql)}`,
    );
  }
  return { name, sql };
}

/** Numbers run from 001 without a gap, so that a file that is missing is seen. */
function inOrder<M extends { readonly name: string }>(migrations: readonly M[]): readonly M[] {
  const problem = numberingProblem(migrations.map(({ name }) => name));
  if (problem) throw new RunError(problem);
  return [...migrations].sort((a, b) => numberOf(a.name) - numberOf(b.name));
}

/** What is wrong with the numbers of these files, if anything. Their names are well formed. */
export function numberingProblem(names: readonly string[]): string | undefined {
  const sorted = [...names].sort();
  for (const [index, name] of sorted.entries()) {
    const expected = index + 1;
    const before = sorted[index - 1];
    if (before !== undefined && numberOf(before) === numberOf(name))
      return `${before} and ${name} have the same number`;
    if (numberOf(name) !== expected) return `${String(expected).padStart(3, "0")} is missing: the next file is ${name}`;
  }
  return undefined;
}

function readUser(value: unknown, index: number): DatabaseUser {
  const { name, secretArn, parameter, grants = [] } = object(value, `users[${index}]`);
  if (typeof name !== "string" || name === "")
    throw new RunError(`users[${index}].name must be a database user's name`);
  const granted = list(grants, `users[${index}].grants`).map((grant, at) =>
    readGrant(grant, `users[${index}].grants[${at}]`),
  );
  if (IAM_USER.test(name)) {
    const useless = secretArn !== undefined ? "secretArn" : parameter !== undefined ? "parameter" : undefined;
    if (useless !== undefined)
      throw new RunError(`users[${index}].${useless} must be left out: ${name} logs in by IAM and has no password`);
    return { name, grants: granted };
  }
  if (parameter !== undefined) {
    if (secretArn !== undefined)
      throw new RunError(`users[${index}] must have secretArn or parameter, got both: a password has one place`);
    return { name, parameter: readParameter(parameter, `users[${index}].parameter`), grants: granted };
  }
  if (typeof secretArn !== "string" || secretArn === "")
    throw new RunError(`users[${index}].secretArn must be a secret's ARN`);
  return { name, secretArn, grants: granted };
}

function readParameter(value: unknown, where: string): ParameterUser["parameter"] {
  const { name, keyArn } = object(value, where);
  if (typeof name !== "string" || name === "" || typeof keyArn !== "string" || keyArn === "")
    throw new RunError(`${where} must have the parameter's name and its key's keyArn`);
  return { name, keyArn };
}

/** How Redshift names a role and a user of IAM: https://docs.aws.amazon.com/redshift/latest/mgmt/generating-iam-credentials-role-permissions.html */
const IAM_USER = /^IAMR?:./;

function readGrant(value: unknown, where: string): Grant {
  const { schema, table, privileges } = object(value, where);
  if (typeof schema !== "string" || typeof table !== "string")
    throw new RunError(`${where} must name schema and table`);
  const known = list(privileges, `${where}.privileges`).map((privilege) => {
    const found = PRIVILEGES.find((one) => one === privilege);
    if (!found)
      throw new RunError(`${where}.privileges must be of ${PRIVILEGES.join(", ")}, got ${JSON.stringify(privilege)}`);
    return found;
  });
  return { schema, table, privileges: known };
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RunError(`${where} must be an object`);
  return value as Record<string, unknown>;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new RunError(`${where} must be a list`);
  return value;
}
