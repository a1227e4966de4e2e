/** What this function needs of a warehouse; the Data API in production, a fake in tests. */
export interface Sql {
  /** Runs the statements, in order, as one transaction: all or none. Rejects with SqlFailure. */
  transaction(doing: string, statements: readonly string[]): Promise<void>;
  /** Rows of one query, every value as text, NULL as null. Rejects with SqlFailure. */
  rows(doing: string, query: string): Promise<readonly (readonly (string | null)[])[]>;
}

/** The warehouse refused. */
export class SqlFailure extends Error {
  constructor(
    /** The warehouse's own words. */
    message: string,
    /** Which statement of the transaction, from 0, where it is known. */
    readonly statement?: number,
    /** Process of the session it ran in, by which system views name it, where it is known. */
    readonly pid?: number,
  ) {
    super(message);
    this.name = "SqlFailure";
  }
}

/**
 * Failures that say "someone else was there", not "your SQL is wrong": Redshift's error 1023, a broken deadlock, and what two
 * CREATE ... IF NOT EXISTS or two ALTER USER at the same moment give in the catalogue.
 */
const CONFLICT = /\b1023\b|serializable isolation|deadlock|conflict|concurrent|duplicate key/i;

export const isConflict = (failure: SqlFailure): boolean => CONFLICT.test(failure.message);
