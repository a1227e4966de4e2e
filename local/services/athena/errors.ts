import { AwsError } from "../../gateway/types";

/** A call that Athena refuses: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html#API_StartQueryExecution_Errors */
export function invalid(message: string): AwsError {
  return new AwsError("InvalidRequestException", message);
}

export { notCarried, QueryError } from "../../lake/errors";
