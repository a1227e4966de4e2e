import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { type HttpRequest, type HttpResponse, headersOf } from "./http";
import { AwsError } from "./types";

/** Headers of one hop, which the next one makes itself. */
const HOP = ["connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/** Passes requests on to the emulator as they came, streaming both ways. Nothing is sent twice: a client retries as it would AWS. */
export class Forwarder {
  /** A free connection is closed here before the emulator, which waits 75 s, would close it under a request. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: 60_000 });
  private readonly to: URL;

  constructor(endpoint: string) {
    this.to = new URL(endpoint);
  }

  /** Resolves when the answer has been passed on, or when the client has left. */
  async pass(incoming: HttpRequest, outgoing: HttpResponse): Promise<void> {
    const answer = await this.send(incoming);
    await new Promise<void>((resolve) => {
      outgoing.once("close", () => {
        if (!answer.complete) answer.destroy();
        resolve();
      });
      // An answer cut short must not look whole.
      answer.once("error", () => outgoing.destroy());
      outgoing.writeHead(answer.statusCode!, withoutHop(answer.headers));
      answer.pipe(outgoing);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private send(incoming: HttpRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = headersOf(incoming);
      const outgoing = request({
        agent: this.agent,
        host: this.to.hostname,
        port: this.to.port,
        method: incoming.method,
        path: incoming.url,
        // Host stays the client's, because it is signed. The loopback hop stands for AWS's TLS endpoint, so policies see a secure transport.
        headers: { ...withoutHop(headers), "x-forwarded-proto": "https" },
      });
      outgoing.once("response", resolve);
      outgoing.once("error", (problem) =>
        reject(
          new AwsError("ServiceUnavailable", `The emulator behind the gateway did not answer: ${problem.message}`, 503),
        ),
      );
      // A client that went away must not leave its half request open.
      incoming.once("close", () => {
        if (!incoming.complete) outgoing.destroy();
      });
      // Not pipeline(): it would close the client's connection with a failed one, and the client is to hear why.
      if (hasBody(headers) || incoming.httpVersionMajor === 2) incoming.pipe(outgoing);
      else outgoing.end();
    });
  }
}

function withoutHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = { ...headers };
  for (const name of HOP) delete kept[name];
  return kept;
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}
