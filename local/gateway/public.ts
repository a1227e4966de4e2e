import type { SignedParts } from "./sigv4";

/**
 * What Cognito answers to anybody, by its own hosts: the keys with which a user pool signs, and tokens for the secret of a client.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
 */
export function isPublic({ method, path, headers }: Pick<SignedParts, "method" | "path" | "headers">): boolean {
  const host = headers.host ?? "";
  if (/^cognito-idp\.[\w-]+\./.test(host)) return method === "GET" && /^\/[\w-]+\/\.well-known\/jwks\.json$/.test(path);
  return /^[a-z0-9-]+\.auth\.[\w-]+\.amazoncognito\.com$/.test(host) && method === "POST" && path === "/oauth2/token";
}
