import { generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AwsRequest, Service } from "../../../../local/gateway/types";
import { createExecuteApi } from "../../../../local/services/execute-api";
import { FakeAws, request } from "./fake-aws";

let aws: FakeAws;
let api: Service;
let method: Record<string, unknown>;

beforeEach(async () => {
  method = {
    httpMethod: "POST",
    authorizationType: "NONE",
    methodIntegration: {
      type: "AWS",
      uri: "arn:aws:apigateway:us-east-1:kinesis:action/PutRecord",
      credentials: "arn:aws:iam::123456789012:role/api",
      requestTemplates: { "application/json": "{}" },
      integrationResponses: { "200": { statusCode: "200" } },
    },
  };
  aws = new FakeAws({
    api: { id: "abc123" },
    stage: { stageName: "live", deploymentId: "d1", methodSettings: {} },
    resources: [{ id: "r1", path: "/records", resourceMethods: { POST: method } }],
    models: [],
    validators: [],
    gatewayResponses: [],
  });
  api = createExecuteApi(await aws.start());
});
afterEach(async () => {
  await api.close?.();
  await aws.stop();
});

const call = (headers: Record<string, string> = {}, over: Partial<AwsRequest> = {}) =>
  api.handle(request({ ...over, headers: { ...request().headers, ...headers } }));

