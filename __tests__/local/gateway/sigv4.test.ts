import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import {
  type Credential,
  readCredential,
  type SignedParts,
  sha256,
  signatureMatches,
} from "../../../local/gateway/sigv4";

/** AWS's Signature Version 4 test suite: keys, date and signatures as published. */
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const DATE = "20150830T123600Z";

function vector(
  signature: string,
  changed: Partial<SignedParts> & { signed?: string } = {},
): [SignedParts, Credential | string | undefined] {
  const { signed = "host;x-amz-date", ...rest } = changed;
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signed}, Signature=${signature}`;
  const headers = { host: "example.amazonaws.com", "x-amz-date": DATE, ...rest.headers, authorization };
  const parts = { method: "GET", path: "/", query: "", ...rest, headers };
  return [parts, readCredential(parts)];
}

describe("AWS's published signatures", () => {
  it.each([
    ["get-vanilla", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", {}, ""],
    [
      "get-vanilla-query-order-key-case",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
      { query: "Param2=value2&Param1=value1" },
      "",
    ],
    ["post-vanilla", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", { method: "POST" }, ""],
    [
      "normalize-path, get-slash-dot-slash",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
      { path: "/./" },
      "",
    ],
    [
      "normalize-path, get-relative",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
      { path: "/example/.." },
      "",
    ],
    [
      "get-header-value-trim",
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
      {
        headers: { "my-header1": " value1", "my-header2": ' "a   b   c"' },
        signed: "host;my-header1;my-header2;x-amz-date",
      },
      "",
    ],
    [
      "post-x-www-form-urlencoded",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
      {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        signed: "content-type;host;x-amz-date",
      },
      "Param1=value1",
    ],
  ])("agree: %s", (_, signature, changed, body) => {
    const [parts, credential] = vector(signature, changed);
    expect(signatureMatches(parts, sha256(body), credential as Credential, SECRET)).toBe(true);
  });
});

describe("what the SDK signs", () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET, sessionToken: "a/token+=" };
  const signer = new SignatureV4({ service: "execute-api", region: "eu-central-1", credentials, sha256: Sha256 });
  const request = (headers: Record<string, string> = { host: "abc.execute-api.eu-central-1.amazonaws.com" }) => ({
    method: "POST",
    protocol: "https:",
    hostname: "abc.execute-api.eu-central-1.amazonaws.com",
    path: "/v1/a%20b/%C3%A9",
    query: { "b c": "1 +&=é", a: ["2", "1"], empty: "" },
    headers,
    body: '{"speed":1}',
  });
  const sent = (
    signed: { headers: Record<string, string> },
    query = "a=2&a=1&b%20c=1%20%2B%26%3D%C3%A9&empty=",
  ): SignedParts => ({
    method: "POST",
    path: "/v1/a%20b/%C3%A9",
    query,
    headers: signed.headers,
  });

  it("is verified with a path, a query and a session token of any form", async () => {
    const parts = sent(await signer.sign(request()));
    const credential = readCredential(parts) as Credential;
    expect(credential.sessionToken).toBe("a/token+=");
    expect(signatureMatches(parts, sha256('{"speed":1}'), credential, SECRET)).toBe(true);
  });

  it("is verified over HTTP/2, where the authority is signed in place of the host", async () => {
    const { headers } = await signer.sign(request({ ":authority": "127.0.0.1:1234" }));
    const { ":authority": host, ...rest } = headers;
    const parts = sent({ headers: { ...rest, host: host! } });
    expect(signatureMatches(parts, sha256('{"speed":1}'), readCredential(parts) as Credential, SECRET)).toBe(true);
  });

  it("is verified in the query of a presigned URL", async () => {
    const { body: _, ...rest } = request();
    const signed = await signer.presign({ ...rest, method: "GET", query: {} }, { expiresIn: 60 });
    const query = Object.entries(signed.query as Record<string, string>)
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join("&");
    const parts = { ...sent({ headers: request().headers }, query), method: "GET" };
    const credential = readCredential(parts) as Credential;
    expect(credential).toMatchObject({ expiresSeconds: 60, sessionToken: "a/token+=", service: "execute-api" });
    expect(signatureMatches(parts, sha256(""), credential, SECRET)).toBe(true);
  });

  it.each<[string, (parts: SignedParts) => SignedParts, string, string]>([
    ["another method", (parts) => ({ ...parts, method: "PUT" }), '{"speed":1}', SECRET],
    ["another path", (parts) => ({ ...parts, path: "/v1/a%20b" }), '{"speed":1}', SECRET],
    ["another query", (parts) => ({ ...parts, query: `${parts.query}&x=1` }), '{"speed":1}', SECRET],
    ["another host", (parts) => ({ ...parts, headers: { ...parts.headers, host: "b" } }), '{"speed":1}', SECRET],
    ["another body", (parts) => parts, '{"speed":2}', SECRET],
    ["another secret", (parts) => parts, '{"speed":1}', "other"],
  ])("does not hold for %s", async (_, change, body, secret) => {
    const parts = change(sent(await signer.sign(request())));
    expect(signatureMatches(parts, sha256(body), readCredential(parts) as Credential, secret)).toBe(false);
  });
});

describe("a credential that is not whole", () => {
  const read = (authorization: string, headers: Record<string, string> = { "x-amz-date": DATE }) =>
    readCredential({ method: "GET", path: "/", query: "", headers: { ...headers, authorization } });

  it.each([
    ["Basic dGVzdA==", "Unsupported AWS 'algorithm': 'Basic'."],
    ["AWS4-HMAC-SHA256 SignedHeaders=host, Signature=x", "Authorization header requires 'Credential' parameter."],
    [
      "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, Signature=x",
      "Authorization header requires 'SignedHeaders' parameter.",
    ],
    [
      "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x",
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b'",
    ],
    [
      "AWS4-HMAC-SHA256 Credential=a/20150831/r/s/aws4_request, SignedHeaders=host, Signature=x",
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830'.",
    ],
  ])("says what is wrong with %s", (authorization, message) => {
    expect(read(authorization)).toBe(message);
  });

  it("says that the date is missing", () => {
    expect(read("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host, Signature=x", {})).toBe(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  });

  it("is none for a request without one", () => {
    expect(readCredential({ method: "GET", path: "/", query: "a=1", headers: {} })).toBeUndefined();
  });
});
