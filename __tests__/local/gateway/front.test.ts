import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { Authenticator } from "../../../local/gateway/authenticate";
import { BODY_LIMIT_BYTES } from "../../../local/gateway/body";
import { Forwarder } from "../../../local/gateway/forwarder";
import { Front } from "../../../local/gateway/front";
import { createHttpServer, type HttpServer } from "../../../local/gateway/http";
import { AwsError, type AwsRequest, type Service } from "../../../local/gateway/types";
import { Meter } from "../../../local/meter";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let emulator: Server;
/** What the emulator was sent. */
let passed: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[];
let emulatorAnswers: (body: string) => { status: number; headers: Record<string, string>; body: string };
let gateway: HttpServer;
let handled: AwsRequest[];
let reported: unknown[];
let changes: number;
let handle: Service["handle"];
let forwarder: Forwarder;

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listening = (server: Server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

beforeEach(async () => {
  passed = [];
  handled = [];
  reported = [];
  changes = 0;
  handle = async () => ({ status: 200, body: "ours" });
  emulatorAnswers = (body) => ({ status: 200, headers: { "x-amz-meta-a": "1" }, body: `theirs:${body.length}` });
  emulator = createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    passed.push({ method: incoming.method!, url: incoming.url!, headers: incoming.headers, body });
    const answer = emulatorAnswers(body);
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await listening(emulator);
  forwarder = new Forwarder(`http://127.0.0.1:${portOf(emulator)}`);
  const meter = new Meter();
  meter.add("api:a", "received", 3);
  const key = {
    arn: "arn:aws:iam::000000000000:root",
    accountId: "000000000000",
    secretAccessKey: "test",
    expiration: undefined,
  };
  const front = new Front({
    services: [
      {
        names: ["firehose", "execute-api"],
        handle: (one) => {
          handled.push(one);
          return handle(one);
        },
      },
    ],
    emulator: { services: new Set(["s3", "kinesis", "iam", "cognito-idp"]) },
    region: "eu-west-1",
    authenticator: new Authenticator({ resolve: async () => key }, () => new Date()),
    forwarder,
    meter,
    identityChanged: () => changes++,
    report: (problem) => reported.push(problem),
  });
  gateway = createHttpServer((incoming, outgoing) => void front.answer(incoming, outgoing));
  await listening(gateway.server);
});

afterEach(async () => {
  forwarder.close();
  await gateway.closeAll();
  emulator.close();
  emulator.closeAllConnections();
});

function send(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: portOf(gateway.server), path, method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body: text }));
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

