import { readFileSync } from "node:fs";
import path from "node:path";
import type { Service } from "../../../../local/gateway/types";
import { createExecuteApi } from "../../../../local/services/execute-api";
import { type Applied, FakeAws, request, signedBy } from "./fake-aws";

const METHOD = {
  httpMethod: "POST",
  authorizationType: "NONE",
  methodIntegration: {
    type: "AWS",
    uri: "arn:aws:apigateway:us-east-1:kinesis:action/PutRecord",
    credentials: "arn:aws:iam::123456789012:role/api",
    requestParameters: { "integration.request.header.Content-Type": "'application/x-amz-json-1.1'" },
    requestTemplates: { "application/json": '{"Data":"$util.base64Encode($input.body)"}' },
    passthroughBehavior: "NEVER",
    integrationResponses: {
      "200": { statusCode: "200", selectionPattern: "200", responseTemplates: { "application/json": "taken" } },
      "502": { statusCode: "502", responseTemplates: { "application/json": "not taken" } },
    },
  },
};
type Method = Omit<typeof METHOD, "methodIntegration"> & {
  methodIntegration: Record<string, unknown>;
  [more: string]: unknown;
};

let aws: FakeAws;
let api: Service;
let method: Method;

beforeEach(async () => {
  method = structuredClone(METHOD) as Method;
  const applied: Applied = {
    api: { id: "abc123" },
    stage: { stageName: "live", deploymentId: "d1", methodSettings: {} },
    resources: [
      { id: "r0", path: "/" },
      { id: "r1", path: "/records", pathPart: "records", parentId: "r0", resourceMethods: { POST: method } },
    ],
    models: [{ name: "Document", schema: '{"type":"object","minProperties":1}' }],
    validators: [{ id: "v1", validateRequestBody: true, validateRequestParameters: true }],
    gatewayResponses: [],
  };
  aws = new FakeAws(applied);
  api = createExecuteApi(await aws.start());
});
afterEach(async () => {
  await api.close?.();
  await aws.stop();
});

