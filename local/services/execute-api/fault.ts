/** Types of gateway responses that are given here, with AWS's status and text: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
export const FAULTS = {
  ACCESS_DENIED: [403, "AccessDeniedException", "Forbidden"],
  AUTHORIZER_CONFIGURATION_ERROR: [500, "InternalServerErrorException", "Internal server error"],
  API_CONFIGURATION_ERROR: [500, "InternalServerErrorException", "Internal server error"],
  BAD_REQUEST_BODY: [400, "BadRequestException", "Invalid request body"],
  BAD_REQUEST_PARAMETERS: [400, "BadRequestException", "Missing required request parameters"],
  INTEGRATION_FAILURE: [504, "InternalServerErrorException", "Network error communicating with endpoint"],
  INTEGRATION_TIMEOUT: [504, "InternalServerErrorException", "Endpoint request timed out"],
  INVALID_API_KEY: [403, "ForbiddenException", "Forbidden"],
  MISSING_AUTHENTICATION_TOKEN: [403, "MissingAuthenticationTokenException", "Missing Authentication Token"],
  QUOTA_EXCEEDED: [429, "LimitExceededException", "Limit Exceeded"],
  REQUEST_TOO_LARGE: [413, "RequestTooLargeException", "Request Too Long"],
  THROTTLED: [429, "TooManyRequestsException", "Too Many Requests"],
  UNAUTHORIZED: [401, "UnauthorizedException", "Unauthorized"],
  UNSUPPORTED_MEDIA_TYPE: [415, "UnsupportedMediaTypeException", "Unsupported Media Type"],
} as const satisfies Record<string, readonly [number, string, string]>;

export type FaultType = keyof typeof FAULTS;

/** A request that API Gateway answers itself, without or after the service behind it. */
export class Fault extends Error {
  constructor(
    readonly type: FaultType,
    /** What the client reads; AWS's own text for the type when left out. */
    message: string = FAULTS[type][2],
    /** What only the log says. */
    readonly reason: string = message,
  ) {
    super(message);
  }
}

/** A configuration that API Gateway could not carry out, or that this local one does not know: a 500 that says no more, and a log line that does. */
export const misconfigured = (reason: string): Fault => new Fault("API_CONFIGURATION_ERROR", undefined, reason);
