import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, Provider } from "@smithy/types";
import { AwsError } from "./gateway/types";
import { NodeSha256 } from "./sha256";

/** Where a call goes and who signs it; SDK clients' settings satisfy it. */
export interface JsonCaller {
  readonly region: string;
  /** Undefined is AWS's own: `https://SERVICE.REGION.amazonaws.com`. */
  readonly endpoint?: string | undefined;
  readonly credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity>;
}

/**
 * One signed call of a service that speaks AWS's JSON protocol 1.1 (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html), for
 * services of which no SDK client is installed. `target` is `AWSGlue.GetTable` and the like. Throws AwsError with the service's code and words.
 */
export async function jsonCall<Answer>(
  { region, endpoint, credentials }: JsonCaller,
  service: string,
  target: string,
  input: unknown,
): Promise<Answer> {
  const url = new URL(endpoint ?? `https://${service}.${region}.amazonaws.com`);
  const signer = new SignatureV4({ service, region, credentials, sha256: NodeSha256 });
  const body = JSON.stringify(input);
  const { headers } = await signer.sign({
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    path: "/",
    headers: { host: url.host, "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
    body,
  });
  const answer = await fetch(url, { method: "POST", headers, body });
  const text = await answer.text();
  const parsed = parse(text);
  if (answer.ok && parsed !== undefined) return parsed as Answer;
  const code = String(parsed?.__type ?? `Http${answer.status}`)
    .split("#")
    .at(-1)!;
  throw new AwsError(code, String(parsed?.message ?? parsed?.Message ?? text.slice(0, 200)), answer.status);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text || "{}") as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