describe("a method that asks for an API key", () => {
  beforeEach(() => {
    method.apiKeyRequired = true;
    aws.applied.apiKeys = [
      { id: "k1", value: "good", enabled: true },
      { id: "k2", value: "off", enabled: false },
      { id: "k3", value: "elsewhere", enabled: true },
    ];
    aws.applied.usagePlans = [{ id: "p1", apiStages: [{ apiId: "abc123", stage: "live" }] }];
    aws.applied.planKeys = [{ id: "k1" }, { id: "k2" }];
  });

  it("takes a key that a usage plan admits to the stage", async () => {
    expect(await call({ "x-api-key": "good" })).toMatchObject({ status: 200 });
  });

  it.each([undefined, "", "unknown", "off", "elsewhere"])("refuses the key %j", async (key) => {
    expect(await call(key === undefined ? {} : { "x-api-key": key })).toMatchObject({
      status: 403,
      headers: { "x-amzn-errortype": "ForbiddenException" },
      body: '{"message":"Forbidden"}',
    });
    expect(aws.calls).toEqual([]);
  });

  it("refuses a key whose plan is for another stage", async () => {
    aws.applied.usagePlans![0]!.apiStages = [{ apiId: "abc123", stage: "other" }];
    expect(await call({ "x-api-key": "good" })).toMatchObject({ status: 403 });
  });

  it("holds a key to its plan's rate", async () => {
    aws.applied.usagePlans![0]!.throttle = { rateLimit: 0, burstLimit: 2 };
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await call({ "x-api-key": "good" })).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it("holds a key to its plan's quota, and says so", async () => {
    aws.applied.usagePlans![0]!.quota = { limit: 2, period: "MONTH" };
    await call({ "x-api-key": "good" });
    await call({ "x-api-key": "good" });
    expect(await call({ "x-api-key": "good" })).toMatchObject({
      status: 429,
      headers: { "x-amzn-errortype": "LimitExceededException" },
      body: '{"message":"Limit Exceeded"}',
    });
  });
});

describe("a method that asks for a user pool's token", () => {
  const POOL = "us-east-1_pool";
  const ISSUER = `https://cognito-idp.us-east-1.amazonaws.com/${POOL}`;
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });

  const tokenOf = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key: KeyObject = privateKey,
  ) => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${encode({ alg: "RS256", kid: "1", ...header })}.${encode({
      iss: ISSUER,
      token_use: "access",
      scope: "records/put",
      sub: "client",
      exp: Math.floor(Date.now() / 1000) + 60,
      ...claims,
    })}`;
    return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
  };

  beforeEach(() => {
    Object.assign(method, {
      authorizationType: "COGNITO_USER_POOLS",
      authorizerId: "a1",
      authorizationScopes: ["records/put"],
    });
    aws.applied.authorizers = [
      {
        id: "a1",
        type: "COGNITO_USER_POOLS",
        providerARNs: [`arn:aws:cognito-idp:us-east-1:123456789012:userpool/${POOL}`],
      },
    ];
    aws.applied.jwks = { keys: [{ ...(publicKey.export({ format: "jwk" }) as JsonWebKey), kid: "1" }] };
  });

  it.each(["", "Bearer "])("takes an access token of the pool with the scope, after %j", async (before) => {
    expect(await call({ authorization: before + tokenOf() })).toMatchObject({ status: 200 });
  });

  it.each([
    ["no token", undefined],
    ["what is no token", "Bearer abc"],
    ["another scope", tokenOf({ scope: "records/get" })],
    ["an identity token, which has no scopes", tokenOf({ token_use: "id", scope: undefined })],
    ["another pool's token", tokenOf({ iss: `${ISSUER}2` })],
    ["a signature of another key", tokenOf({}, {}, other.privateKey)],
    ["a key that the pool does not have", tokenOf({}, { kid: "2" })],
    ["no signature at all", tokenOf({}, { alg: "none" }).replace(/[^.]+$/, "")],
  ])("refuses %s", async (_, authorization) => {
    expect(await call(authorization === undefined ? {} : { authorization })).toMatchObject({
      status: 401,
      headers: { "x-amzn-errortype": "UnauthorizedException" },
      body: '{"message":"Unauthorized"}',
    });
    expect(aws.calls).toEqual([]);
  });

  it("tells that a token has expired", async () => {
    const authorization = tokenOf({ exp: Math.floor(Date.now() / 1000) - 1 });
    expect(await call({ authorization })).toMatchObject({
      status: 401,
      body: '{"message":"The incoming token has expired"}',
    });
  });

  it("takes an identity token where the method names no scopes, and no access token", async () => {
    method.authorizationScopes = [];
    expect(await call({ authorization: tokenOf({ token_use: "id" }) })).toMatchObject({ status: 200 });
    expect(await call({ authorization: tokenOf() })).toMatchObject({ status: 401 });
  });

  it("is a 500 when its authorizer is another kind", async () => {
    aws.applied.authorizers![0]!.type = "TOKEN";
    expect(await call({ authorization: tokenOf() })).toMatchObject({ status: 500 });
  });
});

describe("a MOCK integration", () => {
  beforeEach(() => {
    method.methodIntegration = {
      type: "MOCK",
      requestTemplates: { "application/json": '{"statusCode":204}' },
      integrationResponses: {
        "204": {
          statusCode: "204",
          responseParameters: { "method.response.header.Access-Control-Allow-Origin": "'https://a.example'" },
        },
      },
    };
  });

  it("answers by itself, without a content type too", async () => {
    const { host } = request().headers;
    expect(await api.handle(request({ headers: { host: host! }, text: "" }))).toMatchObject({
      status: 204,
      headers: expect.objectContaining({ "access-control-allow-origin": "https://a.example" }),
      body: "",
    });
    expect(aws.calls).toEqual([]);
  });

  it("is a 500 when its template names no status", async () => {
    Object.assign(method.methodIntegration as object, { requestTemplates: { "application/json": "{}" } });
    expect(await call()).toMatchObject({ status: 500 });
  });
});

describe("the access log", () => {
  it("has a line a request in the stage's format, with a hyphen for what there is not", async () => {
    aws.applied.stage.accessLogSettings = {
      format:
        "$context.httpMethod $context.resourcePath $context.status $context.error.responseType $context.identity.userArn",
    };
    await call();
    await call({ "content-type": "text/plain" }, { path: "/live/nowhere" });
    await api.close?.();
    expect(readFileSync(join(aws.folder, "execute-api", "access-abc123-live.log"), "utf8")).toBe(
      "POST /records 200 - -\nPOST - 403 MISSING_AUTHENTICATION_TOKEN -\n",
    );
  });
});
