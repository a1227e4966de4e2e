import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Clock } from "../../local/clock";
import type { LocalAws } from "../../local/gateway/types";
import { Meter } from "../../local/meter";

export interface FakeAnswer {
  readonly status: number;
  readonly body: string | Buffer;
}

/** The rest of AWS as one HTTP endpoint, in memory; a service's tests say what it answers. */
export abstract class FakeEndpoint {
  readonly meter = new Meter();
  private server!: Server;

  protected abstract answer(request: IncomingMessage, body: Buffer): FakeAnswer;
  protected abstract readonly authorize: LocalAws["authorize"];

  /** Starts it; answers what a service is given. `folder` is where the service may keep files. */
  async listen(folder = ""): Promise<LocalAws> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { status, body } = this.answer(request, Buffer.concat(chunks));
        const json = request.headers["x-amz-target"] !== undefined;
        response
          .writeHead(status, { "content-type": json ? "application/x-amz-json-1.1" : "application/xml" })
          .end(body);
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const client = {
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      forcePathStyle: true as const,
      maxAttempts: 1,
    };
    return {
      endpoint,
      region: client.region,
      accountId: "000000000000",
      folder,
      clock: new Clock(1),
      meter: this.meter,
      internal: client,
      as: (role, principal, source) => {
        this.onAssume(role, principal, source);
        return client;
      },
      authorize: (caller, action, resource) => this.authorize(caller, action, resource),
      connect: () => Promise.reject(new Error("no warehouse here")),
    };
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Called for every role that clients are made for. */
  protected onAssume(_role: string, _principal: string, _source: string | undefined): void {}
}
