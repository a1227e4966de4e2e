import { literal } from "../data-api/quote";
import { backOff, despiteConflicts, type Waiting, worthRetrying } from "../data-api/retry";
import { type Sql, SqlFailure } from "../data-api/sql";
import { RunError } from "./errors";
import { checksumOf, type MigrationFile, statementsOf } from "./migration";
import { plan, type Recorded } from "./plan";
import { type Values, withValues } from "./values";

/** One history for every dataset of a database, so two stacks can share a warehouse. Keys are not enforced by Redshift; the guard is what keeps it true. */
const HISTORY = "redstream.migrations";
const PREPARE = [
  "CREATE SCHEMA IF NOT EXISTS redstream",
  `CREATE TABLE IF NOT EXISTS ${HISTORY} (dataset VARCHAR(127) NOT NULL, name VARCHAR(255) NOT NULL, checksum VARCHAR(64) NOT NULL, applied_at TIMESTAMP NOT NULL)`,
];

/**
 * Applies the files that the history lacks, each in one transaction with its record, and answers their names.
 *
 * Safe beside another applier: every transaction locks the history and then fails unless the history is as long as it was
 * when it was read. The loser reads again and finds the file recorded, or that the files disagree.
 */
export async function applyMigrations(
  sql: Sql,
  dataset: string,
  files: readonly MigrationFile[],
  waiting: Waiting,
  values: Values = {},
): Promise<readonly string[]> {
  await prepare(sql, waiting);
  const applied: string[] = [];
  let history = await readHistory(sql, dataset);
  let conflicts = 0;
  for (;;) {
    const planned = plan(files, history);
    if (planned.kind === "refused") throw new RunError(planned.reason);
    const [file] = planned.files;
    if (!file) return applied;
    const statements = transactionOf(dataset, file, history.length, waiting.now(), values);
    try {
      await sql.transaction(`applying ${file.name}`, statements);
      history = [...history, { name: file.name, checksum: checksumOf(file.sql) }];
      applied.push(file.name);
      conflicts = 0;
    } catch (error) {
      if (!(error instanceof SqlFailure)) throw error;
      const seen = history;
      history = await readHistory(sql, dataset);
      // Another applier was first, or this one did commit and the answer was lost: look at what is left to do now.
      if (history.length !== seen.length) continue;
      conflicts += 1;
      if (!worthRetrying(error, conflicts)) throw failureOf(file, error, statements);
      await waiting.sleep(backOff(conflicts));
    }
  }
}

/** Lock, guard, the file, its record: one transaction. */
function transactionOf(
  dataset: string,
  file: MigrationFile,
  expected: number,
  now: Date,
  values: Values,
): readonly string[] {
  const checked = statementsOf(file);
  if (checked.kind === "refused") throw new RunError(checked.reason);
  const of = `dataset = ${literal(dataset)}`;
  return [
    // Redshift takes its snapshot at the first query, not at LOCK: after the wait the guard sees what the other one committed.
    `LOCK TABLE ${HISTORY}`,
    // There is no branching in a batch: text that is no number fails the cast, and with it the transaction.
    `SELECT CAST(CASE WHEN COUNT(*) = ${expected} THEN '0' ELSE 'history has ' || CAST(COUNT(*) AS VARCHAR) || ' files' END AS INTEGER) FROM ${HISTORY} WHERE ${of}`,
    ...checked.statements.map((statement) => withValues(file.name, statement, values)),
    `INSERT INTO ${HISTORY} (dataset, name, checksum, applied_at) VALUES (${literal(dataset)}, ${literal(file.name)}, ${literal(checksumOf(file.sql))}, ${timestamp(now)})`,
  ];
}

async function prepare(sql: Sql, waiting: Waiting): Promise<void> {
  try {
    await despiteConflicts(waiting, () => sql.transaction("preparing the migration history", PREPARE));
  } catch (error) {
    if (!(error instanceof SqlFailure)) throw error;
    throw new RunError(`the migration history ${HISTORY} cannot be prepared: ${error.message}`);
  }
}

async function readHistory(sql: Sql, dataset: string): Promise<readonly Recorded[]> {
  const rows = await sql.rows(
    "reading the migration history",
    `SELECT name, checksum FROM ${HISTORY} WHERE dataset = ${literal(dataset)} ORDER BY name`,
  );
  return rows.map(([name, checksum]) => ({ name: name ?? "", checksum: checksum ?? "" }));
}

function failureOf(file: MigrationFile, failure: SqlFailure, statements: readonly string[]): RunError {
  const index = failure.statement;
  // The lock and the guard come first, the record last; a failure there is not the file's.
  const own = index !== undefined && index >= 2 && index < statements.length - 1;
  const where = own ? `statement ${index - 1} (${excerpt(statements[index]!)})` : "the transaction";
  return new RunError(
    `${file.name}: ${where} failed: ${failure.message}. Nothing of this file was kept; the files before it are applied and recorded. Correct it and apply again`,
  );
}

/** The start of a statement, in one line. */
function excerpt(statement: string): string {
  const line = statement.replace(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 120)}...` : line;
}

const timestamp = (at: Date) => `TIMESTAMP ${literal(at.toISOString().slice(0, 19).replace("T", " "))}`;
