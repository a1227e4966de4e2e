import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Clock } from "../../../../local/clock";
import { AwsError, type Caller, type LocalAws } from "../../../../local/gateway/types";
import { Meter } from "../../../../local/meter";

const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

export const ROOT: Caller = {
  accountId: "000000000000",
  arn: "arn:aws:iam::000000000000:root",
  credentials: CREDENTIALS,
};
export const STRANGER: Caller = {
  accountId: "000000000000",
  arn: "arn:aws:sts::000000000000:assumed-role/stranger/session",
  credentials: { accessKeyId: "ASIASTRANGER", secretAccessKey: "x" },
};

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
}

/** What Athena asks of the rest of AWS: Glue's GetTable and a few calls of S3, in memory, on one HTTP endpoint. */
export class FakeAws {
  /** Glue tables by `database.table`. */
  readonly tables: Record<string, unknown> = {};
  /** Objects by `bucket/key`. */
  readonly objects = new Map<string, string | Buffer>();
  /** Headers of the last PUT. */
  putHeaders: IncomingMessage["headers"] = {};
  /** Keys that were read, in order. */
  readonly read: string[] = [];
  readonly meter = new Meter();
  /** Every question that was put to `authorize`. */
  readonly asked: string[] = [];
  denied: string | undefined;
  private server!: Server;

  async listen(): Promise<LocalAws> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const { status, body } = this.answer(request, Buffer.concat(chunks));
        response.writeHead(status, { "content-type": "application/xml" }).end(body);
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const internal = {
      endpoint,
      region: "us-east-1",
      credentials: CREDENTIALS,
      forcePathStyle: true as const,
      maxAttempts: 1,
    };
    return {
      endpoint,
      region: "us-east-1",
      accountId: "000000000000",
      folder: "",
      clock: new Clock(1),
      meter: this.meter,
      internal,
      as: () => internal,
      authorize: async (caller: Caller | undefined, action, resource) => {
        this.asked.push(`${caller?.arn} ${action} ${resource}`);
        if (action === this.denied) throw new AwsError("AccessDenied", `not allowed: ${action}`, 403);
      },
      connect: () => Promise.reject(new Error("no warehouse here")),
    };
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private answer(request: IncomingMessage, body: Buffer): Answer {
    const target = request.headers["x-amz-target"];
    const stranger = request.headers.authorization?.includes(STRANGER.credentials.accessKeyId) ?? false;
    if (target === "AWSGlue.GetTable") {
      if (stranger) return json(400, { __type: "AccessDeniedException", message: "no glue:GetTable" });
      const { DatabaseName, Name } = JSON.parse(body.toString());
      const table = this.tables[`${DatabaseName}.${Name}`];
      return table
        ? json(200, { Table: table })
        : json(400, { __type: "EntityNotFoundException", message: "not found" });
    }
    if (stranger)
      return { status: 403, body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>" };
    const url = new URL(request.url ?? "", "http://x");
    const path = decodeURIComponent(url.pathname.slice(1)).replace(/\/$/, "");
    if (request.method === "PUT") {
      this.putHeaders = request.headers;
      this.objects.set(path, body);
      return { status: 200, body: "" };
    }
    if (url.searchParams.has("list-type")) return this.list(path, url.searchParams.get("prefix") ?? "");
    this.read.push(path);
    const found = this.objects.get(path);
    return found === undefined
      ? { status: 404, body: "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>" }
      : { status: 200, body: found };
  }

  private list(bucket: string, prefix: string): Answer {
    const contents = [...this.objects]
      .filter(([path]) => path.startsWith(`${bucket}/${prefix}`))
      .map(
        ([path, content]) =>
          `<Contents><Key>${path.slice(bucket.length + 1)}</Key><Size>${content.length}</Size></Contents>`,
      );
    return {
      status: 200,
      body: `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`,
    };
  }
}

const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) });
