import { ApiGatewayAccount } from "@cdktf/provider-aws/lib/api-gateway-account";
import { ApiGatewayApiKey } from "@cdktf/provider-aws/lib/api-gateway-api-key";
import { ApiGatewayAuthorizer } from "@cdktf/provider-aws/lib/api-gateway-authorizer";
import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { ApiGatewayGatewayResponse } from "@cdktf/provider-aws/lib/api-gateway-gateway-response";
import { ApiGatewayIntegration } from "@cdktf/provider-aws/lib/api-gateway-integration";
import { ApiGatewayIntegrationResponse } from "@cdktf/provider-aws/lib/api-gateway-integration-response";
import { ApiGatewayMethod } from "@cdktf/provider-aws/lib/api-gateway-method";
import { ApiGatewayMethodSettings } from "@cdktf/provider-aws/lib/api-gateway-method-settings";
import { ApiGatewayModel } from "@cdktf/provider-aws/lib/api-gateway-model";
import { ApiGatewayRestApiPolicy } from "@cdktf/provider-aws/lib/api-gateway-rest-api-policy";
import { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { ApiGatewayUsagePlan } from "@cdktf/provider-aws/lib/api-gateway-usage-plan";
import { ApiGatewayUsagePlanKey } from "@cdktf/provider-aws/lib/api-gateway-usage-plan-key";
import { CognitoUserPool } from "@cdktf/provider-aws/lib/cognito-user-pool";
import { CognitoUserPoolClient } from "@cdktf/provider-aws/lib/cognito-user-pool-client";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { DefaultTokenResolver, StringConcat, type TerraformStack, Tokenization } from "cdktf";
import { AccountLogging, IngestApi, type IngestApiProps } from "../../modules/api-gateway";
import { EncryptionKey } from "../../modules/encryption-key";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
let granted: IamRole[];
beforeEach(() => {
  stack = emptyStack();
  granted = [];
});

const target = { name: "telemetry", grantPut: (role: IamRole) => void granted.push(role) };
const minimal = (over: Partial<IngestApiProps> = {}) =>
  new IngestApi(stack, "api", {
    name: "telemetry-api",
    key: new EncryptionKey(stack, "key", { description: "test" }),
    target: { dataStream: target },
    ...over,
  });
const open = (over: Partial<IngestApiProps> = {}) =>
  minimal({ auth: "none", allowedCidrs: ["203.0.113.0/24"], ...over });

describe("IngestApi", () => {
  it("asks for signed requests unless told otherwise", () => {
    minimal();
    const methods = resources(stack, ApiGatewayMethod);
    expect(methods.map(({ http_method, authorization }) => [http_method, authorization])).toEqual([
      ["GET", "AWS_IAM"],
      ["POST", "AWS_IAM"],
      ["POST", "AWS_IAM"],
      ["PUT", "AWS_IAM"],
    ]);
    expect(resources(stack, ApiGatewayRestApiPolicy)).toEqual([]);
  });

  it("admits the allow-list without a signature, and no one else", () => {
    open();
    expect(resources(stack, ApiGatewayMethod).map(({ authorization }) => authorization)).toEqual([
      "NONE",
      "NONE",
      "NONE",
      "NONE",
    ]);
    const [policy] = resources(stack, ApiGatewayRestApiPolicy);
    const name = /document\.([^.]+)\.json/.exec(policy.policy)?.[1] ?? "";
    expect(synthesized(stack).data[DataAwsIamPolicyDocument.tfResourceType][name].statement).toEqual([
      {
        actions: ["execute-api:Invoke"],
        condition: [{ test: "IpAddress", values: ["203.0.113.0/24"], variable: "aws:SourceIp" }],
        principals: [{ identifiers: ["*"], type: "*" }],
        resources: [expect.stringMatching(/^\$\{aws_api_gateway_rest_api\.api_\w+\.execution_arn\}\/\*$/)],
      },
    ]);
  });

  it("refuses to be open to everyone", () => {
    expect(() => minimal({ auth: "none" })).toThrow(
      't/api: auth "none" needs allowedCidrs, the networks that may call without signing',
    );
  });

  it("refuses an allow-list that signed requests would not be held to", () => {
    expect(() => minimal({ allowedCidrs: ["203.0.113.0/24"] })).toThrow(
      't/api: allowedCidrs is for auth "none" or "apiKey", got auth "iam"; limit signed callers in their own policies (aws:SourceIp)',
    );
  });

  it.each([
    ["0.0.0.0/0", 't/api: allowedCidrs must hold IPv4 prefixes between /8 and /32, got "0.0.0.0/0"'],
    ["0.0.0.0/1", 't/api: allowedCidrs must hold IPv4 prefixes between /8 and /32, got "0.0.0.0/1"'],
    ["::/0", 't/api: allowedCidrs must hold IPv6 prefixes between /32 and /128, got "::/0"'],
    ["203.0.113.7", 't/api: allowedCidrs must hold networks in CIDR form, such as "203.0.113.0/24", got "203.0.113.7"'],
    ["300.0.0.0/8", 't/api: allowedCidrs must hold networks in CIDR form, such as "203.0.113.0/24", got "300.0.0.0/8"'],
  ])("refuses %s in the allow-list", (cidr, message) => {
    expect(() => open({ allowedCidrs: [cidr] })).toThrow(message);
  });

  it("refuses an empty allow-list", () => {
    expect(() => open({ allowedCidrs: [] })).toThrow(
      't/api: allowedCidrs is empty; name the networks that may call, such as "203.0.113.0/24"',
    );
  });

  it.each([
    [{ requestsPerSecond: 0 }, "t/api: requestsPerSecond must be between 1 and 10000, got 0"],
    [{ requestsPerSecond: 10_001 }, "t/api: requestsPerSecond must be between 1 and 10000, got 10001"],
    [{ burstRequests: 5001 }, "t/api: burstRequests must be between 1 and 5000, got 5001"],
    [{ burstRequests: 1.5 }, "t/api: burstRequests must be a whole number between 1 and 5000, got 1.5"],
    [{ stageName: "a/b" }, 't/api: stageName must be 1 to 128 letters, digits, _ and -, got "a/b"'],
    [{ name: "" }, 't/api: name must be 1 to 128 letters, digits, _, . and -, got ""'],
    [{ auth: "open" as "none" }, 't/api: auth must be one of iam, apiKey, cognito, none, got "open"'],
  ])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(message);
  });

  it("puts on the data stream, and lists delivery streams", () => {
    minimal();
    expect(resources(stack, ApiGatewayIntegration).map(({ uri }) => /[a-z]+:action.*$/.exec(uri)?.[0])).toEqual([
      "firehose:action/ListDeliveryStreams",
      "kinesis:action/PutRecords",
      "kinesis:action/PutRecord",
      "kinesis:action/PutRecord",
    ]);
  });

  it("puts on the delivery stream when that is behind it", () => {
    minimal({ target: { deliveryStream: target } });
    expect(resources(stack, ApiGatewayIntegration).map(({ uri }) => /[a-z]+:action.*$/.exec(uri)?.[0])).toEqual([
      "firehose:action/ListDeliveryStreams",
      "firehose:action/PutRecordBatch",
      "firehose:action/PutRecord",
      "firehose:action/PutRecord",
    ]);
  });

  it("calls the service as the article does: POST, content type application/x-amz-json-1.1, with a role", () => {
    minimal();
    for (const integration of resources(stack, ApiGatewayIntegration)) {
      expect(integration).toMatchObject({
        type: "AWS",
        integration_http_method: "POST",
        passthrough_behavior: "NEVER",
        credentials: expect.stringMatching(/^\$\{aws_iam_role\.api_role_\w+\.arn\}$/),
        request_parameters: { "integration.request.header.Content-Type": "'application/x-amz-json-1.1'" },
      });
    }
  });

  it("gives its role the listing and the target's own grant, and no more", () => {
    const api = minimal();
    expect(statementsOf(stack, "api_role")).toEqual([{ actions: ["firehose:ListDeliveryStreams"], resources: ["*"] }]);
    expect(granted).toEqual([api.role]);
  });

  it("answers 200 only for a 200 of the service", () => {
    minimal();
    const responses = resources(stack, ApiGatewayIntegrationResponse);
    expect(responses.map(({ status_code, selection_pattern }) => [status_code, selection_pattern])).toEqual([
      ["502", undefined],
      ["200", "200"],
      ["502", undefined],
      ["200", "200"],
      ["502", undefined],
      ["200", "200"],
      ["502", undefined],
      ["200", "200"],
    ]);
  });

  it("takes on PUT /streams what Firehose's clients and the article's say of their content", () => {
    minimal();
    const put = resources(stack, ApiGatewayMethod).find(({ http_method }) => http_method === "PUT");
    expect(Object.keys(put.request_models)).toEqual([
      "application/json",
      "application/x-amz-json-1.1",
      "application/x-www-form-urlencoded",
    ]);
  });

  it("checks bodies against models", () => {
    minimal();
    const required = resources(stack, ApiGatewayModel).map(({ name, schema }) => [name, JSON.parse(schema).required]);
    expect(required).toEqual([
      ["RecordBatch", undefined],
      ["Document", undefined],
      ["PutRecord", ["DeliveryStreamName", "Record"]],
    ]);
  });

  it("limits the stage to 1,000 requests a second, and logs no bodies", () => {
    minimal();
    expect(resources(stack, ApiGatewayMethodSettings)).toMatchObject([
      {
        method_path: "*/*",
        settings: {
          throttling_rate_limit: 1000,
          throttling_burst_limit: 1000,
          logging_level: "OFF",
          data_trace_enabled: false,
        },
      },
    ]);
    const [{ access_log_settings }] = resources(stack, ApiGatewayStage);
    expect(access_log_settings.format).not.toMatch(/\$input|body|error\.message|validationError/);
  });

  it("is deployed anew when an applied template, right or schema changes", () => {
    open();
    const [deployment] = resources(stack, ApiGatewayDeployment);
    expect(deployment.lifecycle).toEqual({ create_before_destroy: true });
    const hash: string = deployment.triggers.pictures;
    expect(hash).toMatch(/^\$\{sha1\(jsonencode\(\[/);
    const attributes = [...hash.matchAll(/aws_api_gateway_(\w+)\.[\w-]+\.(\w+)/g)].map(
      ([, type, name]) => `${type}.${name}`,
    );
    expect([...new Set(attributes)].sort()).toEqual([
      "gateway_response.id",
      "gateway_response.response_parameters",
      "gateway_response.response_templates",
      "gateway_response.status_code",
      "integration.credentials",
      "integration.passthrough_behavior",
      "integration.request_parameters",
      "integration.request_templates",
      "integration.uri",
      "integration_response.id",
      "integration_response.response_templates",
      "integration_response.selection_pattern",
      "method.authorization",
      "method.id",
      "method.request_models",
      "method.request_validator_id",
      "method_response.id",
      "model.id",
      "model.schema",
      "request_validator.id",
      "request_validator.validate_request_body",
      "resource.id",
      "resource.path_part",
      "rest_api_policy.policy",
    ]);
  });

  it("takes a list of 1 to 500 documents as a batch", () => {
    minimal();
    const batch = resources(stack, ApiGatewayModel).find(({ name }) => name === "RecordBatch");
    expect(JSON.parse(batch.schema)).toMatchObject({
      type: "array",
      minItems: 1,
      maxItems: 500,
      items: { type: "object", minProperties: 1 },
    });
  });

  it("says when to come again, and makes a stream that cannot be reached a 502", () => {
    minimal();
    expect(answers()).toEqual([
      ["INTEGRATION_FAILURE", "502", undefined],
      ["THROTTLED", "429", { "gatewayresponse.header.Retry-After": "'1'" }],
    ]);
  });

  it("grantInvoke lets a role call this stage and nothing else", () => {
    minimal().grantInvoke(new IamRole(stack, "caller", { assumeRolePolicy: "{}" }));
    expect(statementsOf(stack, "aws_iam_role.caller")).toEqual([
      {
        actions: ["execute-api:Invoke"],
        resources: [
          expect.stringMatching(
            /^\$\{aws_api_gateway_rest_api\.api_\w+\.execution_arn\}\/\$\{aws_api_gateway_stage\.api_stage_\w+\.stage_name\}\/\*$/,
          ),
        ],
      },
    ]);
  });
});

const resolver = new DefaultTokenResolver(new StringConcat());
const resolved = (value: unknown) => Tokenization.resolve(value, { scope: stack, resolver, preparing: false });
const answers = () =>
  resources(stack, ApiGatewayGatewayResponse).map(({ response_type, status_code, response_parameters }) => [
    response_type,
    status_code,
    response_parameters,
  ]);

describe('auth "apiKey"', () => {
  it("asks for a key on every method, and admits one key to the stage", () => {
    minimal({ auth: "apiKey" });
    expect(
      resources(stack, ApiGatewayMethod).map(({ authorization, api_key_required }) => [
        authorization,
        api_key_required,
      ]),
    ).toEqual(Array.from({ length: 4 }, () => ["NONE", true]));
    expect(resources(stack, ApiGatewayUsagePlan)).toMatchObject([
      {
        api_stages: [{ stage: expect.stringMatching(/^\$\{aws_api_gateway_stage\.api_stage_\w+\.stage_name\}$/) }],
        throttle_settings: { rate_limit: 1000, burst_limit: 1000 },
        quota_settings: { limit: 10_000_000, period: "DAY" },
      },
    ]);
    expect(resources(stack, ApiGatewayUsagePlanKey)).toMatchObject([{ key_type: "API_KEY" }]);
  });

  it("leaves the key's value to API Gateway, and names the key by its id", () => {
    const { callerOutputs } = minimal({ auth: "apiKey" });
    expect(resources(stack, ApiGatewayApiKey)[0]).not.toHaveProperty("value");
    expect(resolved(callerOutputs)).toEqual({
      api_key_id: expect.stringMatching(/^\$\{aws_api_gateway_api_key\.api_api-key_\w+\.id\}$/),
    });
  });

  it("holds the key to its own limits", () => {
    minimal({ auth: "apiKey", keyRequestsPerSecond: 5, keyBurstRequests: 6, keyRequestsPerDay: 7 });
    expect(resources(stack, ApiGatewayUsagePlan)).toMatchObject([
      { throttle_settings: { rate_limit: 5, burst_limit: 6 }, quota_settings: { limit: 7 } },
    ]);
  });

  it("may be held to an allow-list too", () => {
    minimal({ auth: "apiKey", allowedCidrs: ["203.0.113.0/24"] });
    expect(resources(stack, ApiGatewayRestApiPolicy)).toHaveLength(1);
  });

  it.each([
    [{ keyRequestsPerDay: 5 }, 't/api: keyRequestsPerDay is for auth "apiKey", got auth "iam"'],
    [{ auth: "cognito", keyBurstRequests: 5 }, 't/api: keyBurstRequests is for auth "apiKey", got auth "cognito"'],
    [
      { auth: "apiKey", keyRequestsPerSecond: 20, requestsPerSecond: 10 },
      "t/api: keyRequestsPerSecond must be at most requestsPerSecond, which limits all callers, got 20 and 10",
    ],
    [
      { auth: "apiKey", keyBurstRequests: 20, burstRequests: 10 },
      "t/api: keyBurstRequests must be at most burstRequests, which limits all callers, got 20 and 10",
    ],
    [{ auth: "apiKey", keyRequestsPerDay: 0 }, "t/api: keyRequestsPerDay must be between 1 and 1000000000, got 0"],
    [
      { auth: ["iam", "apiKey"] as never },
      't/api: auth must be one of iam, apiKey, cognito, none, got ["iam","apiKey"]',
    ],
  ] as [Partial<IngestApiProps>, string][])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(message);
  });
});

describe('auth "cognito"', () => {
  it("asks for an access token with the API's scope on every method", () => {
    minimal({ auth: "cognito" });
    for (const method of resources(stack, ApiGatewayMethod)) {
      expect(method).toMatchObject({
        authorization: "COGNITO_USER_POOLS",
        authorization_scopes: ["records/put"],
        authorizer_id: expect.stringMatching(/^\$\{aws_api_gateway_authorizer\./),
      });
    }
    expect(resources(stack, ApiGatewayAuthorizer)).toMatchObject([{ type: "COGNITO_USER_POOLS" }]);
  });

  it("has one client, a program, and lets nobody sign up", () => {
    minimal({ auth: "cognito" });
    expect(resources(stack, CognitoUserPool)).toMatchObject([
      { admin_create_user_config: { allow_admin_create_user_only: true } },
    ]);
    expect(resources(stack, CognitoUserPoolClient)).toMatchObject([
      {
        generate_secret: true,
        allowed_oauth_flows: ["client_credentials"],
        allowed_oauth_scopes: ["records/put"],
        access_token_validity: 60,
      },
    ]);
  });

  it("names pool, client and token endpoint, and no secret", () => {
    const { callerOutputs } = minimal({ auth: "cognito" });
    expect(Object.keys(callerOutputs)).toEqual(["user_pool_id", "user_pool_client_id", "token_url"]);
    expect(JSON.stringify(resolved(callerOutputs))).not.toContain("secret");
  });

  it("refuses a name that Cognito would not take for a domain", () => {
    expect(() => minimal({ auth: "cognito", name: "my-aws-api" })).toThrow(
      't/api/cognito: name must be a-z, 0-9 and - without "aws", "amazon" or "cognito", because with auth "cognito" it starts the token endpoint\'s host, got "my-aws-api"',
    );
  });

  it("refuses an allow-list", () => {
    expect(() => minimal({ auth: "cognito", allowedCidrs: ["203.0.113.0/24"] })).toThrow(
      't/api: allowedCidrs is for auth "none" or "apiKey", got auth "cognito"',
    );
  });
});

describe("pages of another origin", () => {
  it("read no answer unless told otherwise", () => {
    minimal();
    expect(resources(stack, ApiGatewayMethod).filter(({ http_method }) => http_method === "OPTIONS")).toEqual([]);
    expect(JSON.stringify(synthesized(stack))).not.toContain("Access-Control");
  });

  it.each(["iam", "apiKey", "cognito"] as const)("ask before they call, without what auth %s asks for", (auth) => {
    minimal({ auth, allowedOrigin: "https://app.example.com" });
    const preflights = resources(stack, ApiGatewayMethod).filter(({ http_method }) => http_method === "OPTIONS");
    expect(preflights).toHaveLength(3);
    for (const preflight of preflights) {
      expect(preflight.authorization).toBe("NONE");
      expect(preflight).not.toHaveProperty("api_key_required");
    }
    const verbs = resources(stack, ApiGatewayIntegrationResponse)
      .filter(({ status_code }) => status_code.includes("response_"))
      .map(({ response_parameters }) => response_parameters["method.response.header.Access-Control-Allow-Methods"]);
    expect(verbs.sort()).toEqual(["'OPTIONS,GET,PUT'", "'OPTIONS,POST'", "'OPTIONS,POST'"]);
  });

  it("read every answer, errors and API Gateway's own too", () => {
    minimal({ allowedOrigin: "https://app.example.com" });
    for (const { response_parameters } of resources(stack, ApiGatewayIntegrationResponse)) {
      expect(response_parameters["method.response.header.Access-Control-Allow-Origin"]).toBe(
        "'https://app.example.com'",
      );
    }
    expect(
      answers().map(([type, , headers]) => [type, headers["gatewayresponse.header.Access-Control-Allow-Origin"]]),
    ).toEqual(
      ["DEFAULT_4XX", "DEFAULT_5XX", "INTEGRATION_FAILURE", "THROTTLED"].map((type) => [
        type,
        "'https://app.example.com'",
      ]),
    );
  });

  it.each(["app.example.com", "https://app.example.com/", "https://a b", ""])("refuses the origin %j", (origin) => {
    expect(() => minimal({ allowedOrigin: origin })).toThrow(
      `t/api: allowedOrigin must be an origin such as "https://app.example.com", without a path, or "*", got ${JSON.stringify(origin)}`,
    );
  });
});

describe("AccountLogging", () => {
  it("is no part of an API: the setting is the account's", () => {
    minimal();
    expect(resources(stack, ApiGatewayAccount)).toEqual([]);
  });

  it("is there before the stage that needs it, and is taken back with the stack", () => {
    minimal({ accountLogging: new AccountLogging(stack, "logging") });
    expect(resources(stack, ApiGatewayAccount)).toMatchObject([{ reset_on_delete: true }]);
    expect(resources(stack, ApiGatewayStage)[0].depends_on).toEqual([
      expect.stringMatching(/^aws_api_gateway_account\.logging_account_/),
    ]);
  });
});