const integration = (over: Record<string, unknown>) => Object.assign(method.methodIntegration, over);
const admit = (condition: object) => {
  aws.applied.api.policy = JSON.stringify({
    Statement: [
      {
        Effect: "Allow",
        Principal: "*",
        Action: "execute-api:Invoke",
        Resource: "arn:aws:execute-api:us-east-1:123456789012:abc123/*",
        Condition: condition,
      },
    ],
  });
};
const log = async () => {
  await api.close?.();
  return readFileSync(path.join(aws.folder, "execute-api", "execution.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
};

describe("a request that is let through", () => {
  it("calls the integration's action with its role and content type, and the rendered template", async () => {
    expect(await api.handle(request())).toMatchObject({ status: 200, body: "taken" });
    expect(aws.roles).toEqual([["arn:aws:iam::123456789012:role/api", "apigateway.amazonaws.com"]]);
    expect(aws.calls).toEqual([
      {
        target: "Kinesis_20131202.PutRecord",
        contentType: "application/x-amz-json-1.1",
        authorization: expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=ROLE\/\d{8}\/us-east-1\/kinesis\/aws4_request/,
        ),
        body: JSON.stringify({ Data: Buffer.from('{"a":1.50}').toString("base64") }),
      },
    ]);
  });

  it("is reached by the path form too", async () => {
    const other = request({ path: "/restapis/abc123/live/_user_request_/records", headers: { host: "127.0.0.1:1" } });
    expect(await api.handle(other)).toMatchObject({ status: 200 });
  });

  it("counts what became of it", async () => {
    await api.handle(request());
    await api.handle(request({ path: "/live/nowhere" }));
    aws.service = () => ({ status: 500, body: "" });
    await api.handle(request());
    expect(aws.meter.all()).toEqual({
      "api:abc123": { received: 3, accepted: 1, refused: 1, refused_403: 1, failed: 1 },
    });
  });
});

describe("the answer of the service", () => {
  it("becomes the default response when no pattern is its status", async () => {
    aws.service = () => ({ status: 400, body: '{"__type":"AccessDeniedException","message":"no"}' });
    expect(await api.handle(request())).toMatchObject({ status: 502, body: "not taken" });
    expect((await log()).at(-1)).toMatchObject({
      type: "INTEGRATION",
      reason: "the service answered 400 AccessDeniedException: no",
    });
  });

  it("is not logged where it quotes the record", async () => {
    aws.service = () => ({ status: 400, body: '{"__type":"ValidationException","message":"Value \'secret\' at ..."}' });
    await api.handle(request());
    expect((await log()).at(-1).reason).toBe("the service answered 400 ValidationException");
  });

  it("may have its status turned by the template", async () => {
    integration({
      integrationResponses: {
        "502": {
          statusCode: "502",
          responseTemplates: { "application/json": "#set($context.responseOverride.status = 429)slow" },
        },
      },
    });
    expect(await api.handle(request())).toMatchObject({ status: 429, body: "slow" });
  });

  it("is passed on where there is no template", async () => {
    integration({ integrationResponses: { "200": { statusCode: "200" } } });
    aws.service = () => ({ status: 200, body: '{"RecordId":"1"}' });
    expect(await api.handle(request())).toMatchObject({ status: 200, body: '{"RecordId":"1"}' });
  });
});

describe("authorization", () => {
  it("sends an unsigned request to a signed method away", async () => {
    method.authorizationType = "AWS_IAM";
    expect(await api.handle(request())).toMatchObject({
      status: 403,
      body: '{"message":"Missing Authentication Token"}',
    });
  });

  it("says who may not do what", async () => {
    method.authorizationType = "AWS_IAM";
    const caller = signedBy("arn:aws:sts::123456789012:assumed-role/x/y");
    expect(await api.handle(request({ caller }))).toMatchObject({
      status: 403,
      body: '{"Message":"User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:abc123/live/POST/records"}',
    });
  });

  it("lets a caller with the right through", async () => {
    method.authorizationType = "AWS_IAM";
    aws.allowed.push("arn:caller");
    expect(await api.handle(request({ caller: signedBy("arn:caller") }))).toMatchObject({ status: 200 });
  });

  it.each([
    ["127.0.0.1", 200],
    ["::ffff:127.0.0.1", 200],
    ["127.0.1.1", 403],
    ["::1", 403],
  ])("holds %s to the resource policy: %d", async (sourceIp, status) => {
    admit({ IpAddress: { "aws:SourceIp": ["127.0.0.0/24"] } });
    expect(await api.handle(request({ sourceIp }))).toMatchObject({ status });
  });

  it("calls an unsigned caller whom the policy does not admit anonymous", async () => {
    admit({ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } });
    expect((await api.handle(request())).body).toBe(
      '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:abc123/live/POST/records"}',
    );
  });

  it("does not pass over a condition it does not know", async () => {
    admit({ StringEquals: { "aws:SourceVpc": "vpc-1" } });
    expect(await api.handle(request())).toMatchObject({ status: 500, body: '{"message":"Internal server error"}' });
    expect((await log())[0].reason).toBe(
      "resource policy: the condition StringEquals on aws:SourceVpc is not evaluated by the local AWS",
    );
  });
});

