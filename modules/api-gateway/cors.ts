import { ApiGatewayIntegration } from "@cdktf/provider-aws/lib/api-gateway-integration";
import { ApiGatewayIntegrationResponse } from "@cdktf/provider-aws/lib/api-gateway-integration-response";
import { ApiGatewayMethod } from "@cdktf/provider-aws/lib/api-gateway-method";
import { ApiGatewayMethodResponse } from "@cdktf/provider-aws/lib/api-gateway-method-response";
import type { ApiGatewayResource } from "@cdktf/provider-aws/lib/api-gateway-resource";
import { Construct } from "constructs";
import { checkMatch } from "../support/check";
import { picture } from "./picture";

/** Headers a page may send: the content type and what each kind of authorization needs. */
const ALLOWED_HEADERS = "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key";
/** Seconds a browser keeps the answer to a preflight: two hours is the most that one of them takes. */
const MAX_AGE_SECONDS = 7200;

/** Refuses what no browser sends as an Origin header: a path, a slash at the end, a name without its scheme. */
export function checkOrigin(scope: Construct, prop: string, origin: string): string {
  return checkMatch(
    scope,
    prop,
    origin,
    /^(\*|https?:\/\/[a-z0-9.-]+(:\d{1,5})?)$/,
    'an origin such as "https://app.example.com", without a path, or "*"',
  );
}

/** Response headers that let a page of `origin` read the answer; none without an origin. */
export function corsHeaders(origin: string | undefined): Readonly<Record<string, string>> {
  if (origin === undefined) return {};
  return {
    "Access-Control-Allow-Origin": `'${origin}'`,
    // What a page may read beyond the body: when to come again, and the number to ask support with.
    "Access-Control-Expose-Headers": "'Retry-After,x-amzn-RequestId'",
    // The answer to another origin is not this one, should a cache stand between.
    ...(origin === "*" ? {} : { Vary: "'Origin'" }),
  };
}

/** `headers` as a response of a method or an integration has them; nothing when there are none. */
export function responseParameters<T>(
  headers: Readonly<Record<string, string>>,
  value: (text: string) => T,
): { responseParameters?: Record<string, T> } {
  const entries = Object.entries(headers).map(([name, text]) => [`method.response.header.${name}`, value(text)]);
  return entries.length === 0 ? {} : { responseParameters: Object.fromEntries(entries) };
}

export interface PreflightProps {
  readonly resource: ApiGatewayResource;
  readonly origin: string;
  /** Verbs of the resource. */
  readonly verbs: readonly string[];
}

/** OPTIONS on one resource: a browser asks, unsigned and without a key, whether a page may call. API Gateway answers it itself. */
export class Preflight extends Construct {
  /** What a deployment takes a picture of. */
  readonly picture: readonly unknown[];

  constructor(scope: Construct, id: string, { resource, origin, verbs }: PreflightProps) {
    super(scope, id);
    const headers = {
      ...corsHeaders(origin),
      "Access-Control-Allow-Methods": `'${["OPTIONS", ...verbs].join(",")}'`,
      "Access-Control-Allow-Headers": `'${ALLOWED_HEADERS}'`,
      "Access-Control-Max-Age": `'${MAX_AGE_SECONDS}'`,
    };
    const method = new ApiGatewayMethod(this, "method", {
      restApiId: resource.restApiId,
      resourceId: resource.id,
      httpMethod: "OPTIONS",
      authorization: "NONE",
    });
    const target = { restApiId: resource.restApiId, resourceId: resource.id, httpMethod: method.httpMethod };
    const response = new ApiGatewayMethodResponse(this, "response", {
      ...target,
      statusCode: "204",
      ...responseParameters(headers, () => true),
    });
    const integration = new ApiGatewayIntegration(this, "integration", {
      ...target,
      type: "MOCK",
      requestTemplates: { "application/json": '{"statusCode":204}' },
      // A browser names no content type with OPTIONS.
      passthroughBehavior: "WHEN_NO_TEMPLATES",
    });
    const answer = new ApiGatewayIntegrationResponse(this, "answer", {
      ...target,
      statusCode: response.statusCode,
      ...responseParameters(headers, (text) => text),
      dependsOn: [integration],
    });
    this.picture = [
      ...picture(method, "id", "authorization"),
      ...picture(response, "id", "response_parameters"),
      ...picture(integration, "request_templates", "passthrough_behavior"),
      ...picture(answer, "id", "response_parameters"),
    ];
  }
}
