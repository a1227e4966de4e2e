import type { Emulator } from "../emulator";
import type { Meter } from "../meter";
import type { Authenticator } from "./authenticate";
import { readBody } from "./body";
import { detectService, type Protocol, protocolOf, type Target } from "./detect";
import type { Forwarder } from "./forwarder";
import { type HttpRequest, type HttpResponse, headersOf } from "./http";
import { Dropped, Interception, type Interceptor } from "./intercept";
import { encodeError } from "./protocol";
import { isPublic } from "./public";
import { type Credential, readCredential, type SignedParts } from "./sigv4";
import { AwsError, type AwsRequest, type AwsResponse, type Service } from "./types";

/** Of our own, for people and health checks; no S3 bucket can have such a name. */
const OWN_PATHS = "/_redstream/";
/** Of the emulator, which answers them to anybody, a reset too: they end here. */
const EMULATOR_PATHS = /^\/_(ministack|localstack|aws)\//;

export interface FrontOptions {
  /** Of the run's own account; also for callers that sign nothing. */
  readonly services: readonly Service[];
  /** The same service in the account of a caller. @default the run's own account, whoever calls */
  inAccount?(name: string, accountId: string): Service | undefined;
  readonly emulator: Pick<Emulator, "services">;
  /** Of requests that are not signed for one. */
  readonly region: string;
  readonly authenticator: Pick<Authenticator, "caller">;
  readonly forwarder: Pick<Forwarder, "pass">;
  readonly meter: Meter;
  /** Of tests and the fault campaign. */
  readonly interceptor?: Interceptor;
  /** Called when a call that may change keys, roles or policies has been answered. */
  identityChanged(): void;
  /** Told of every failure that is not an AwsError: a mistake of ours, not of the caller. */
  report(problem: unknown): void;
}

/** The door of the local AWS: which service a request is for, who signed it, who answers. */
export class Front {
  private readonly services: ReadonlyMap<string, Service>;

  constructor(private readonly options: FrontOptions) {
    this.services = new Map(
      options.services.flatMap((service) => service.names.map((name) => [name, service] as const)),
    );
  }

  /** Always answers: what is thrown becomes an error in the protocol of the request. */
  async answer(request: HttpRequest, response: HttpResponse): Promise<void> {
    let protocol: Protocol = "s3";
    try {
      const parts = partsOf(request);
      if (parts.path.startsWith(OWN_PATHS)) return send(response, this.own(parts.path));
      const credential = readCredential(parts);
      const known = typeof credential === "object" ? credential : undefined;
      protocol = protocolOf(known?.service, parts.headers);
      const target = detectService({ ...parts, credential: known });
      protocol = target?.protocol ?? protocol;
      await this.dispatch(request, response, parts, credential, target);
    } catch (problem) {
      if (problem instanceof Dropped) return void response.destroy();
      if (!(problem instanceof AwsError)) this.options.report(problem);
      if (response.headersSent) return void response.destroy();
      // The rest of a body that nobody reads would stand before the next request on this connection.
      if (!request.complete && request.httpVersionMajor === 1) response.setHeader("Connection", "close");
      send(response, encodeError(asAwsError(problem), protocol));
    }
  }

  private async dispatch(
    request: HttpRequest,
    response: HttpResponse,
    parts: SignedParts,
    credential: Credential | string | undefined,
    target: Target | undefined,
  ): Promise<void> {
    const { interceptor } = this.options;
    const interception =
      target && interceptor?.wants(target.service)
        ? await Interception.begin(interceptor, request, parts, credential, target)
        : undefined;
    const service = target && this.services.get(target.service);
    if (service) return this.handle(request, response, parts, credential, target.service, service, interception);
    if (isPublic(parts) && this.options.emulator.services.has("cognito-idp")) {
      return this.options.forwarder.pass(request, response);
    }
    if (credential === undefined) {
      // None of our buckets is public, and no other service answers a stranger.
      throw new AwsError("AccessDenied", "Missing Authentication Token: the request is not signed", 403);
    }
    if (target === undefined || typeof credential === "string") {
      throw new AwsError(
        "IncompleteSignatureException",
        typeof credential === "string" ? credential : "No service is named",
      );
    }
    if (!this.options.emulator.services.has(target.service) || EMULATOR_PATHS.test(decoded(parts.path))) {
      throw new AwsError(
        "UnknownService",
        `The local AWS has no service '${target.service}' (${parts.method} ${parts.path})`,
        501,
      );
    }
    await this.pass(request, response, parts, target.service, interception);
  }

  private async handle(
    request: HttpRequest,
    response: HttpResponse,
    parts: SignedParts,
    credential: Credential | string | undefined,
    name: string,
    service: Service,
    interception: Interception | undefined,
  ): Promise<void> {
    const body = interception?.seen.body ?? (await readBody(request));
    // An API's own clients may send an authorization that is no signature at all.
    const foreign = name === "execute-api" && !parts.headers.authorization?.startsWith("AWS4-");
    const signature = typeof credential === "string" && foreign ? undefined : credential;
    if (typeof credential === "object" && credential.service !== name) {
      throw new AwsError(
        "InvalidSignatureException",
        `Credential should be scoped to correct service: '${name}'.`,
        403,
      );
    }
    const caller =
      signature === undefined ? undefined : await this.options.authenticator.caller(parts, body, signature);
    const asked: AwsRequest = {
      method: parts.method,
      path: parts.path,
      query: new URLSearchParams(parts.query),
      headers: parts.headers,
      body,
      service: name,
      region: typeof credential === "object" ? credential.region : this.options.region,
      caller,
      sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
    };
    const own = (caller && this.options.inAccount?.(name, caller.accountId)) ?? service;
    for (let more = (interception?.times ?? 1) - 1; more > 0; more--) await own.handle(asked);
    const answer = await own.handle(asked);
    await interception?.executed(answer.status);
    send(response, answer);
  }

  private async pass(
    request: HttpRequest,
    response: HttpResponse,
    parts: SignedParts,
    service: string,
    interception: Interception | undefined,
  ): Promise<void> {
    await this.options.forwarder.pass(request, response, interception);
    if (service === "iam" || (service === "apigateway" && parts.method !== "GET")) this.options.identityChanged();
  }

  private own(path: string): AwsResponse {
    const headers = { "content-type": "application/json" };
    if (path === `${OWN_PATHS}health`) return { status: 200, headers, body: '{"status":"ok"}' };
    if (path === `${OWN_PATHS}meter`) return { status: 200, headers, body: JSON.stringify(this.options.meter.all()) };
    return { status: 404, headers, body: '{"message":"Only health and meter are here"}' };
  }
}

function partsOf(request: HttpRequest): SignedParts {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: headersOf(request),
  };
}

/** As the emulator reads it. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function send(response: HttpResponse, { status, headers, body }: AwsResponse): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** A failure of ours is told as AWS tells its own. */
function asAwsError(problem: unknown): AwsError {
  if (problem instanceof AwsError) return problem;
  return new AwsError("InternalFailure", problem instanceof Error ? problem.message : String(problem), 500);
}