describe("what API Gateway answers itself", () => {
  it.each([
    ["a path that is not there", { path: "/live/nowhere" }, 403, '{"message":"Missing Authentication Token"}'],
    ["a stage that is not there", { path: "/other/records" }, 403, '{"message":"Forbidden"}'],
    [
      "a content type without a template",
      { headers: { ...request().headers, "content-type": "text/plain" } },
      415,
      '{"message":"Unsupported Media Type"}',
    ],
  ])("is AWS's for %s", async (_, over, status, body) => {
    expect(await api.handle(request(over))).toMatchObject({ status, body });
    expect(aws.calls).toEqual([]);
  });

  it("takes a missing content type, and one with parameters, for JSON", async () => {
    const { host } = request().headers;
    expect(await api.handle(request({ headers: { host: host! } }))).toMatchObject({ status: 200 });
    const headers = { host: host!, "content-type": "Application/JSON; charset=utf-8" };
    expect(await api.handle(request({ headers }))).toMatchObject({ status: 200 });
  });

  it.each(['{"a":', "[1]", "{}", "", '{"a":1} x'])(
    "refuses the body %j that the model does not allow",
    async (text) => {
      Object.assign(method, { requestValidatorId: "v1", requestModels: { "application/json": "Document" } });
      expect(await api.handle(request({ text }))).toMatchObject({
        status: 400,
        body: '{"message":"Invalid request body"}',
      });
      expect(aws.calls).toEqual([]);
    },
  );

  it("names the parameters that are missing", async () => {
    Object.assign(method, {
      requestValidatorId: "v1",
      requestParameters: { "method.request.header.X-One": true, "method.request.querystring.two": true },
    });
    expect((await api.handle(request())).body).toBe('{"message":"Missing required request parameters: [X-One, two]"}');
  });

  it("says when a template needs JSON and the body is none", async () => {
    integration({ requestTemplates: { "application/json": "$input.json('$')" } });
    expect(await api.handle(request({ text: "x" }))).toMatchObject({
      status: 400,
      body: '{"message":"Could not parse request body into json: unexpected \\"x\\" at character 0"}',
    });
  });

  it("is worded by the API where it has a gateway response of its own", async () => {
    aws.applied.gatewayResponses.push({
      responseType: "DEFAULT_4XX",
      statusCode: "418",
      responseTemplates: {
        "application/json": '{"own":$context.error.messageString,"type":"$context.error.responseType"}',
      },
      responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" },
    });
    expect(await api.handle(request({ path: "/live/nowhere" }))).toMatchObject({
      status: 418,
      headers: expect.objectContaining({ "access-control-allow-origin": "*" }),
      body: '{"own":"Missing Authentication Token","type":"MISSING_AUTHENTICATION_TOKEN"}',
    });
  });

  it("is a 429 once the burst of the stage is used up", async () => {
    aws.applied.stage.methodSettings = { "*/*": { throttlingBurstLimit: 2, throttlingRateLimit: 0 } };
    const answers = [await api.handle(request()), await api.handle(request()), await api.handle(request())];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.body).toBe('{"message":"Too Many Requests"}');
  });
});

describe("what cannot be carried out", () => {
  it.each([
    [
      "a function outside the reference",
      { requestTemplates: { "application/json": "$util.nope()" } },
      /^mapping template of the request: line 1: \$util has no nope\(\); it has/,
    ],
    [
      "a service that is not called here",
      { uri: "arn:aws:apigateway:us-east-1:sqs:action/SendMessage" },
      /^integration: the service sqs is not called by the local AWS; firehose and kinesis are$/,
    ],
    [
      "another type of integration",
      { type: "HTTP" },
      /^integration: type HTTP is not carried out by the local AWS; AWS and MOCK are$/,
    ],
    [
      "a status without a response",
      { integrationResponses: {} },
      /^no integration response is for status 200, and there is no default one$/,
    ],
  ])("is a 500 with the reason in the log: %s", async (_, over, reason) => {
    integration(over);
    expect(await api.handle(request())).toMatchObject({ status: 500, body: '{"message":"Internal server error"}' });
    expect((await log())[0]).toMatchObject({ type: "API_CONFIGURATION_ERROR", reason: expect.stringMatching(reason) });
  });

  it.each(["$ref", "format"])("is a model with %s, which is not passed over", async (word) => {
    aws.applied.models[0]!.schema = JSON.stringify({ [word]: "x" });
    Object.assign(method, { requestValidatorId: "v1", requestModels: { "application/json": "Document" } });
    expect(await api.handle(request())).toMatchObject({ status: 500 });
    expect((await log())[0].reason).toBe(`model: "${word}" is not evaluated by the local AWS`);
  });
});

describe("a deployment", () => {
  it("is a picture: an edited API answers as before until the stage has a new one", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "setTimeout", "clearTimeout", "performance"] });
    try {
      await api.handle(request());
      integration({ requestTemplates: { "application/json": "edited" } });
      jest.setSystemTime(Date.now() + 5000);
      await api.handle(request());
      aws.applied.stage.deploymentId = "d2";
      jest.setSystemTime(Date.now() + 5000);
      await api.handle(request());
      expect(aws.calls.map(({ body }) => body === "edited")).toEqual([false, false, true]);
    } finally {
      jest.useRealTimers();
    }
  });
});
