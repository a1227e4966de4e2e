import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface Answer {
  readonly status: number;
  /** Value of the Retry-After header. */
  readonly retryAfter: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The body of a 2xx; of any other answer its first part, for messages. */
  readonly text: string;
}

export interface Post {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A request with a JSON body, for the host of `target`. */
export const jsonPost = (method: "POST" | "PUT", target: URL, path: string, body: Buffer): Post => ({
  method,
  path,
  headers: { host: target.host, "content-type": "application/json", "content-length": String(body.length) },
  body,
});

/** The answer was cut or did not come: whether the record was taken is not known. */
export class NoAnswer extends Error {}

/** The connection never came about: the record was not taken. */
export class NotConnected extends Error {}

const TIMEOUT_MS = 35_000;
const TEXT_LENGTH = 500;
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** Connections to one host, kept open between requests. */
export class Connections {
  private readonly agent: HttpAgent;
  private readonly open: typeof httpRequest;

  /** `endpoint` is where the connection goes; the Host header is the request's own. */
  constructor(
    private readonly endpoint: URL,
    most: number,
  ) {
    const secure = endpoint.protocol === "https:";
    this.agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: most });
    this.open = secure ? httpsRequest : httpRequest;
  }

  send({ method, path, headers, body }: Post): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = this.open(
        {
          agent: this.agent,
          host: this.endpoint.hostname,
          port: this.endpoint.port || (this.endpoint.protocol === "https:" ? 443 : 80),
          method,
          path,
          headers: { ...headers },
          timeout: TIMEOUT_MS,
        },
        (answer) => read(answer).then(resolve, (error: Error) => reject(new NoAnswer(error.message))),
      );
      call.on("timeout", () => call.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
      call.on("error", (error: NodeJS.ErrnoException) =>
        reject(NEVER_SENT.has(error.code ?? "") ? new NotConnected(error.message) : new NoAnswer(error.message)),
      );
      call.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

async function read(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  if (!answer.complete) throw new Error("the answer was cut");
  const retryAfter = answer.headers["retry-after"];
  const status = answer.statusCode ?? 0;
  const text = Buffer.concat(chunks).toString("utf8");
  return { status, retryAfter, headers: answer.headers, text: status >= 300 ? text.slice(0, TEXT_LENGTH) : text };
}
