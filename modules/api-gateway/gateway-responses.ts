import { ApiGatewayGatewayResponse } from "@cdktf/provider-aws/lib/api-gateway-gateway-response";
import type { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api";
import { Construct } from "constructs";
import { corsHeaders } from "./cors";
import { picture } from "./picture";

interface Answer {
  readonly type: string;
  readonly status?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What API Gateway answers itself, where it should say more than by default: a throttle says when to come again, a stream that cannot be reached is a
 * 502 like one that fails, and with an origin every refusal can be read by its pages.
 */
export class GatewayResponses extends Construct {
  /** What a deployment takes a picture of. */
  readonly picture: readonly unknown[];

  constructor(scope: Construct, id: string, restApi: ApiGatewayRestApi, origin: string | undefined) {
    super(scope, id);
    // A type with a response of its own takes nothing from its default, so each has all its headers.
    const answers: Answer[] = [
      { type: "THROTTLED", status: "429", headers: { "Retry-After": "'1'" } },
      { type: "INTEGRATION_FAILURE", status: "502" },
      ...(origin === undefined ? [] : [{ type: "DEFAULT_4XX" }, { type: "DEFAULT_5XX" }]),
    ];
    this.picture = answers.flatMap((answer) => this.createResponse(restApi, answer, corsHeaders(origin)));
  }

  private createResponse(
    restApi: ApiGatewayRestApi,
    { type, status, headers = {} }: Answer,
    cors: Readonly<Record<string, string>>,
  ): unknown[] {
    const all = Object.entries({ ...headers, ...cors });
    const response = new ApiGatewayGatewayResponse(this, type, {
      restApiId: restApi.id,
      responseType: type,
      statusCode: status,
      responseTemplates: { "application/json": '{"message":$context.error.messageString}' },
      ...(all.length === 0
        ? {}
        : {
            responseParameters: Object.fromEntries(all.map(([name, text]) => [`gatewayresponse.header.${name}`, text])),
          }),
    });
    return picture(
      response,
      "id",
      "response_templates",
      ...(status ? ["status_code"] : []),
      ...(all.length > 0 ? ["response_parameters"] : []),
    );
  }
}