async function signed(
  service: string,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string; secret?: string } = {},
) {
  const { method = "POST", path = "/", headers = {}, body, secret = "test" } = options;
  const credentials = { accessKeyId: "test", secretAccessKey: secret };
  const signer = new SignatureV4({
    service,
    region: "eu-central-1",
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const host = `127.0.0.1:${portOf(gateway.server)}`;
  const signedRequest = await signer.sign({
    method,
    protocol: "http:",
    hostname: host,
    path,
    headers: { host, ...headers },
    body,
  });
  return send(path, { method, headers: signedRequest.headers, body });
}

describe("what Cognito answers to anybody", () => {
  it.each([
    ["GET", "/us-east-1_a/.well-known/jwks.json", "cognito-idp.us-east-1.amazonaws.com"],
    ["POST", "/oauth2/token", "mine.auth.us-east-1.amazoncognito.com"],
  ])("is passed on unsigned: %s %s of %s", async (method, path, host) => {
    const headers = { host, authorization: "Basic eDp5" };
    await expect(send(path, { method, headers })).resolves.toMatchObject({ status: 200 });
    expect(passed).toMatchObject([{ method, url: path }]);
  });

  it.each([
    ["GET", "/oauth2/token", "mine.auth.us-east-1.amazoncognito.com"],
    ["POST", "/oauth2/token", "127.0.0.1"],
    ["POST", "/", "cognito-idp.us-east-1.amazonaws.com"],
  ])("is no other request: %s %s of %s", async (method, path, host) => {
    await expect(send(path, { method, headers: { host } })).resolves.toMatchObject({ status: 403 });
    expect(passed).toEqual([]);
  });
});

describe("a service that we answer", () => {
  it("is given the request whole, with who signed it", async () => {
    const body = '{"a":1}';
    await expect(signed("firehose", { path: "/x%20y", body })).resolves.toMatchObject({ status: 200, body: "ours" });
    expect(handled[0]).toMatchObject({
      method: "POST",
      path: "/x%20y",
      service: "firehose",
      region: "eu-central-1",
      body: Buffer.from(body),
      caller: { arn: "arn:aws:iam::000000000000:root" },
      sourceIp: "127.0.0.1",
    });
    expect(passed).toEqual([]);
  });

  it("is given an unsigned request without a caller", async () => {
    await send("/v1/records?a=1&a=2", {
      method: "PUT",
      headers: { host: "abc.execute-api.eu-central-1.amazonaws.com" },
      body: "x",
    });
    expect(handled[0]).toMatchObject({
      service: "execute-api",
      region: "eu-west-1",
      caller: undefined,
      path: "/v1/records",
    });
    expect(handled[0]!.query.getAll("a")).toEqual(["1", "2"]);
  });

  it("is given a request to an API whose authorization is no signature, without a caller", async () => {
    const headers = { host: "abc.execute-api.eu-central-1.amazonaws.com", authorization: "Bearer x" };
    await send("/v1/records", { headers });
    expect(handled[0]).toMatchObject({ caller: undefined, headers: { authorization: "Bearer x" } });
  });

  it("is not given a request whose signature is wrong", async () => {
    const answer = await signed("firehose", {
      headers: { "x-amz-target": "Firehose_20150804.PutRecord" },
      secret: "wrong",
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ __type: "InvalidSignatureException" });
    expect(handled).toEqual([]);
  });

  it("is not given a request that is signed for another service", async () => {
    const answer = await signed("s3", { headers: { host: "abc.execute-api.eu-central-1.amazonaws.com" } });
    expect(answer).toMatchObject({
      status: 403,
      body: '{"message":"Credential should be scoped to correct service: \'execute-api\'."}',
    });
  });

  it("refuses in the words of its protocol", async () => {
    handle = async () => {
      throw new AwsError("ResourceNotFoundException", "Firehose x not found", 400);
    };
    const answer = await signed("firehose", { headers: { "x-amz-target": "Firehose_20150804.PutRecord" } });
    expect(answer).toMatchObject({
      status: 400,
      body: '{"__type":"ResourceNotFoundException","message":"Firehose x not found"}',
    });
    expect(reported).toEqual([]);
  });

  it("fails as InternalFailure when it breaks, and the failure is reported", async () => {
    const problem = new TypeError("broken");
    handle = async () => {
      throw problem;
    };
    const answer = await signed("firehose", { headers: { "x-amz-target": "Firehose_20150804.PutRecord" } });
    expect(answer).toMatchObject({ status: 500, body: '{"__type":"InternalFailure","message":"broken"}' });
    expect(reported).toEqual([problem]);
  });

  it("takes no request larger than the limit", async () => {
    const answer = await send("/v1/x", {
      method: "POST",
      headers: { host: "abc.execute-api.eu-central-1.amazonaws.com" },
      body: Buffer.alloc(BODY_LIMIT_BYTES + 1),
    });
    expect(answer.status).toBe(413);
    expect(handled).toEqual([]);
  });
});

describe("a service of the emulator", () => {
  it("is passed the request as it came, host and all, on a transport that counts as secure", async () => {
    const answer = await signed("s3", {
      method: "PUT",
      path: "/b/a%20b",
      headers: { "x-forwarded-proto": "http" },
      body: "12345",
    });
    expect(answer).toMatchObject({ status: 200, body: "theirs:5", headers: { "x-amz-meta-a": "1" } });
    expect(passed).toMatchObject([
      {
        method: "PUT",
        url: "/b/a%20b",
        body: "12345",
        headers: { host: `127.0.0.1:${portOf(gateway.server)}`, "x-forwarded-proto": "https" },
      },
    ]);
    expect(handled).toEqual([]);
  });

  it("is reached over HTTP/2 too, with the authority as host", async () => {
    const client = connect(`http://127.0.0.1:${portOf(gateway.server)}`);
    const authorization =
      "AWS4-HMAC-SHA256 Credential=test/20260131/r/kinesis/aws4_request, SignedHeaders=:authority, Signature=x";
    const body = await new Promise((resolve, reject) => {
      const stream = client.request({
        ":method": "POST",
        ":path": "/",
        ":authority": "here:1",
        authorization,
        "x-amz-date": "20260131T000000Z",
      });
      let text = "";
      stream.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      stream.on("end", () => resolve(text)).on("error", reject);
      stream.end("123");
    });
    client.destroy();
    expect(body).toBe("theirs:3");
    expect(passed[0]!.headers.host).toBe("here:1");
  });

  it("answers its errors itself", async () => {
    emulatorAnswers = () => ({ status: 404, headers: {}, body: "<Error/>" });
    await expect(signed("s3", { method: "GET", path: "/b/absent" })).resolves.toMatchObject({
      status: 404,
      body: "<Error/>",
    });
  });

  it.each([
    ["iam", 1],
    ["kinesis", 0],
  ])("makes the gateway ask for identity anew after a call to %s: %d time", async (service, times) => {
    await signed(service);
    expect(changes).toBe(times);
  });

  it("is not given a request that nobody signed", async () => {
    await expect(send("/bucket/key")).resolves.toMatchObject({
      status: 403,
      body: expect.stringContaining(
        "<Code>AccessDenied</Code><Message>Missing Authentication Token: the request is not signed</Message>",
      ),
    });
    expect(passed).toEqual([]);
  });

  it("is said to be away when it does not answer", async () => {
    emulator.close();
    emulator.closeAllConnections();
    const answer = await signed("kinesis", { headers: { "x-amz-target": "Kinesis_20131202.ListStreams" } });
    expect(answer.status).toBe(503);
    expect(answer.body).toContain("The emulator behind the gateway did not answer: connect ECONNREFUSED");
  });
});

describe("what nobody answers", () => {
  it("names the service that the local AWS does not have", async () => {
    const answer = await signed("batch", { path: "/v1/describejobqueues" });
    expect(answer).toMatchObject({
      status: 501,
      headers: { "x-amzn-errortype": "UnknownService" },
      body: '{"message":"The local AWS has no service \'batch\' (POST /v1/describejobqueues)"}',
    });
    expect(passed).toEqual([]);
  });

  it.each(["/_ministack/reset", "/%5Fministack/reset", "/_localstack/health", "/_aws/ses"])(
    "keeps %s of the emulator to itself",
    async (path) => {
      expect((await signed("s3", { path })).status).toBe(501);
      expect((await send(path)).status).toBe(403);
      expect(passed).toEqual([]);
    },
  );
});

describe("what is our own", () => {
  it("says that it is there", async () => {
    await expect(send("/_redstream/health")).resolves.toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it("shows the counts of the run", async () => {
    await expect(send("/_redstream/meter")).resolves.toMatchObject({ status: 200, body: '{"api:a":{"received":3}}' });
  });
});
