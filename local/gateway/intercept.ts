import { readBody } from "./body";
import type { Target } from "./detect";
import type { HttpRequest } from "./http";
import type { Credential, SignedParts } from "./sigv4";
import type { AwsError } from "./types";

/** A request as an interceptor sees it. */
export interface SeenRequest {
  /** Signing name: `dynamodb`, `redshift-data` ... */
  readonly service: string;
  /** `PutItem`, `ExecuteStatement` ... where the protocol names it, else method and path: `PUT /bucket/key`. */
  readonly action: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Who signed it, unverified. */
  readonly accessKeyId: string | undefined;
}

/** What happens to a request instead of its being answered once. */
export type Before =
  /** It is not executed and gets this error. */
  | { readonly kind: "error"; readonly error: AwsError }
  /** It is not executed, and the connection is cut. */
  | { readonly kind: "drop" }
  /** It is executed twice, one after the other; the caller gets the second answer. */
  | { readonly kind: "twice" };

/** What happens to an answer: the request has been executed, and the connection is cut. */
export type After = { readonly kind: "drop" };

/**
 * For tests and the fault campaign alone: sees requests before they are executed and before they are answered, and may wait, fail, cut or
 * double them, or end the process that sent them. Nothing in a normal run can give one to the gateway: it is code, not a setting.
 */
export interface Interceptor {
  /** Whether it wants to see requests of a service; their bodies are then read whole instead of streamed. */
  wants(service: string): boolean;
  before(request: SeenRequest): Before | undefined | Promise<Before | undefined>;
  after(request: SeenRequest, status: number): After | undefined | Promise<After | undefined>;
}

/** Cut instead of answered. */
export class Dropped extends Error {}

/** One request under an interceptor. */
export class Interception {
  /** How often it is to be executed. */
  times = 1;

  private constructor(
    private readonly interceptor: Interceptor,
    readonly seen: SeenRequest,
  ) {}

  /**
   * Shows the request to the interceptor.
   *
   * @throws AwsError or Dropped as it says
   */
  static async begin(
    interceptor: Interceptor,
    request: HttpRequest,
    { method, path, headers }: SignedParts,
    credential: Credential | string | undefined,
    { service }: Target,
  ): Promise<Interception> {
    const body = await readBody(request);
    const accessKeyId = typeof credential === "object" ? credential.accessKeyId : undefined;
    const action = actionOf(headers, body) ?? `${method} ${path}`;
    const interception = new Interception(interceptor, { service, action, headers, body, accessKeyId });
    const verdict = await interceptor.before(interception.seen);
    if (verdict?.kind === "error") throw verdict.error;
    if (verdict?.kind === "drop") throw new Dropped();
    if (verdict?.kind === "twice") interception.times = 2;
    return interception;
  }

  /** Shows that it was executed. @throws Dropped when the answer must not arrive */
  async executed(status: number): Promise<void> {
    if ((await this.interceptor.after(this.seen, status))?.kind === "drop") throw new Dropped();
  }
}

function actionOf(headers: SeenRequest["headers"], body: Buffer): string | undefined {
  const target = headers["x-amz-target"]?.split(".").at(-1);
  if (target !== undefined) return target;
  const form = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
  return form ? (new URLSearchParams(body.toString()).get("Action") ?? undefined) : undefined;
}
