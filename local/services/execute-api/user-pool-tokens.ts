import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { Authorizer, Method } from "@aws-sdk/client-api-gateway";
import type { AwsRequest, LocalAws } from "../../gateway/types";
import { Fault, misconfigured } from "./fault";
import type { Facts } from "./template";

type Claims = Readonly<Record<string, unknown>>;
interface Key extends JsonWebKey {
  readonly kid?: string;
}

const unauthorized = (reason: string) => new Fault("UNAUTHORIZED", undefined, `token: ${reason}`);

/**
 * COGNITO_USER_POOLS authorizers: the request's token must be signed by a key of one of the authorizer's pools, be within its time, and, where the
 * method names scopes, be an access token with one of them; without scopes it must be an identity token.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
 */
export class UserPoolTokens {
  /** Public keys by pool. A pool keeps its keys; one that is not among them is asked for once more. */
  private readonly keys = new Map<string, Promise<readonly Key[]>>();

  constructor(private readonly aws: LocalAws) {}

  /** What the request is known by; throws the Fault that AWS answers. */
  async check(request: AwsRequest, method: Method, authorizer: Authorizer | undefined): Promise<Facts> {
    if (authorizer?.type !== "COGNITO_USER_POOLS") {
      throw new Fault(
        "AUTHORIZER_CONFIGURATION_ERROR",
        undefined,
        `the method's authorizer ${method.authorizerId ?? ""} is no COGNITO_USER_POOLS authorizer`,
      );
    }
    const claims = await this.verified(tokenOf(request, authorizer), authorizer);
    const scopes = method.authorizationScopes ?? [];
    if (scopes.length === 0) {
      if (claims.token_use !== "id") throw unauthorized("no identity token, and the method names no scopes");
    } else {
      const held = String(claims.scope ?? "").split(" ");
      if (claims.token_use !== "access" || !scopes.some((scope) => held.includes(scope))) {
        throw unauthorized(`no access token with one of the scopes ${scopes.join(", ")}`);
      }
    }
    return { "authorizer.principalId": String(claims.sub ?? "") };
  }

  private async verified(token: string, authorizer: Authorizer): Promise<Claims> {
    const [head = "", body = "", signature = "", ...rest] = token.split(".");
    const header = decoded(head);
    const claims = decoded(body);
    if (!header || !claims || rest.length > 0) throw unauthorized("no JSON web token");
    const pool = poolsOf(authorizer).find((one) => claims.iss === one.issuer);
    if (!pool) throw unauthorized("of another issuer than the authorizer's pools");
    const key = header.alg === "RS256" ? await this.keyOf(pool, String(header.kid)) : undefined;
    if (!key) throw unauthorized("signed with no key of the pool");
    const good = verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${body}`),
      createPublicKey({ key, format: "jwk" }),
      Buffer.from(signature, "base64url"),
    );
    if (!good) throw unauthorized("its signature does not match");
    // Cognito stamps real time, whatever the clock's speed.
    if (!(Number(claims.exp) * 1000 > Date.now())) throw new Fault("UNAUTHORIZED", "The incoming token has expired");
    return claims;
  }

  private async keyOf(pool: Pool, kid: string): Promise<Key | undefined> {
    for (const fresh of [false, true]) {
      if (fresh || !this.keys.has(pool.id)) this.remember(pool);
      const found = (await this.keys.get(pool.id))?.find((key) => key.kid === kid);
      if (found) return found;
    }
    return undefined;
  }

  private remember(pool: Pool): void {
    const keys = fetchKeys(this.aws.endpoint, pool);
    this.keys.set(pool.id, keys);
    keys.catch(() => this.keys.delete(pool.id));
  }
}

interface Pool {
  readonly id: string;
  readonly host: string;
  readonly issuer: string;
}

function poolsOf({ providerARNs = [] }: Authorizer): Pool[] {
  return providerARNs.map((arn) => {
    const [, region, id] = /^arn:[\w-]+:cognito-idp:([\w-]+):\d+:userpool\/([\w-]+)$/.exec(arn) ?? [];
    if (!region || !id) throw misconfigured(`authorizer: ${arn} is no user pool`);
    const host = `cognito-idp.${region}.amazonaws.com`;
    return { id, host, issuer: `https://${host}/${id}` };
  });
}

/** Identity source of a COGNITO_USER_POOLS authorizer: one header, Authorization by default, with or without `Bearer`. */
function tokenOf({ headers }: AwsRequest, { identitySource }: Authorizer): string {
  const source = identitySource ?? "method.request.header.Authorization";
  const name = /^method\.request\.header\.(.+)$/.exec(source)?.[1];
  if (!name) throw misconfigured(`authorizer: the identity source ${source} is not read by the local AWS; a header is`);
  const value = headers[name.toLowerCase()]?.replace(/^Bearer /i, "").trim();
  if (!value) throw new Fault("UNAUTHORIZED");
  return value;
}

function decoded(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

/** The pool's public keys, from where everybody gets them. */
function fetchKeys(endpoint: string, { id, host }: Pool): Promise<readonly Key[]> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(misconfigured(`authorizer: the keys of the pool ${id}: ${reason}`));
    const call = httpRequest(new URL(`/${id}/.well-known/jwks.json`, endpoint), { headers: { host } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", (error) => fail(error.message));
      answer.on("end", () => {
        if (answer.statusCode !== 200) return fail(`the answer is ${answer.statusCode}`);
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString("utf8")).keys);
        } catch {
          fail("the answer is no JSON");
        }
      });
    });
    call.on("error", (error) => fail(error.message));
    call.end();
  });
}
