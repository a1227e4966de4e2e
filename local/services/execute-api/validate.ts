import type { Method } from "@aws-sdk/client-api-gateway";
import type { Deployment } from "./config";
import { Fault, misconfigured } from "./fault";
import { satisfies } from "./schema";
import { type Json, JsonError, type JsonText, type Params } from "./template";

/**
 * Request validation as the method's validator asks for it: required parameters, then the body against the model for its
 * content type. Without such a model the body is not looked at:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
 */
export function validate(
  deployment: Deployment,
  method: Method,
  contentType: string,
  body: JsonText,
  params: Params,
): void {
  if (!method.requestValidatorId) return;
  const validator = deployment.validators.get(method.requestValidatorId);
  if (!validator) throw misconfigured(`request validator ${method.requestValidatorId} does not exist`);
  if (validator.parameters) requireParameters(method, params);
  const model = method.requestModels?.[contentType];
  if (validator.body && model !== undefined) checkBody(deployment, model, body);
}

function requireParameters(method: Method, params: Params): void {
  const missing = Object.entries(method.requestParameters ?? {})
    .filter(([, required]) => required)
    .map(([location]) => /^method\.request\.(path|querystring|header)\.(.+)$/.exec(location) ?? [])
    .filter(([, place, name = ""]) => {
      if (place === "header") return !params.header.has(name.toLowerCase());
      return !(place === "path" ? params.path : params.querystring).has(name);
    })
    .map(([, , name]) => name);
  if (missing.length > 0)
    throw new Fault("BAD_REQUEST_PARAMETERS", `Missing required request parameters: [${missing.join(", ")}]`);
}

function checkBody(deployment: Deployment, model: string, body: JsonText): void {
  // The two models that every API has: one for anything, one for an error.
  const schema = deployment.models.get(model);
  if (schema === undefined) {
    if (model === "Empty") return;
    throw misconfigured(`model ${model} does not exist`);
  }
  let document: Json;
  try {
    document = body.document;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new Fault("BAD_REQUEST_BODY", undefined, `the body is no JSON: ${error.message}`);
  }
  if (!satisfies(document, schema))
    throw new Fault("BAD_REQUEST_BODY", undefined, `the body does not satisfy the model ${model}`);
}
