import { createHash } from "node:crypto";
import { leadingWords, splitStatements } from "./split";

/** A numbered SQL file, as it stands in `sql/<dataset>/`. */
export interface MigrationFile {
  /** `001_create_table.sql`. */
  readonly name: string;
  /** Its text, line ends as LF. */
  readonly sql: string;
}

/** `NNN_what_it_does.sql`: three digits, then lower-case words. */
export const MIGRATION_NAME = /^(\d{3})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/;
export const MIGRATION_NAME_RULE =
  "three digits, then lower-case words joined by underscores, such as 001_create_table.sql";

/** A Data API batch takes 40 statements; three of them are ours: the lock, the guard and the record (see apply.ts). */
const STATEMENTS_PER_FILE = 40 - 3;
/** Data API limit on one statement's text. */
const STATEMENT_BYTES = 100_000;

export const numberOf = (name: string): number => Number(MIGRATION_NAME.exec(name)?.[1]);

/** Line ends are not content: a checkout with CRLF must give the same checksum and the same planned input. */
export const normalised = (text: string): string => text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");

/** Hex SHA-256 of the text with LF line ends: what is recorded and compared. */
export const checksumOf = (sql: string): string => createHash("sha256").update(normalised(sql)).digest("hex");

/**
 * Statements that end the transaction or refuse to run in one. A file is applied and recorded in one transaction, so such a
 * statement would leave it half applied or unrecorded.
 */
const NOT_IN_A_TRANSACTION: readonly string[] = [
  "BEGIN",
  "START TRANSACTION",
  "COMMIT",
  "END",
  "ROLLBACK",
  "ABORT",
  "TRUNCATE",
  "VACUUM",
  "CREATE DATABASE",
  "ALTER DATABASE",
  "DROP DATABASE",
  "CREATE EXTERNAL TABLE",
  "ALTER EXTERNAL TABLE",
  "DROP EXTERNAL TABLE",
  "CREATE LIBRARY",
  "DROP LIBRARY",
];

export type Checked =
  | { readonly kind: "statements"; readonly statements: readonly string[] }
  | { readonly kind: "refused"; readonly reason: string };

/** The statements of a file, or why it cannot be applied as one transaction. Pure: used at synth and again in the function. */
export function statementsOf({ name, sql }: MigrationFile): Checked {
  const split = splitStatements(normalised(sql));
  if (split.kind === "unterminated")
    return refused(`${name}: the ${split.what} that opens in line ${split.line} has no end`);
  const { statements } = split;
  if (statements.length === 0) return refused(`${name}: holds no statement`);
  if (statements.length > STATEMENTS_PER_FILE) {
    return refused(
      `${name}: holds ${statements.length} statements, at most ${STATEMENTS_PER_FILE} fit into one transaction; cut it into two files`,
    );
  }
  for (const [index, statement] of statements.entries()) {
    const bytes = Buffer.byteLength(statement);
    if (bytes > STATEMENT_BYTES) {
      return refused(
        `${name}: statement ${index + 1} has ${bytes} bytes, the Data API takes at most ${STATEMENT_BYTES}`,
      );
    }
    const words = ` ${leadingWords(statement, 3).join(" ")} `;
    const forbidden = NOT_IN_A_TRANSACTION.find((start) => words.startsWith(` ${start} `));
    if (forbidden) {
      return refused(
        `${name}: statement ${index + 1} is ${forbidden}, which cannot be part of the transaction that applies and records the file`,
      );
    }
  }
  return { kind: "statements", statements };
}

const refused = (reason: string): Checked => ({ kind: "refused", reason });
