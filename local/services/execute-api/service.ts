import { randomUUID } from "node:crypto";
import path from "node:path";
import type { AwsRequest, AwsResponse, LocalAws, Service } from "../../gateway/types";
import { AccessLog } from "./access-log";
import { type Address, readAddress } from "./address";
import { authorize } from "./authorize";
import { Configuration, type Stage } from "./config";
import { ExecutionLog } from "./execution-log";
import { Fault, misconfigured } from "./fault";
import { gatewayResponse } from "./gateway-response";
import { AwsIntegrations } from "./integration";
import { invoke } from "./invocation";
import { findMethod, type Match } from "./route";
import { type Facts, JsonText, type Params } from "./template";
import { Throttle } from "./throttle";
import { Quotas } from "./usage-plans";
import { UserPoolTokens } from "./user-pool-tokens";
import { validate } from "./validate";

/** Bytes of a request that API Gateway takes at most. */
const LARGEST_BODY = 10 * 1024 * 1024;

/**
 * The run time of REST APIs, as the applied configuration has them. What cannot be carried out is a 500 to the client, and a line with the
 * reason in `execute-api/execution.log` of the run's folder.
 */
export function createExecuteApi(aws: LocalAws): Service {
  const configuration = new Configuration(aws);
  const integrations = new AwsIntegrations(aws);
  const throttle = new Throttle();
  const quotas = new Quotas();
  const tokens = new UserPoolTokens(aws);
  const accessLog = new AccessLog(path.join(aws.folder, "execute-api"));
  const log = new ExecutionLog(path.join(aws.folder, "execute-api", "execution.log"));

  const write = ({ method, path: target, sourceIp }: AwsRequest, requestId: string, type: string, reason: string) =>
    log.write({ time: aws.clock.now().toISOString(), requestId, method, path: target, sourceIp, type, reason });

  async function handle(request: AwsRequest): Promise<AwsResponse> {
    const address = readAddress(request.headers.host ?? "", request.path);
    const place = `api:${address?.apiId ?? "unknown"}`;
    const requestId = randomUUID();
    aws.meter.add(place, "received");
    const response = await answer(request, address, requestId);
    aws.meter.add(place, response.status < 400 ? "accepted" : response.status < 500 ? "refused" : "failed");
    if (response.status >= 400 && response.status < 500) aws.meter.add(place, `refused_${response.status}`);
    return { ...response, headers: { ...response.headers, "x-amzn-requestid": requestId } };
  }

  async function answer(request: AwsRequest, address: Address | undefined, requestId: string): Promise<AwsResponse> {
    let stage: Stage | undefined;
    let facts: Facts = { requestId, httpMethod: request.method };
    const answered = (response: AwsResponse, type?: string): AwsResponse => {
      if (stage) accessLog.write(stage, facts, response, type);
      return response;
    };
    try {
      stage = address && (await configuration.stage(address.apiId, address.stage));
      // AWS says no more of an API or a stage that does not exist.
      if (!address || !stage) throw new Fault("ACCESS_DENIED");
      const match = findMethod(stage.deployment.routes, request.method, address.path);
      if (!match) throw new Fault("MISSING_AUTHENTICATION_TOKEN");
      facts = factsOf(aws, request, address, stage, match, requestId);
      const caller = await admit(request, address, stage, match);
      facts = { ...facts, ...caller };
      return answered(await carryOut(request, stage, match, facts));
    } catch (error) {
      const fault = error instanceof Fault ? error : misconfigured((error as Error).message);
      write(request, requestId, fault.type, fault.reason);
      return answered(gatewayResponse(fault, stage?.deployment, facts), fault.type);
    }
  }

  /** Authorization, then the API key with its plans: who calls, or the Fault that sends the request away. */
  async function admit(request: AwsRequest, address: Address, stage: Stage, match: Match): Promise<Facts> {
    const caller = await authorize(aws, request, stage, match, address.path, tokens);
    if (!match.method.apiKeyRequired) return caller;
    const admission = await configuration.plans.admit(request.headers["x-api-key"], stage);
    const id = `${stage.apiId}/${stage.name}/${admission.keyId}`;
    const slow = admission.plans.some(
      ({ id: plan, rate, burst }) =>
        rate !== undefined && burst !== undefined && !throttle.take(`${plan}/${id}`, rate, burst),
    );
    if (slow) throw new Fault("THROTTLED");
    if (!quotas.admit(admission, aws.clock.now())) throw new Fault("QUOTA_EXCEEDED");
    return { ...caller, "identity.apiKeyId": admission.keyId };
  }

  /** What AWS does then, in this order: throttling, validation, integration. */
  async function carryOut(request: AwsRequest, stage: Stage, match: Match, facts: Facts): Promise<AwsResponse> {
    if (!throttle.admit(stage, match.route.path, request.method)) throw new Fault("THROTTLED");
    if (request.body.length > LARGEST_BODY) throw new Fault("REQUEST_TOO_LARGE");
    const body = new JsonText(request.body.toString("utf8"));
    const contentType =
      (request.headers["content-type"]?.split(";")[0] ?? "").trim().toLowerCase() || "application/json";
    const params = paramsOf(request, match);
    validate(stage.deployment, match.method, contentType, body, params);
    const note = (reason: string) => write(request, String(facts.requestId), "INTEGRATION", reason);
    return invoke({ stage, method: match.method, request, contentType, body, params, facts, note }, integrations);
  }

  return {
    names: ["execute-api"],
    handle,
    async close() {
      configuration.close();
      integrations.close();
      await log.flush();
      await accessLog.flush();
    },
  };
}

const paramsOf = ({ query, headers }: AwsRequest, { params }: Match): Params => ({
  path: params,
  querystring: new Map(query),
  header: new Map(Object.entries(headers)),
});

function factsOf(
  aws: LocalAws,
  request: AwsRequest,
  address: Address,
  stage: Stage,
  { route }: Match,
  requestId: string,
): Facts {
  const now = aws.clock.now();
  const host = `${stage.apiId}.execute-api.${aws.region}.amazonaws.com`;
  const { caller } = request;
  return {
    accountId: aws.accountId,
    apiId: stage.apiId,
    deploymentId: stage.deployment.id,
    domainName: host,
    domainPrefix: stage.apiId,
    extendedRequestId: requestId,
    httpMethod: request.method,
    isCanaryRequest: "false",
    path: `/${stage.name}${address.path}`,
    protocol: "HTTP/1.1",
    requestId,
    requestTime: commonLogTime(now),
    requestTimeEpoch: now.getTime(),
    resourceId: route.resourceId,
    resourcePath: route.path,
    stage: stage.name,
    "identity.sourceIp": request.sourceIp,
    "identity.userAgent": request.headers["user-agent"] ?? "",
    ...(caller
      ? {
          "identity.accountId": caller.accountId,
          "identity.caller": caller.credentials.accessKeyId,
          "identity.user": caller.credentials.accessKeyId,
          "identity.userArn": caller.arn,
        }
      : {}),
  };
}

/** `21/Nov/2026:09:00:00 +0000`, the form of CLF. */
function commonLogTime(time: Date): string {
  const [, day, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(time.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${clock} +0000`;
}
