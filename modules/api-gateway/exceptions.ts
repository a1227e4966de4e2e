import type { ScanException } from "../support/scan-exception";

const STAGE = { on: "aws_api_gateway_stage", at: "api/stage" } as const;
const SETTINGS = { on: "aws_api_gateway_method_settings", at: "api/settings" } as const;

export const EXCEPTIONS: readonly ScanException[] = [
  {
    ...STAGE,
    checks: ["CKV_AWS_120"],
    reason: "Records are put, not read: there is no answer to cache.",
  },
  {
    ...SETTINGS,
    checks: ["CKV_AWS_225", "aws-api-gateway-enable-cache"],
    reason: "Records are put, not read: there is no answer to cache.",
  },
  {
    ...STAGE,
    checks: ["CKV2_AWS_4"],
    reason: "Execution logs hold the records themselves. The access log tells who called, when and with what outcome.",
  },
  {
    ...STAGE,
    checks: ["CKV2_AWS_29"],
    reason:
      "Callers are known by their signature, key, token or network, requests are throttled and validated against a model; a web ACL is billed by itself and looks for attacks on pages.",
  },
  {
    ...STAGE,
    checks: ["CKV2_AWS_51"],
    reason:
      "A client certificate shows an HTTP backend that API Gateway calls it. Here it calls AWS services, as a role.",
  },
  {
    on: "aws_api_gateway_method",
    at: /\/(list|preflight-[^/]+)\/method$/,
    checks: ["CKV2_AWS_53"],
    reason: "GET /streams and a browser's preflight have neither body nor parameters that could be validated.",
  },
  {
    on: "aws_api_gateway_rest_api",
    at: "api/api",
    checks: ["CKV_AWS_237"],
    reason:
      "Nothing that changes replaces the API, and another API has another address: it could not take over from the first.",
  },
  {
    on: "aws_api_gateway_method",
    at: "method",
    only: "auth none",
    checks: ["CKV_AWS_59", "aws-api-gateway-no-public-access"],
    reason:
      "This is what the setting asks for. The API's resource policy admits the networks of `allowedCidrs` and nobody else; without them `none` is refused.",
  },
  {
    on: "aws_api_gateway_method",
    at: /\/preflight-[^/]+\/method$/,
    checks: ["aws-api-gateway-no-public-access"],
    reason:
      "A browser sends its preflight without credentials. API Gateway answers it itself, with nothing but CORS headers.",
  },
];
