import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { readBody } from "./body";
import type { Patch } from "./patches";
import { AwsError } from "./types";

/** Headers of one hop, which the next one makes itself. */
const HOP = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"]);

/** Responses that are patched are documents of a control plane. */
const PATCHED_LIMIT_BYTES = 64 * 1024 * 1024;

/** Passes requests on to the emulator as they came, streaming both ways. Nothing is sent twice: a client retries as it would AWS. */
export class Forwarder {
  /** A free connection is closed here before the emulator, which waits 75 s, would close it under a request. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: 60_000 });
  private readonly to: URL;

  constructor(endpoint: string) {
    this.to = new URL(endpoint);
  }

  /**
   * Resolves when the answer has been passed on. `body` is given when the request has been read already; `patch` corrects the
   * answer and so needs it whole.
   */
  async pass(incoming: IncomingMessage, outgoing: ServerResponse, body?: Buffer, patch?: Patch): Promise<void> {
    const answer = await this.send(incoming, body);
    const headers = withoutHop(answer.rawHeaders);
    if (patch === undefined) {
      outgoing.writeHead(answer.statusCode!, headers);
      return new Promise((resolve) => pipeline(answer, outgoing, () => resolve()));
    }
    const whole = await readBody(answer, PATCHED_LIMIT_BYTES);
    const patched =
      answer.statusCode! < 300 ? Buffer.from(patch.fix(whole.toString("utf8"), body?.toString("utf8") ?? "")) : whole;
    outgoing.writeHead(answer.statusCode!, replaceLength(headers, patched.length));
    outgoing.end(patched);
  }

  close(): void {
    this.agent.destroy();
  }

  private send(incoming: IncomingMessage, body: Buffer | undefined): Promise<IncomingMessage> {
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
      if (body === undefined) pipeline(incoming, outgoing, () => undefined);
      else outgoing.end(body);
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

function replaceLength(raw: readonly string[], length: number): string[] {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!["content-length", "transfer-encoding"].includes(raw[i]!.toLowerCase())) kept.push(raw[i]!, raw[i + 1]!);
  }
  return [...kept, "Content-Length", String(length)];
}
