/** Why a query that was taken did not succeed, in Athena's words. */
export class QueryError extends Error {
  override name = "QueryError";
}

/** What AWS may know and nothing here does. Said by name; never guessed. */
export class NotCarried extends QueryError {
  constructor(readonly what: string) {
    super(`${what} is not carried by the local Athena`);
  }
}

export const notCarried = (what: string) => new NotCarried(what);
