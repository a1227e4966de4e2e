import { mkdtempSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Clock } from "../../../../local/clock";
import { AwsError, type AwsRequest, type Caller, type LocalAws } from "../../../../local/gateway/types";
import { Meter } from "../../../../local/meter";

/** What an API has, as API Gateway's own API answers it. Tests change it as Terraform would. */
export interface Applied {
  stage: Record<string, unknown>;
  api: Record<string, unknown>;
  resources: Record<string, unknown>[];
  models: Record<string, unknown>[];
  validators: Record<string, unknown>[];
  gatewayResponses: Record<string, unknown>[];
  authorizers?: Record<string, unknown>[];
  apiKeys?: Record<string, unknown>[];
  usagePlans?: Record<string, unknown>[];
  /** Of every usage plan. */
  planKeys?: Record<string, unknown>[];
  /** What a user pool publishes. */
  jwks?: unknown;
}

export interface ServiceCall {
  readonly target: string;
  readonly contentType: string;
  readonly authorization: string;
  readonly body: string;
}

/** The rest of AWS around the service under test: a control plane that answers `applied`, a data service that answers `service`. */
export class FakeAws {
  readonly applied: Applied;
  readonly calls: ServiceCall[] = [];
  readonly meter = new Meter();
  readonly roles: string[][] = [];
  service: () => { readonly status: number; readonly body: string } = () => ({ status: 200, body: "{}" });
  /** ARNs of callers whose policies allow everything. */
  readonly allowed: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "execute-api-"));
  private readonly server: Server;

  constructor(applied: Applied) {
    this.applied = applied;
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const json = (body: unknown, status = 200) => {
          response.writeHead(status, { "content-type": "application/json" });
          response.end(typeof body === "string" ? body : JSON.stringify(body));
        };
        if (request.method === "POST") {
          const { headers } = request;
          this.calls.push({
            target: String(headers["x-amz-target"]),
            contentType: String(headers["content-type"]),
            authorization: String(headers.authorization),
            body: Buffer.concat(chunks).toString(),
          });
          const { status, body } = this.service();
          return json(body, status);
        }
        const path = (request.url ?? "").split("?")[0]!;
        if (path.endsWith("/.well-known/jwks.json")) return json(this.applied.jwks);
        if (path === "/apikeys") return json({ item: this.applied.apiKeys ?? [] });
        if (path === "/usageplans") return json({ item: this.applied.usagePlans ?? [] });
        if (path.startsWith("/usageplans/")) return json({ item: this.applied.planKeys ?? [] });
        const [, , , what, name] = path.split("/");
        if (what === "stages" && name !== this.applied.stage.stageName) {
          response.setHeader("x-amzn-errortype", "NotFoundException");
          return json({ message: "Invalid stage identifier specified" }, 404);
        }
        const answers: Record<string, unknown> = {
          stages: this.applied.stage,
          resources: { item: this.applied.resources },
          models: { item: this.applied.models },
          requestvalidators: { item: this.applied.validators },
          authorizers: { item: this.applied.authorizers ?? [] },
          gatewayresponses: { item: this.applied.gatewayResponses },
        };
        json(what === undefined ? this.applied.api : answers[what]);
      });
    });
  }

  async start(): Promise<LocalAws> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const config = (accessKeyId: string) => ({
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey: "secret" },
      forcePathStyle: true as const,
      maxAttempts: 1,
    });
    return {
      endpoint,
      region: "us-east-1",
      accountId: "123456789012",
      folder: this.folder,
      clock: new Clock(1),
      meter: this.meter,
      as: (role, principal) => {
        this.roles.push([role, principal]);
        return config("ROLE");
      },
      internal: config("INTERNAL"),
      authorize: async (caller: Caller | undefined) => {
        if (!caller || !this.allowed.includes(caller.arn)) throw new AwsError("AccessDenied", "not allowed", 403);
      },
      connect: async () => {
        throw new Error("no warehouse here");
      },
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export const signedBy = (arn: string): Caller => ({
  accountId: "123456789012",
  arn,
  credentials: { accessKeyId: "AK", secretAccessKey: "SK" },
});

/** A POST of `{}` to /live/records of the API abc123. */
export const request = (over: Partial<AwsRequest> & { readonly text?: string } = {}): AwsRequest => ({
  method: "POST",
  path: "/live/records",
  query: new URLSearchParams(),
  headers: { host: "abc123.execute-api.us-east-1.amazonaws.com", "content-type": "application/json" },
  body: Buffer.from(over.text ?? '{"a":1.50}'),
  service: "execute-api",
  region: "us-east-1",
  caller: undefined,
  sourceIp: "127.0.0.1",
  ...over,
});
