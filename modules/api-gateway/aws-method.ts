import { ApiGatewayIntegration } from "@cdktf/provider-aws/lib/api-gateway-integration";
import { ApiGatewayIntegrationResponse } from "@cdktf/provider-aws/lib/api-gateway-integration-response";
import { ApiGatewayMethod } from "@cdktf/provider-aws/lib/api-gateway-method";
import { ApiGatewayMethodResponse } from "@cdktf/provider-aws/lib/api-gateway-method-response";
import type { ApiGatewayResource } from "@cdktf/provider-aws/lib/api-gateway-resource";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Construct } from "constructs";
import { corsHeaders, responseParameters } from "./cors";
import { picture } from "./picture";
import { ERROR_TEMPLATE } from "./templates";

/** Statuses a client sees of any method; `ERROR_TEMPLATE` chooses among the errors. */
const STATUSES = ["200", "400", "413", "429", "502"];

/** How a method's callers prove who they are. */
export type MethodAuth =
  | { readonly authorization: "AWS_IAM" | "NONE"; readonly apiKeyRequired?: true }
  | {
      readonly authorization: "COGNITO_USER_POOLS";
      readonly authorizerId: string;
      readonly authorizationScopes: string[];
    };

export interface AwsMethodProps {
  readonly resource: ApiGatewayResource;
  readonly httpMethod: "GET" | "POST" | "PUT";
  readonly auth: MethodAuth;
  /** `arn:PARTITION:apigateway:REGION:SERVICE:action/ACTION`. */
  readonly uri: string;
  /** Role API Gateway calls the service with. */
  readonly role: IamRole;
  /** Content types that are taken; any other is a 415. */
  readonly contentTypes: readonly string[];
  /** Mapping template of the request. */
  readonly template: string;
  /** Mapping template of the answer; left out, the service's answer is passed on. */
  readonly answer?: string;
  /** Statuses that `answer` chooses beside 200. */
  readonly answerStatuses?: readonly string[];
  /** Origin whose pages may read the answer; none when left out. */
  readonly origin?: string;
  /** Model that the body must satisfy; left out, the body is not looked at. */
  readonly body?: { readonly modelName: string; readonly validatorId: string };
}

/**
 * One method of a REST API that calls one action of an AWS service.
 *
 * Only a 200 of the service becomes a 200: that response has a selection pattern, and the default one, which takes all the rest,
 * is an error.
 */
export class AwsMethod extends Construct {
  /** What a deployment takes a picture of. */
  readonly picture: readonly unknown[];

  constructor(scope: Construct, id: string, props: AwsMethodProps) {
    super(scope, id);
    const { resource, body } = props;
    const perType = <T>(value: T) => Object.fromEntries(props.contentTypes.map((type) => [type, value]));

    const method = new ApiGatewayMethod(this, "method", {
      restApiId: resource.restApiId,
      resourceId: resource.id,
      httpMethod: props.httpMethod,
      ...props.auth,
      ...(body ? { requestModels: perType(body.modelName), requestValidatorId: body.validatorId } : {}),
    });
    const target = { restApiId: resource.restApiId, resourceId: resource.id, httpMethod: method.httpMethod };
    const headers = corsHeaders(props.origin);
    const declared = responseParameters(headers, () => true);
    const given = responseParameters(headers, (text) => text);
    const responses = [...STATUSES, ...(props.answerStatuses ?? [])].map(
      (statusCode) =>
        new ApiGatewayMethodResponse(this, `response-${statusCode}`, { ...target, statusCode, ...declared }),
    );

    const integration = new ApiGatewayIntegration(this, "integration", {
      ...target,
      type: "AWS",
      integrationHttpMethod: "POST",
      uri: props.uri,
      credentials: props.role.arn,
      requestParameters: { "integration.request.header.Content-Type": "'application/x-amz-json-1.1'" },
      requestTemplates: perType(props.template),
      passthroughBehavior: "NEVER",
    });
    const taken = new ApiGatewayIntegrationResponse(this, "taken", {
      ...target,
      statusCode: "200",
      selectionPattern: "200",
      ...(props.answer ? { responseTemplates: { "application/json": props.answer } } : {}),
      ...given,
      dependsOn: [integration, ...responses],
    });
    const notTaken = new ApiGatewayIntegrationResponse(this, "not-taken", {
      ...target,
      statusCode: "502",
      responseTemplates: { "application/json": ERROR_TEMPLATE },
      ...given,
      dependsOn: [integration, ...responses],
    });
    const headed = props.origin === undefined ? [] : ["response_parameters"];
    this.picture = [
      ...picture(method, "id", ...ATTRIBUTES_OF_AUTH[props.auth.authorization]),
      ...(props.auth.authorization === "NONE" && props.auth.apiKeyRequired ? picture(method, "api_key_required") : []),
      ...(body ? picture(method, "request_models", "request_validator_id") : []),
      ...responses.flatMap((response) => picture(response, "id")),
      ...picture(integration, "uri", "credentials", "request_parameters", "request_templates", "passthrough_behavior"),
      ...picture(taken, "id", "selection_pattern", ...(props.answer ? ["response_templates"] : []), ...headed),
      ...picture(notTaken, "id", "response_templates", ...headed),
    ];
  }
}

const ATTRIBUTES_OF_AUTH = {
  AWS_IAM: ["authorization"],
  NONE: ["authorization"],
  COGNITO_USER_POOLS: ["authorization", "authorizer_id", "authorization_scopes"],
} as const;
