import { AwsError, type AwsRequest, type LocalAws } from "../../gateway/types";
import type { Stage } from "./config";
import { Fault, misconfigured } from "./fault";
import { judge, type Verdict } from "./resource-policy";
import type { Match } from "./route";
import type { Facts } from "./template";
import type { UserPoolTokens } from "./user-pool-tokens";

/**
 * Lets a request through or throws the Fault that AWS answers: the resource policy, for AWS_IAM the signature and the caller's own
 * policies, for COGNITO_USER_POOLS the token. Answers what the request is known by from then on. Within an account one of the two must allow, and neither may deny:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
 */
export async function authorize(
  aws: LocalAws,
  request: AwsRequest,
  stage: Stage,
  { method }: Match,
  path: string,
  tokens: UserPoolTokens,
): Promise<Facts> {
  const resource = `arn:aws:execute-api:${aws.region}:${aws.accountId}:${stage.apiId}/${stage.name}/${request.method}${path}`;
  const { caller } = request;
  const { policy } = stage.deployment;
  const verdict = (): Verdict =>
    policy === undefined ? "silent" : judge(policy, { principal: caller?.arn, resource, sourceIp: request.sourceIp });

  switch (method.authorizationType) {
    case "NONE":
      if (policy !== undefined && verdict() !== "allow") throw denied("anonymous", resource);
      return {};
    case "AWS_IAM":
      if (!caller) throw new Fault("MISSING_AUTHENTICATION_TOKEN");
      await authorizeCaller(aws, request, resource, verdict());
      return {};
    case "COGNITO_USER_POOLS": {
      const facts = await tokens.check(request, method, stage.deployment.authorizers.get(method.authorizerId ?? ""));
      if (policy !== undefined && verdict() !== "allow") throw denied("anonymous", resource);
      return facts;
    }
    default:
      throw misconfigured(
        `authorization ${method.authorizationType} is not evaluated by the local AWS; AWS_IAM, COGNITO_USER_POOLS and NONE are`,
      );
  }
}

async function authorizeCaller(
  aws: LocalAws,
  { caller }: AwsRequest,
  resource: string,
  verdict: Verdict,
): Promise<void> {
  if (verdict === "deny") throw denied(caller?.arn, resource, " with an explicit deny");
  try {
    await aws.authorize(caller, "execute-api:Invoke", resource);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const explicit = error.message.includes("explicit deny");
    if (verdict === "allow" && !explicit) return;
    throw denied(caller?.arn, resource, explicit ? " with an explicit deny" : "");
  }
}

/** AWS shows the last four digits of the account only. */
function denied(who: string | undefined, resource: string, how = ""): Fault {
  const masked = resource.replace(/:\d{8}(\d{4}):/, ":********$1:");
  return new Fault(
    "ACCESS_DENIED",
    `User: ${who} is not authorized to perform: execute-api:Invoke on resource: ${masked}${how}`,
  );
}
