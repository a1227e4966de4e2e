import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { ResolvedKey } from "../../../local/emulator";
import { Authenticator } from "../../../local/gateway/authenticate";
import { readCredential, type SignedParts } from "../../../local/gateway/sigv4";
import { AwsError } from "../../../local/gateway/types";

const NOW = new Date("2026-01-31T12:00:00Z");
const BODY = "{}";

async function signed(at: Date, secretAccessKey = "secret"): Promise<SignedParts> {
  const signer = new SignatureV4({
    service: "firehose",
    region: "eu-central-1",
    credentials: { accessKeyId: "ASIAKEY", secretAccessKey, sessionToken: "token" },
    sha256: Sha256,
  });
  const request = { method: "POST", protocol: "http:", hostname: "h", path: "/", headers: { host: "h" }, body: BODY };
  const { headers } = await signer.sign(request, { signingDate: at });
  return { method: "POST", path: "/", query: "", headers };
}

function authenticator(key: Partial<ResolvedKey> = {}) {
  const resolve = jest.fn(async () => ({
    arn: "arn:aws:sts::000000000000:assumed-role/r/s",
    accountId: "000000000000",
    secretAccessKey: "secret",
    expiration: undefined,
    ...key,
  }));
  const subject = new Authenticator({ resolve }, () => NOW);
  return {
    resolve,
    subject,
    ask: (parts: SignedParts, body = BODY) => subject.caller(parts, Buffer.from(body), readCredential(parts)!),
  };
}

const minutes = (n: number) => new Date(NOW.getTime() + n * 60_000);

it("names who signed, with the credentials that were used", async () => {
  await expect(authenticator().ask(await signed(NOW))).resolves.toEqual({
    accountId: "000000000000",
    arn: "arn:aws:sts::000000000000:assumed-role/r/s",
    credentials: { accessKeyId: "ASIAKEY", secretAccessKey: "secret", sessionToken: "token" },
  });
});

it("refuses a wrong secret and a changed body with the same words", async () => {
  const refusal = {
    code: "InvalidSignatureException",
    message:
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  };
  await expect(authenticator().ask(await signed(NOW, "other"))).rejects.toMatchObject(refusal);
  await expect(authenticator().ask(await signed(NOW), '{"a":1}')).rejects.toMatchObject(refusal);
});

it("refuses a signature older than five minutes", async () => {
  await expect(authenticator().ask(await signed(minutes(-5)))).resolves.toBeDefined();
  await expect(authenticator().ask(await signed(minutes(-6)))).rejects.toMatchObject({
    code: "InvalidSignatureException",
    message: "Signature expired: 20260131T115400Z is now earlier than 20260131T115500Z (20260131T120000Z - 5 min.)",
  });
});

it("refuses a signature more than five minutes ahead", async () => {
  await expect(authenticator().ask(await signed(minutes(6)))).rejects.toMatchObject({
    code: "InvalidSignatureException",
    message:
      "Signature not yet current: 20260131T120600Z is still later than 20260131T120500Z (20260131T120000Z + 5 min.)",
  });
});

it("refuses temporary credentials past their end", async () => {
  await expect(authenticator({ expiration: NOW }).ask(await signed(NOW))).rejects.toMatchObject({
    code: "ExpiredTokenException",
    message: "The security token included in the request is expired",
  });
});

it("passes on why the emulator does not know a key, and asks it again", async () => {
  const { resolve, ask } = authenticator();
  resolve.mockRejectedValueOnce(
    new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403),
  );
  await expect(ask(await signed(NOW))).rejects.toMatchObject({ code: "UnrecognizedClientException" });
  await expect(ask(await signed(NOW))).resolves.toBeDefined();
});

it("asks for a key once, until told that keys have changed", async () => {
  const { resolve, subject, ask } = authenticator();
  await ask(await signed(NOW));
  await ask(await signed(NOW));
  expect(resolve).toHaveBeenCalledTimes(1);
  subject.forget();
  await ask(await signed(NOW));
  expect(resolve).toHaveBeenCalledTimes(2);
});
