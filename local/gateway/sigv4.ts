import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Scope and signature that a request carries, in its Authorization header or its query. */
export interface Credential {
  readonly accessKeyId: string;
  /** `20260131`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20260131T235959Z`. */
  readonly date: string;
  readonly sessionToken: string | undefined;
  /** Seconds that a presigned URL holds; undefined for a signature in the header. */
  readonly expiresSeconds: number | undefined;
}

/** What signers of HTTP/2 requests sign in place of `host`. */
export const AUTHORITY = ":authority";

export interface SignedParts {
  readonly method: string;
  /** As sent, percent-encoded, without the query. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** Lower-case names; several values of one name joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The credential of a request; undefined if it carries none. A string is what is wrong with one that is incomplete.
 * Signature Version 4 only: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function readCredential(parts: SignedParts): Credential | string | undefined {
  const authorization = parts.headers.authorization;
  if (authorization !== undefined) return readHeader(authorization, parts.headers);
  if (!/(^|&)X-Amz-Algorithm=/.test(parts.query)) return undefined;
  return readQuery(new URLSearchParams(parts.query));
}

function readHeader(authorization: string, headers: Readonly<Record<string, string>>): Credential | string {
  const [algorithm, rest = ""] = split(authorization, " ");
  if (algorithm !== "AWS4-HMAC-SHA256") return `Unsupported AWS 'algorithm': '${algorithm}'.`;
  const fields = new Map(rest.split(",").map((field) => split(field.trim(), "=")));
  for (const name of ["Credential", "SignedHeaders", "Signature"]) {
    if (!fields.get(name)) return `Authorization header requires '${name}' parameter.`;
  }
  const date = headers["x-amz-date"];
  if (date === undefined) return "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
  return scoped(fields.get("Credential")!, {
    signedHeaders: fields.get("SignedHeaders")!.split(";"),
    signature: fields.get("Signature")!,
    date,
    sessionToken: headers["x-amz-security-token"],
    expiresSeconds: undefined,
  });
}

function readQuery(query: URLSearchParams): Credential | string {
  const algorithm = query.get("X-Amz-Algorithm");
  if (algorithm !== "AWS4-HMAC-SHA256") return `Unsupported AWS 'algorithm': '${algorithm}'.`;
  for (const name of ["X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires"]) {
    if (!query.get(name)) return `AWS query-string parameters must include '${name}'.`;
  }
  const expiresSeconds = Number(query.get("X-Amz-Expires"));
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > 604_800) {
    return "X-Amz-Expires must be between 1 and 604800 seconds.";
  }
  return scoped(query.get("X-Amz-Credential")!, {
    signedHeaders: query.get("X-Amz-SignedHeaders")!.split(";"),
    signature: query.get("X-Amz-Signature")!,
    date: query.get("X-Amz-Date")!,
    sessionToken: query.get("X-Amz-Security-Token") ?? undefined,
    expiresSeconds,
  });
}

function scoped(
  scope: string,
  rest: Omit<Credential, "accessKeyId" | "day" | "region" | "service">,
): Credential | string {
  const [accessKeyId, day, region, service, end, ...more] = scope.split("/");
  if (!accessKeyId || !day || !region || !service || end !== "aws4_request" || more.length > 0) {
    return `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${scope}'`;
  }
  if (!/^\d{8}T\d{6}Z$/.test(rest.date)) return `Date must be in ISO-8601 'basic format', got '${rest.date}'.`;
  if (!rest.date.startsWith(day)) {
    return `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${rest.date.slice(0, 8)}'.`;
  }
  return { accessKeyId, day, region, service, ...rest };
}

/** True when `credential` signs these parts with the body of this hash. Other services than S3 sign the path encoded twice. */
export function signatureMatches(
  parts: SignedParts,
  bodyHash: string,
  credential: Credential,
  secretAccessKey: string,
): boolean {
  const scope = [credential.day, credential.region, credential.service, "aws4_request"];
  const toSign = [
    "AWS4-HMAC-SHA256",
    credential.date,
    scope.join("/"),
    sha256(canonicalRequest(parts, bodyHash, credential)),
  ];
  const key = scope.reduce<Buffer | string>((previous, part) => hmac(previous, part), `AWS4${secretAccessKey}`);
  const expected = Buffer.from(hmac(key, toSign.join("\n")).toString("hex"));
  const given = Buffer.from(credential.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** What is hashed and signed. */
function canonicalRequest(
  parts: SignedParts,
  bodyHash: string,
  credential: Pick<Credential, "service" | "signedHeaders">,
): string {
  return [
    parts.method,
    credential.service === "s3" ? parts.path : canonicalPath(parts.path),
    canonicalQuery(parts.query),
    ...credential.signedHeaders.map(
      (name) => `${name}:${(parts.headers[name === AUTHORITY ? "host" : name] ?? "").trim().replace(/\s+/g, " ")}`,
    ),
    "",
    credential.signedHeaders.join(";"),
    bodyHash,
  ].join("\n");
}

export function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Milliseconds since the epoch of `20260131T235959Z`. */
export function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** Empty and dot segments resolved, then every segment encoded once more than it came. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(encode(segment));
  }
  const trailing = segments.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${segments.join("/")}${trailing}`;
}

function canonicalQuery(query: string): string {
  return query
    .split("&")
    .filter((pair) => pair !== "" && !pair.startsWith("X-Amz-Signature="))
    .map((pair) => split(pair, "=").map((part) => encode(decode(part))) as [string, string])
    .map(([name, value = ""]) => [name, value] as const)
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** By code unit, as AWS sorts; not by the reader's language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // A stray percent sign: as it is, so that the signature fails and not this.
    return text;
  }
}

function hmac(key: Buffer | string, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

function split(text: string, at: string): [string, string] {
  const i = text.indexOf(at);
  return i < 0 ? [text, ""] : [text.slice(0, i), text.slice(i + 1)];
}
