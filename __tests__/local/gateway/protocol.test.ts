import { encodeError } from "../../../local/gateway/protocol";
import { AwsError } from "../../../local/gateway/types";

const denied = new AwsError("AccessDenied", "User: a<b> may not", 403);
const signature = new AwsError("InvalidSignatureException", "wrong", 403);

it("words JSON 1.1 errors with __type, refusals of identity with 400", () => {
  expect(encodeError(denied, "json", "id")).toEqual({
    status: 400,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "id" },
    body: '{"__type":"AccessDeniedException","message":"User: a<b> may not"}',
  });
  expect(encodeError(new AwsError("InternalFailure", "m", 500), "json", "id").status).toBe(500);
});

it("words REST-JSON errors with the error type in a header", () => {
  expect(encodeError(signature, "rest-json", "id")).toEqual({
    status: 403,
    headers: {
      "content-type": "application/json",
      "x-amzn-requestid": "id",
      "x-amzn-errortype": "InvalidSignatureException",
    },
    body: '{"message":"wrong"}',
  });
});

it("words query errors in XML, with the codes of the query protocol", () => {
  expect(encodeError(signature, "query", "id")).toEqual({
    status: 403,
    headers: { "content-type": "text/xml", "x-amzn-requestid": "id" },
    body: '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>wrong</Message></Error><RequestId>id</RequestId></ErrorResponse>',
  });
  expect(encodeError(new AwsError("InternalFailure", "m", 500), "query", "id").body).toContain("<Type>Receiver</Type>");
});

it("words EC2's errors as EC2 does", () => {
  expect(encodeError(denied, "ec2", "id").body).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>AccessDenied</Code><Message>User: a&lt;b&gt; may not</Message></Error></Errors><RequestID>id</RequestID></Response>',
  );
});

it("words S3's errors as S3 does", () => {
  expect(encodeError(denied, "s3", "id").body).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>User: a&lt;b&gt; may not</Message><RequestId>id</RequestId></Error>',
  );
});
