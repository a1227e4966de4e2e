import type { IntegrationResponse, Method } from "@aws-sdk/client-api-gateway";
import type { AwsRequest, AwsResponse } from "../../gateway/types";
import type { Stage } from "./config";
import { Fault, misconfigured } from "./fault";
import type { HttpAnswer } from "./http-call";
import type { AwsIntegrations } from "./integration";
import { mapHeaders, type Sources } from "./parameters";
import {
  BodyError,
  contextShim,
  type Facts,
  inputShim,
  JsonText,
  NO_PARAMS,
  noOverrides,
  type Overrides,
  type Params,
  render,
  stageVariablesShim,
  TemplateError,
  utilShim,
} from "./template";

/** One request on its way through the method's integration and back. */
export interface Invocation {
  readonly stage: Stage;
  readonly method: Method;
  readonly request: AwsRequest;
  /** Media type without parameters. */
  readonly contentType: string;
  readonly body: JsonText;
  readonly params: Params;
  readonly facts: Facts;
  /** Takes what only the execution log says. */
  readonly note: (reason: string) => void;
}

/** Request template, the service's action, the response that its status selects, response template. */
export async function invoke(invocation: Invocation, integrations: AwsIntegrations): Promise<AwsResponse> {
  const { method, stage, params, facts } = invocation;
  const integration = method.methodIntegration;
  if (!integration) throw misconfigured("the method has no integration");

  const overrides = noOverrides();
  const body = requestBody(invocation, overrides);
  if (integration.type === "MOCK") return mock(invocation, body);
  const sources: Sources = { facts, stageVariables: stage.variables, params, answerHeaders: {} };
  const headers = {
    "content-type": "application/json",
    ...mapHeaders(integration.requestParameters ?? {}, "integration.request.header.", sources),
    ...Object.fromEntries([...overrides.requestHeaders].map(([name, value]) => [name.toLowerCase(), value])),
  };
  const answer = await integrations.call(integration, headers, body);
  if (answer.status >= 400) invocation.note(complaintOf(answer));
  return respond(invocation, answer, { ...sources, answerHeaders: answer.headers });
}

/**
 * A MOCK integration: no service is called, the request template says with `statusCode` which response answers.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
 */
function mock(invocation: Invocation, body: string): AwsResponse {
  const { stage, params, facts } = invocation;
  let status: unknown;
  try {
    status = Object(JSON.parse(body)).statusCode;
  } catch {
    // Said below: a text that is no JSON has no statusCode.
  }
  if (!Number.isInteger(status)) throw misconfigured("integration: the template of a MOCK must answer {statusCode: N}");
  const sources = { facts, stageVariables: stage.variables, params, answerHeaders: {} };
  return respond(invocation, { status: status as number, headers: {}, body: "" }, sources);
}

/** Errors whose message quotes the request, which must not reach a log. */
const QUOTING = /Validation|Serialization|InvalidArgument/;

/** What the service said, for the execution log: the client is told what the templates tell. */
function complaintOf({ status, body }: HttpAnswer): string {
  let said: { readonly __type?: unknown; readonly message?: unknown; readonly Message?: unknown } = {};
  try {
    said = Object(JSON.parse(body));
  } catch {
    // No JSON: the status says what there is to say.
  }
  const type = String(said.__type ?? "no error type");
  const message = QUOTING.test(type) ? "" : `: ${String(said.message ?? said.Message ?? "").slice(0, 500)}`;
  return `the service answered ${status} ${type}${message}`;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html */
function requestBody(invocation: Invocation, overrides: Overrides): string {
  const { requestTemplates = {}, passthroughBehavior = "WHEN_NO_MATCH" } = invocation.method.methodIntegration ?? {};
  const template = requestTemplates[invocation.contentType];
  if (template !== undefined)
    return rendered(template, invocation, invocation.body, invocation.params, overrides, "request");
  const refuses =
    passthroughBehavior === "NEVER" ||
    (passthroughBehavior === "WHEN_NO_TEMPLATES" && Object.keys(requestTemplates).length > 0);
  if (refuses) throw new Fault("UNSUPPORTED_MEDIA_TYPE");
  return invocation.body.text;
}

function respond(invocation: Invocation, answer: HttpAnswer, sources: Sources): AwsResponse {
  const response = select(
    Object.values(invocation.method.methodIntegration?.integrationResponses ?? {}),
    answer.status,
  );
  if (!response)
    throw misconfigured(`no integration response is for status ${answer.status}, and there is no default one`);
  const overrides = noOverrides();
  const [contentType, template] = responseTemplate(response, invocation.request.headers.accept);
  const body =
    template === undefined
      ? answer.body
      : rendered(template, invocation, new JsonText(answer.body), NO_PARAMS, overrides, "response");
  return {
    status: overrides.status ?? Number(response.statusCode),
    headers: {
      "content-type": contentType,
      ...mapHeaders(response.responseParameters ?? {}, "method.response.header.", sources),
      ...Object.fromEntries([...overrides.responseHeaders].map(([name, value]) => [name.toLowerCase(), value])),
    },
    body,
  };
}

/** The response whose pattern is the whole status, otherwise the one without a pattern. */
function select(responses: readonly IntegrationResponse[], status: number): IntegrationResponse | undefined {
  return (
    responses.find(
      ({ selectionPattern }) => selectionPattern && new RegExp(`^(?:${selectionPattern})$`).test(String(status)),
    ) ?? responses.find(({ selectionPattern }) => !selectionPattern)
  );
}

function responseTemplate(
  { responseTemplates = {} }: IntegrationResponse,
  accept = "",
): readonly [string, string | undefined] {
  const accepted = accept.split(",").map((type) => type.split(";")[0]?.trim() ?? "");
  const types = Object.keys(responseTemplates);
  const type =
    accepted.find((one) => types.includes(one)) ?? (types.includes("application/json") ? "application/json" : types[0]);
  return type === undefined ? ["application/json", undefined] : [type, responseTemplates[type]];
}

function rendered(
  template: string,
  { stage, facts }: Invocation,
  body: JsonText,
  params: Params,
  overrides: Overrides,
  which: "request" | "response",
): string {
  try {
    return render(template, {
      input: inputShim(body, params),
      util: utilShim,
      context: contextShim(facts, overrides),
      stageVariables: stageVariablesShim(stage.variables),
    });
  } catch (error) {
    if (error instanceof TemplateError) throw misconfigured(`mapping template of the ${which}: ${error.message}`);
    if (!(error instanceof BodyError)) throw error;
    if (which === "response")
      throw misconfigured(`mapping template of the response: the service's answer is no JSON: ${error.message}`);
    throw new Fault("BAD_REQUEST_BODY", `Could not parse request body into json: ${error.message}`);
  }
}
