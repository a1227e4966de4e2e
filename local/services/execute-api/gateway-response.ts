import type { AwsResponse } from "../../gateway/types";
import type { Deployment, GatewayResponse } from "./config";
import { FAULTS, type Fault } from "./fault";
import { contextValue, type Facts } from "./template";

/** The answer to a request that API Gateway itself ends: the API's own gateway response for the type, or AWS's. */
export function gatewayResponse(fault: Fault, deployment: Deployment | undefined, facts: Facts): AwsResponse {
  const [status, errorType] = FAULTS[fault.type];
  const own = ownResponse(deployment, fault.type, status);
  const final = own?.status ?? status;
  const seen: Facts = {
    ...facts,
    "error.message": fault.message,
    "error.messageString": JSON.stringify(fault.message),
    "error.responseType": fault.type,
    "error.validationErrorString": fault.reason,
  };
  return {
    status: final,
    headers: { "content-type": "application/json", "x-amzn-errortype": errorType, ...ownHeaders(own) },
    body: own?.template === undefined ? ordinaryBody(fault) : fill(own.template, seen),
  };
}

/** AWS writes a refusal that names the caller with a capital letter. */
function ordinaryBody({ type, message }: Fault): string {
  const named = type === "ACCESS_DENIED" && message !== FAULTS.ACCESS_DENIED[2];
  return JSON.stringify(named ? { Message: message } : { message });
}

function ownResponse(deployment: Deployment | undefined, type: string, status: number): GatewayResponse | undefined {
  const responses = deployment?.gatewayResponses;
  return responses?.get(type) ?? responses?.get(status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX");
}

/** Only static values: `'text'`. */
function ownHeaders(own: GatewayResponse | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [destination, source] of Object.entries(own?.parameters ?? {})) {
    const name = /^gatewayresponse\.header\.(.+)$/.exec(destination)?.[1];
    const text = /^'(.*)'$/s.exec(source)?.[1];
    if (name && text !== undefined) headers[name.toLowerCase()] = text;
  }
  return headers;
}

/** Gateway responses know variables only, no directives. */
const fill = (template: string, facts: Facts) =>
  template.replace(
    /\$context\.([A-Za-z][\w.]*\w)|\$\{context\.([A-Za-z][\w.]*\w)\}/g,
    (_, plain?: string, braced?: string) => contextValue(facts, plain ?? braced ?? ""),
  );
