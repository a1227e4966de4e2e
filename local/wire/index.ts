import { type AddressInfo, createServer, type Socket } from "node:net";
import type { SqlConnection, SqlTarget } from "../gateway/types";
import { serve } from "./connection";

/** A place where drivers reach the warehouses of a run. */
export interface Wire {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1, for all warehouses of a run: a client names the one it means by its endpoint. */
export async function startWire(connect: (to: SqlTarget) => Promise<SqlConnection>): Promise<Wire> {
  const sockets = new Set<Socket>();
  const listener = { connect, cancels: new Map<string, () => void>() };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void serve(socket, listener);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
