import { AwsError } from "../../gateway/types";

/** A call that Athena refuses: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html#API_StartQueryExecution_Errors */
export function invalid(message: string): AwsError {
  return new AwsError("InvalidRequestException", message);
}

/** Why a query that was taken did not succeed: the words of its StateChangeReason. */
export class QueryError extends Error {
  override name = "QueryError";
}

/** What AWS may know and this service does not. Said by name; never guessed. */
export function notCarried(what: string): QueryError {
  return new QueryError(`${what} is not carried by the local Athena`);
}
