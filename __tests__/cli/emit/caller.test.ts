import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { emitAuthOf } from "../../../cli/emit";

let server: Server;
let calls: { url: string; host: string; target: string; authorization: string; body: string }[];
let answers: Record<string, unknown>;

beforeEach(async () => {
  calls = [];
  answers = {};
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { host = "", authorization = "" } = request.headers;
      const target = String(request.headers["x-amz-target"]);
      calls.push({ url: request.url!, host, target, authorization, body: Buffer.concat(chunks).toString() });
      const answer = answers[request.url!.split("?")[0]!];
      response.writeHead(answer === undefined ? 403 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { message: "no right" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const authOf = (outputs: Record<string, unknown>) =>
  emitAuthOf(outputs, {
    region: "eu-west-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: "AK", secretAccessKey: "SK" },
  });
const COGNITO = {
  api_auth: "cognito",
  user_pool_id: "eu-west-1_p",
  user_pool_client_id: "c",
  token_url: "https://mine.auth.eu-west-1.amazoncognito.com/oauth2/token",
};

describe("how an API is called", () => {
  it("is said by the stack's output", async () => {
    await expect(authOf({ api_auth: "none" })).resolves.toEqual({ kind: "none" });
    await expect(authOf({ api_auth: "iam" })).resolves.toMatchObject({ kind: "iam", region: "eu-west-1" });
    expect(calls).toEqual([]);
  });

  it("reads an API key's value by its id, with the caller's own rights", async () => {
    answers["/apikeys/k1"] = { id: "k1", value: "the-value" };
    await expect(authOf({ api_auth: "apiKey", api_key_id: "k1" })).resolves.toEqual({
      kind: "apiKey",
      key: "the-value",
    });
    expect(calls[0]?.url).toBe("/apikeys/k1?includeValue=true");
    expect(calls[0]?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-west-1\/apigateway\//);
  });

  it("gets tokens for the client's secret, one for all who ask while it lasts", async () => {
    answers["/"] = { UserPoolClient: { ClientSecret: "s" } };
    answers["/oauth2/token"] = { access_token: "t1", expires_in: 3600 };
    const auth = await authOf(COGNITO);
    if (auth.kind !== "cognito") throw new Error(auth.kind);
    await expect(Promise.all([auth.token(), auth.token(), auth.token()])).resolves.toEqual(["t1", "t1", "t1"]);
    expect(calls).toMatchObject([
      {
        host: "cognito-idp.eu-west-1.amazonaws.com",
        target: "AWSCognitoIdentityProviderService.DescribeUserPoolClient",
        body: '{"UserPoolId":"eu-west-1_p","ClientId":"c"}',
      },
      {
        url: "/oauth2/token",
        host: "mine.auth.eu-west-1.amazoncognito.com",
        authorization: `Basic ${Buffer.from("c:s").toString("base64")}`,
        body: "grant_type=client_credentials",
      },
    ]);
  });

  it("gets a new token a minute before the old one ends", async () => {
    answers["/"] = { UserPoolClient: { ClientSecret: "s" } };
    answers["/oauth2/token"] = { access_token: "t1", expires_in: 60 };
    const auth = await authOf(COGNITO);
    if (auth.kind !== "cognito") throw new Error(auth.kind);
    answers["/oauth2/token"] = { access_token: "t1", expires_in: 59 };
    await auth.token();
    answers["/oauth2/token"] = { access_token: "t2", expires_in: 3600 };
    await expect(auth.token()).resolves.toBe("t2");
  });

  it.each([
    [{}, 'the stack has no output api_auth, which api_auth "undefined" needs'],
    [{ api_auth: "basic" }, 'api_auth must be one of iam, apiKey, cognito, none, got "basic"'],
    [{ api_auth: "apiKey" }, 'the stack has no output api_key_id, which api_auth "apiKey" needs'],
    [{ api_auth: "apiKey", api_key_id: "k1" }, "the API key k1 cannot be read: no right"],
    [COGNITO, 'the client c cannot be read: answered with 403: {"message":"no right"}'],
  ])("is one clear line when it cannot be found out: %j", async (outputs, message) => {
    await expect(authOf(outputs)).rejects.toThrow(new Error(message));
  });
});
