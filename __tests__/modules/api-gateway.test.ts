import { ApiGatewayAccount } from "@cdktf/provider-aws/lib/api-gateway-account";
import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { ApiGatewayIntegration } from "@cdktf/provider-aws/lib/api-gateway-integration";
import { ApiGatewayIntegrationResponse } from "@cdktf/provider-aws/lib/api-gateway-integration-response";
import { ApiGatewayMethod } from "@cdktf/provider-aws/lib/api-gateway-method";
import { ApiGatewayMethodSettings } from "@cdktf/provider-aws/lib/api-gateway-method-settings";
import { ApiGatewayModel } from "@cdktf/provider-aws/lib/api-gateway-model";
import { ApiGatewayRestApiPolicy } from "@cdktf/provider-aws/lib/api-gateway-rest-api-policy";
import { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { TerraformStack } from "cdktf";
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
      't/api: allowedCidrs is for auth "none", got auth "iam"; limit signed callers in their own policies (aws:SourceIp)',
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
    [{ auth: "open" as "none" }, 't/api: auth must be one of iam, none, got "open"'],
  ])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(message);
  });

  it("puts on the data stream, and lists delivery streams", () => {
    minimal();
    expect(resources(stack, ApiGatewayIntegration).map(({ uri }) => /[a-z]+:action.*$/.exec(uri)?.[0])).toEqual([
      "firehose:action/ListDeliveryStreams",
      "kinesis:action/PutRecord",
      "kinesis:action/PutRecord",
    ]);
  });

  it("puts on the delivery stream when that is behind it", () => {
    minimal({ target: { deliveryStream: target } });
    expect(resources(stack, ApiGatewayIntegration).map(({ uri }) => /[a-z]+:action.*$/.exec(uri)?.[0])).toEqual([
      "firehose:action/ListDeliveryStreams",
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
