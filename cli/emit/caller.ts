import { APIGatewayClient, GetApiKeyCommand } from "@aws-sdk/client-api-gateway";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity } from "@smithy/types";
import { NodeSha256 } from "../../local/sha256";
import { CommandError } from "../problem";
import type { EmitAuth } from "./auth";
import { Connections } from "./connections";

/** Whose rights find out what the API's callers need. */
export interface Caller {
  readonly region: string;
  readonly credentials: AwsCredentialIdentity;
  /** Of a local run; undefined for AWS itself. */
  readonly endpoint: string | undefined;
}

/**
 * The authorization that a stack's output `api_auth` asks for. Outputs name ids only: the API key's value and the client's secret are read here, with the
 * caller's own rights (`apigateway:GET` on the key, `cognito-idp:DescribeUserPoolClient` on the pool), and stay in memory.
 */
export async function emitAuthOf(outputs: Readonly<Record<string, unknown>>, caller: Caller): Promise<EmitAuth> {
  const output = (name: string): string => {
    const value = outputs[name];
    if (typeof value !== "string" || value === "") {
      throw new CommandError(`the stack has no output ${name}, which api_auth "${outputs.api_auth}" needs`);
    }
    return value;
  };
  const kind = output("api_auth");
  switch (kind) {
    case "iam":
      return { kind, region: caller.region, credentials: caller.credentials };
    case "none":
      return { kind };
    case "apiKey":
      return { kind, key: await readApiKey(output("api_key_id"), caller) };
    case "cognito": {
      const client = { pool: output("user_pool_id"), id: output("user_pool_client_id") };
      const secret = await readClientSecret(client.pool, client.id, caller);
      return { kind, token: tokensOf(output("token_url"), client.id, secret, caller.endpoint) };
    }
    default:
      throw new CommandError(`api_auth must be one of iam, apiKey, cognito, none, got "${kind}"`);
  }
}

async function readApiKey(id: string, { region, credentials, endpoint }: Caller): Promise<string> {
  const client = new APIGatewayClient({ region, credentials, ...(endpoint === undefined ? {} : { endpoint }) });
  try {
    const { value } = await client.send(new GetApiKeyCommand({ apiKey: id, includeValue: true }));
    if (!value) throw new Error("it has no value");
    return value;
  } catch (error) {
    throw new CommandError(`the API key ${id} cannot be read: ${(error as Error).message}`);
  } finally {
    client.destroy();
  }
}

/** One signed call: the SDK's client for Cognito would be a package for it alone. */
async function readClientSecret(pool: string, id: string, caller: Caller): Promise<string> {
  const { region, credentials, endpoint } = caller;
  const own = new URL(`https://cognito-idp.${region}.amazonaws.com`);
  const body = JSON.stringify({ UserPoolId: pool, ClientId: id });
  const signer = new SignatureV4({ credentials, region, service: "cognito-idp", sha256: NodeSha256 });
  const { headers } = await signer.sign({
    method: "POST",
    protocol: own.protocol,
    hostname: own.hostname,
    path: "/",
    query: {},
    headers: {
      host: own.host,
      "content-type": "application/x-amz-json-1.1",
      "content-length": String(Buffer.byteLength(body)),
      "x-amz-target": "AWSCognitoIdentityProviderService.DescribeUserPoolClient",
    },
    body,
  });
  const answer = await post(endpoint, own, "/", headers, body, `the client ${id} cannot be read`);
  const secret = answer.UserPoolClient?.ClientSecret;
  if (typeof secret !== "string") throw new CommandError(`the client ${id} of the user pool ${pool} has no secret`);
  return secret;
}

/** Seconds before its end at which a token is renewed. */
const EARLY_SECONDS = 60;

/** Access tokens for the client's secret: one for as long as it lasts, however many ask for it at once. */
function tokensOf(url: string, id: string, secret: string, endpoint: string | undefined): () => Promise<string> {
  const own = new URL(url);
  const body = "grant_type=client_credentials";
  const headers = {
    host: own.host,
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
  };
  const fetch = async () => {
    const answer = await post(endpoint, own, own.pathname, headers, body, `no token from ${own.host}`);
    if (typeof answer.access_token !== "string")
      throw new CommandError(`no token from ${own.host}: the answer has none`);
    return { token: answer.access_token, until: Date.now() + (Number(answer.expires_in) - EARLY_SECONDS) * 1000 };
  };
  let current: ReturnType<typeof fetch> | undefined;
  return async () => {
    current ??= fetch();
    const asked = current;
    try {
      const { token, until } = await asked;
      if (Date.now() < until) return token;
    } catch (error) {
      if (current === asked) current = undefined;
      throw error;
    }
    if (current === asked) current = fetch();
    return (await current).token;
  };
}

interface CognitoAnswer {
  readonly UserPoolClient?: { readonly ClientSecret?: unknown };
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
}

/** The answer of a 200; anything else is a CommandError that begins with `problem`. */
async function post(
  endpoint: string | undefined,
  own: URL,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  problem: string,
): Promise<CognitoAnswer> {
  const connections = new Connections(endpoint === undefined ? own : new URL(endpoint), 1);
  try {
    const { status, text } = await connections.send({ method: "POST", path, headers, body });
    if (status !== 200) throw new CommandError(`${problem}: answered with ${status}: ${text}`);
    return Object(JSON.parse(text)) as CognitoAnswer;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${problem}: ${(error as Error).message}`);
  } finally {
    connections.close();
  }
}
