import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { type HttpRequest, type HttpResponse, headersOf } from "./http";
import type { Interception } from "./intercept";
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

  /**
   * Resolves when the answer has been passed on, or when the client has left.
   *
   * @param interception has read the body, and may double the request or keep the answer back
   */
  async pass(incoming: HttpRequest, outgoing: HttpResponse, interception?: Interception): Promise<void> {
    const body = interception?.seen.body;
    for (let more = (interception?.times ?? 1) - 1; more > 0; more--) (await this.send(incoming, body)).resume();
    const answer = await this.send(incoming, body);
    await interception?.executed(answer.statusCode!).catch((dropped) => {
      answer.destroy();
      throw dropped;
    });
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

  private send(incoming: HttpRequest, body?: Buffer): Promise<IncomingMessage> {
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
      if (body !== undefined) outgoing.end(body);
      else if (hasBody(headers) || incoming.httpVersionMajor === 2) incoming.pipe(outgoing);
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
