/** A connection to the warehouse by a driver: one session, whose temporary tables and transaction end with it. */
export interface DriverSession {
  /** Process of the session, by which system views name it. */
  readonly pid: number;
  /**
   * Runs one statement and answers its rows, every value as text, NULL as null.
   *
   * @throws SqlFailure when the warehouse refuses the statement
   * @throws Error of any other class when the connection is lost: nobody knows then what became of the statement
   */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  /** Ends the session, and with it what it has not committed. Safe to call twice, and on a lost connection. */
  close(): Promise<void>;
}

export interface Driver {
  /** A new session. @throws SqlFailure when the warehouse cannot be reached, or does not let the user in */
  open(): Promise<DriverSession>;
}
