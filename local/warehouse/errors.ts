/**
 * A statement failed. The message is worded as Redshift words it, without the `ERROR:` that drivers put in front.
 * `sqlState` is the five-letter code that a driver would give (`42501` no privilege, `42P01` no table, `25P02` aborted transaction ...).
 */
export class SqlError extends Error {
  constructor(
    message: string,
    readonly sqlState = "XX000",
  ) {
    super(message);
    this.name = "SqlError";
  }
}

/** A statement or option that this warehouse does not carry: said by name, never guessed at. */
export function notCarried(what: string): SqlError {
  return new SqlError(`${what} is not carried by the local warehouse`, "0A000");
}

/** What a transaction gets that wrote what another had changed since it began. */
export function serializationFailure(): SqlError {
  return new SqlError(
    "1023 Serializable isolation violation: another transaction changed the same rows or objects; run the transaction again",
    "40001",
  );
}

export function syntaxError(near: string | undefined): SqlError {
  return new SqlError(near ? `syntax error at or near "${near}"` : "syntax error at end of input", "42601");
}

/** What DuckDB says, as Redshift would say it; what has no counterpart keeps DuckDB's words. */
export function translate(error: unknown): Error {
  if (error instanceof SqlError) return error;
  // Not `instanceof Error`: the engine's errors are made outside of JavaScript's realm.
  const text = String((error as Partial<Error> | null)?.message ?? error);
  const first = (text.split("\n")[0] ?? text).replace(/^[A-Za-z]+(?: [A-Za-z]+)? Error: /, "");
  for (const [pattern, word] of TRANSLATIONS) {
    const match = pattern.exec(text);
    if (match) return word(match);
  }
  return new SqlError(first);
}

/** The engine's names of types in its conversion errors. */
const TYPES: Readonly<Record<string, string>> = {
  INT16: "smallint",
  INT32: "integer",
  INT64: "bigint",
  FLOAT: "real",
  DOUBLE: "double precision",
  BOOL: "boolean",
};

const TRANSLATIONS: readonly (readonly [RegExp, (match: RegExpExecArray) => SqlError])[] = [
  [
    /Table with name "?([^"\s!]+)"? does not exist/,
    ([, name]) => new SqlError(`relation "${name!.toLowerCase()}" does not exist`, "42P01"),
  ],
  [
    /Table with name "?([^"\s!]+)"? already exists/,
    ([, name]) => new SqlError(`Relation "${name}" already exists`, "42P07"),
  ],
  [
    /Schema with name "?([^"\s!]+)"? does not exist/,
    ([, name]) => new SqlError(`schema "${name}" does not exist`, "3F000"),
  ],
  [
    /Schema with name "?([^"\s!]+)"? already exists/,
    ([, name]) => new SqlError(`Schema "${name}" already exists`, "42P06"),
  ],
  [
    /(?:Scalar|Aggregate|Table) Function with name "?([^"\s!]+)"? does not exist/,
    ([, name]) => new SqlError(`function ${name}() does not exist`, "42883"),
  ],
  [
    /Referenced column "([^"]+)" (?:was )?not found|Table "[^"]*" does not have a column (?:named|with name) "([^"]+)"/,
    ([, a, b]) => new SqlError(`column "${a ?? b}" does not exist`, "42703"),
  ],
  [
    /NOT NULL constraint failed: (?:[^.\s]+\.)*([^.\s]+)/,
    ([, column]) => new SqlError(`Cannot insert a NULL value into column ${column}`, "23502"),
  ],
  [
    /CHECK constraint failed on table \S+ with expression CHECK\(\(strlen\(.*\) <= (\d+)\)\)/,
    ([, bytes]) => new SqlError(`Value too long for character type: the column takes ${bytes} bytes`, "22001"),
  ],
  [
    /Conflict on|write-write conflict|Cannot update a table that has been altered|has been altered by a different transaction|Transaction conflict|conflict on tuple deletion/i,
    () => serializationFailure(),
  ],
  [
    /Could not convert string '(.*)' to (\w+)/s,
    ([, value, type]) =>
      new SqlError(`invalid input syntax for type ${TYPES[type!] ?? type!.toLowerCase()}: "${value}"`, "22P02"),
  ],
  [
    /No space left|Could not write all bytes|not enough disk space/i,
    () => new SqlError("Disk Full: no space is left for the warehouse's files", "53100"),
  ],
  [
    /Malformed JSON(?: at byte \d+ of input)?: ([^.\n]*)/,
    ([, why]) => new SqlError(`JSON parsing error: ${why}`, "22P02"),
  ],
  [/duplicate name "([^"]*)" in struct/, ([, name]) => notCarried(`a SUPER object with the attribute "${name}" twice`)],
  [/Divide by zero/, () => new SqlError("Divide by zero", "22012")],
  [/INTERRUPT/i, () => new SqlError("Query cancelled on user's request", "57014")],
  [/Parser Error: syntax error at or near "([^"]*)"/, ([, near]) => syntaxError(near)],
  [/Parser Error: syntax error at end of input/, () => syntaxError(undefined)],
];
