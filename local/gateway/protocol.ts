import { randomUUID } from "node:crypto";
import type { Protocol } from "./detect";
import type { AwsError, AwsResponse } from "./types";

/** Codes that the query protocols spell in their own way. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  AccessDeniedException: "AccessDenied",
  ExpiredTokenException: "ExpiredToken",
  IncompleteSignatureException: "IncompleteSignature",
  InvalidSignatureException: "SignatureDoesNotMatch",
  MissingAuthenticationTokenException: "MissingAuthenticationToken",
  UnrecognizedClientException: "InvalidClientTokenId",
};

/** Refusals of identity, which the JSON protocol answers with 400 and the others with 403. */
const IDENTITY: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "UnrecognizedClientException",
]);

/** An error in the words of a protocol: https://smithy.io/2.0/aws/protocols/index.html. */
export function encodeError(error: AwsError, protocol: Protocol, requestId: string = randomUUID()): AwsResponse {
  switch (protocol) {
    case "json": {
      const code = error.code === "AccessDenied" ? "AccessDeniedException" : error.code;
      return {
        status: IDENTITY.has(code) ? 400 : error.status,
        headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": requestId },
        body: JSON.stringify({ __type: code, message: error.message }),
      };
    }
    case "rest-json": {
      const code = error.code === "AccessDenied" ? "AccessDeniedException" : error.code;
      return {
        status: error.status,
        headers: { "content-type": "application/json", "x-amzn-requestid": requestId, "x-amzn-errortype": code },
        body: JSON.stringify({ message: error.message }),
      };
    }
    case "query":
      return xml(error, requestId, (code, message) => {
        const type = error.status < 500 ? "Sender" : "Receiver";
        return `<ErrorResponse><Error><Type>${type}</Type>${code}${message}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
      });
    case "ec2":
      return xml(
        error,
        requestId,
        (code, message) =>
          `<Response><Errors><Error>${code}${message}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
      );
    case "s3":
      return xml(
        error,
        requestId,
        (code, message) => `<Error>${code}${message}<RequestId>${requestId}</RequestId></Error>`,
      );
  }
}

function xml(error: AwsError, requestId: string, wrap: (code: string, message: string) => string): AwsResponse {
  const code = `<Code>${escaped(QUERY_CODES[error.code] ?? error.code)}</Code>`;
  const body = wrap(code, `<Message>${escaped(error.message)}</Message>`);
  return {
    status: error.status,
    headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}

function escaped(text: string): string {
  const signs: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (sign) => signs[sign]!);
}
