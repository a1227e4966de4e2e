import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { AwsError } from "./types";

/** Headers of one hop, which the next one makes itself. */
const HOP = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"]);

/** Passes requests on to the emulator as they came, streaming both ways. Nothing is sent twice: a client retries as it would AWS. */
export class Forwarder {
  /** A free connection is closed here before the emulator, which waits 75 s, would close it under a request. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: 60_000 });
  private readonly to: URL;

  constructor(endpoint: string) {
    this.to = new URL(endpoint);
  }

  /** Resolves when the answer has been passed on. */
  async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const answer = await this.send(incoming);
    outgoing.writeHead(answer.statusCode!, withoutHop(answer.rawHeaders));
    return new Promise((resolve) => pipeline(answer, outgoing, () => resolve()));
  }

  close(): void {
    this.agent.destroy();
  }

  private send(incoming: IncomingMessage): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        agent: this.agent,
        host: this.to.hostname,
        port: this.to.port,
        method: incoming.method,
        path: incoming.url,
        // Host stays the client's, because it is signed. The loopback hop stands for AWS's TLS endpoint, so policies see a secure transport.
        headers: [...withoutHop(incoming.rawHeaders), "X-Forwarded-Proto", "https"],
        setHost: false,
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
      incoming.pipe(outgoing);
    });
  }
}

/** Names and values in turn, as Node.js gives and takes raw headers. */
function withoutHop(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (!HOP.has(name) && name !== "x-forwarded-proto") kept.push(raw[i]!, raw[i + 1]!);
  }
  return kept;
}
