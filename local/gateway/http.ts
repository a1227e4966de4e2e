import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";

/** A request over HTTP/1.1 or HTTP/2; both answer to what is used of them here. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

export interface HttpServer {
  readonly server: Server;
  /** Stops listening and cuts what is connected. */
  closeAll(): Promise<void>;
}

/** What an HTTP/2 connection opens with (RFC 9113, 3.4); no request of HTTP/1.1 does. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * One HTTP server for both versions on one port without TLS. The SDK's Kinesis client speaks HTTP/2 from its first byte, also to a
 * plain endpoint, and everybody else HTTP/1.1: the first bytes of a connection tell. Not listening yet.
 */
export function createHttpServer(handle: (request: HttpRequest, response: HttpResponse) => void): HttpServer {
  const http1 = createServer(handle);
  const http2 = createHttp2Server(handle);
  const sockets = new Set<Socket>();
  const [serveHttp1] = http1.listeners("connection") as [(socket: Socket) => void];
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    // A client that leaves before it has said anything is nobody's error.
    const leave = () => socket.destroy();
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    socket.once("error", leave);
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.off("error", leave);
      socket.unshift(first);
      const length = Math.min(first.length, PREFACE.length);
      if (first.subarray(0, length).equals(PREFACE.subarray(0, length))) {
        // It reads the connection below the stream, which therefore stays paused.
        http2.emit("connection", socket);
        return;
      }
      serveHttp1.call(http1, socket);
      socket.resume();
    });
  });
  const closeAll = () => {
    // The server alone would wait for connections of HTTP/2, which it does not know as its own.
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => {
      http1.close(() => resolve());
      http1.closeAllConnections();
    });
  };
  return { server: http1, closeAll };
}

/** Headers by lower-case name, several values of one joined by a comma, and the host where HTTP/1.1 has it. */
export function headersOf(request: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase();
    const value = request.rawHeaders[i + 1]!;
    if (name === ":authority") headers.host ??= value;
    else if (!name.startsWith(":"))
      headers[name] = name in headers && name !== "host" ? `${headers[name]},${value}` : value;
  }
  return headers;
}
