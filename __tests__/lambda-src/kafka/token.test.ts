import { createHash, createHmac } from "node:crypto";
import { clientOptions } from "../../../lambda-src/kafka/client";
import { mskToken } from "../../../lambda-src/kafka/token";

/**
 * The token's format by https://github.com/aws/aws-msk-iam-auth#details: a presigned URL of kafka-cluster:Connect, in base64 for URLs. No broker here can check it, so its
 * signature is made again by the rules of Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
const KEYS = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret+key/example",
  AWS_SESSION_TOKEN: "session+token=",
};

beforeEach(() => {
  Object.assign(process.env, KEYS);
});
afterEach(() => {
  for (const name of Object.keys(KEYS)) delete process.env[name];
});

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

it("is a signed request to connect, good for 15 minutes, in base64 for URLs", async () => {
  const token = await mskToken("eu-west-1");
  expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
  const url = new URL(Buffer.from(token, "base64url").toString("utf8"));
  expect([url.protocol, url.host, url.pathname]).toEqual(["https:", "kafka.eu-west-1.amazonaws.com", "/"]);
  const query = url.searchParams;
  const date = query.get("X-Amz-Date")!;
  expect(date).toMatch(/^\d{8}T\d{6}Z$/);
  const scope = `${date.slice(0, 8)}/eu-west-1/kafka-cluster/aws4_request`;
  expect(Object.fromEntries([...query].filter(([name]) => !/Date|Signature$|User-Agent/.test(name)))).toEqual({
    Action: "kafka-cluster:Connect",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `AKIDEXAMPLE/${scope}`,
    "X-Amz-Expires": "900",
    "X-Amz-Security-Token": "session+token=",
    "X-Amz-SignedHeaders": "host",
  });

  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  // The library adds User-Agent after signing.
  const signed = [...query].filter(([name]) => name !== "X-Amz-Signature" && name !== "User-Agent");
  const canonicalQuery = signed
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const canonical = [
    "GET",
    "/",
    canonicalQuery,
    "host:kafka.eu-west-1.amazonaws.com\n",
    "host",
    createHash("sha256").update("").digest("hex"),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((k, part) => hmac(k, part), `AWS4${KEYS.AWS_SECRET_ACCESS_KEY}`);
  expect(query.get("X-Amz-Signature")).toBe(hmac(key, toSign).toString("hex"));
});

describe("a client's options", () => {
  it("ask for TLS and the token of IAM", async () => {
    const options = clientOptions(
      "c",
      "b-1.x.kafka.eu-west-1.amazonaws.com:9098, b-2.x.kafka.eu-west-1.amazonaws.com:9098",
      "eu-west-1",
    );
    expect(options).toMatchObject({
      bootstrapBrokers: ["b-1.x.kafka.eu-west-1.amazonaws.com:9098", "b-2.x.kafka.eu-west-1.amazonaws.com:9098"],
      tls: {},
      sasl: { mechanism: "OAUTHBEARER" },
    });
    expect(Buffer.from(await options.sasl!.token(), "base64url").toString()).toContain(
      "https://kafka.eu-west-1.amazonaws.com/",
    );
  });

  it("speak plain to brokers that are all on this machine, and to no others", () => {
    expect(clientOptions("c", "127.0.0.1:1,127.0.0.1:2", undefined)).not.toHaveProperty("sasl");
    expect(clientOptions("c", "127.0.0.1:1,10.0.0.1:2", "r")).toHaveProperty("sasl");
    expect(clientOptions("c", "127.0.0.1.example.com:1", "r")).toHaveProperty("sasl");
  });

  it("say what is wrong with an address, and that a token needs a region", () => {
    expect(() => clientOptions("c", "b-1:9098,b-2", "r")).toThrow(
      'bootstrap servers must be host:port,host:port, got "b-1:9098,b-2"',
    );
    expect(() => clientOptions("c", "b-1:9098", undefined)).toThrow(
      "the IAM token needs a region: AWS_REGION is not set",
    );
  });
});
