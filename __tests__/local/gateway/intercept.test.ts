import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { FirehoseClient, ListDeliveryStreamsCommand } from "@aws-sdk/client-firehose";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Authenticator } from "../../../local/gateway/authenticate";
import { Forwarder } from "../../../local/gateway/forwarder";
import { Front } from "../../../local/gateway/front";
import { createHttpServer, type HttpServer } from "../../../local/gateway/http";
import type { Interceptor } from "../../../local/gateway/intercept";
import { AwsError } from "../../../local/gateway/types";
import { Meter } from "../../../local/meter";

let emulator: Server;
let forwarder: Forwarder;
let gateway: HttpServer;
/** What was executed: bodies that reached the emulator or our service. */
let executed: string[];
let told: unknown[];
let hook: Interceptor;

const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeEach(async () => {
  executed = [];
  told = [];
  hook = { wants: () => true, before: () => undefined, after: () => undefined };
  emulator = createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    executed.push(body);
    outgoing.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end('{"TableNames":[]}');
  });
  await new Promise<void>((resolve) => emulator.listen(0, "127.0.0.1", resolve));
  forwarder = new Forwarder(`http://127.0.0.1:${portOf(emulator)}`);
  const key = {
    arn: "arn:aws:iam::000000000000:root",
    accountId: "000000000000",
    secretAccessKey: "test",
    expiration: undefined,
  };
  const front = new Front({
    services: [
      {
        names: ["firehose"],
        handle: async ({ body }) => {
          executed.push(body.toString());
          return { status: 200, body: '{"DeliveryStreamNames":[],"HasMoreDeliveryStreams":false}' };
        },
      },
    ],
    emulator: { services: new Set(["s3", "dynamodb"]) },
    region: "eu-west-1",
    authenticator: new Authenticator({ resolve: async () => key }, () => new Date()),
    forwarder,
    meter: new Meter(),
    interceptor: {
      wants: (service) => hook.wants(service),
      before: (request) => hook.before(request),
      after: (request, status) => {
        told.push([request.service, request.action, request.accessKeyId, status]);
        return hook.after(request, status);
      },
    },
    identityChanged: () => undefined,
    report: () => undefined,
  });
  gateway = createHttpServer((incoming, outgoing) => void front.answer(incoming, outgoing));
  await new Promise<void>((resolve) => gateway.server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  forwarder.close();
  await gateway.closeAll();
  emulator.close();
  emulator.closeAllConnections();
});

const config = () => ({
  endpoint: `http://127.0.0.1:${portOf(gateway.server)}`,
  region: "eu-central-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
});
const WAYS: readonly (readonly [string, string, () => Promise<unknown>])[] = [
  ["the emulator", '{"Limit":3}', () => new DynamoDBClient(config()).send(new ListTablesCommand({ Limit: 3 }))],
  ["us", '{"Limit":3}', () => new FirehoseClient(config()).send(new ListDeliveryStreamsCommand({ Limit: 3 }))],
];

describe.each(WAYS)("a request that %s would answer", (_, body, send) => {
  it("is shown before and after, and answered", async () => {
    await send();
    expect(executed).toEqual([body]);
    expect(told).toEqual([[expect.stringMatching(/dynamodb|firehose/), expect.stringMatching(/^List/), "test", 200]]);
  });

  it("may get an error instead, and is not executed", async () => {
    hook = { ...hook, before: () => ({ kind: "error", error: new AwsError("ThrottlingException", "Slow down") }) };
    await expect(send()).rejects.toMatchObject({ name: "ThrottlingException", message: "Slow down" });
    expect(executed).toEqual([]);
  });

  it("may be cut before it is executed", async () => {
    hook = { ...hook, before: () => ({ kind: "drop" }) };
    await expect(send()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(executed).toEqual([]);
  });

  it("may be executed and its answer lost", async () => {
    hook = { ...hook, after: () => ({ kind: "drop" }) };
    await expect(send()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(executed).toEqual([body]);
  });

  it("may be executed twice", async () => {
    hook = { ...hook, before: () => ({ kind: "twice" }) };
    await send();
    expect(executed).toEqual([body, body]);
  });

  it("waits as long as the interceptor does", async () => {
    let go: () => void = () => undefined;
    const waited = new Promise<undefined>((resolve) => {
      go = () => resolve(undefined);
    });
    const asked = new Promise<void>((resolve) => {
      hook = {
        ...hook,
        before: () => {
          resolve();
          return waited;
        },
      };
    });
    const sent = send();
    await asked;
    expect(executed).toEqual([]);
    go();
    await sent;
    expect(executed).toEqual([body]);
  });

  it("of a service it does not want is not shown", async () => {
    hook = { ...hook, wants: () => false, before: () => ({ kind: "drop" }) };
    await send();
    expect(told).toEqual([]);
  });
});

it("names a request to S3 by method and path, and passes its body on as it came", async () => {
  const client = new S3Client({ ...config(), forcePathStyle: true });
  await client.send(new PutObjectCommand({ Bucket: "b", Key: "a b", Body: "rows" }));
  expect(told).toEqual([["s3", "PUT /b/a%20b", "test", 200]]);
  expect(executed.join()).toContain("rows");
});
