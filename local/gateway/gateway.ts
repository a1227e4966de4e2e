import { appendFileSync, mkdirSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isIP } from "node:net";
import { join } from "node:path";
import type { AwsCredentialIdentity } from "@smithy/types";
import type { Clock } from "../clock";
import { type Emulator, type MinistackOptions, startMinistack } from "../emulator";
import type { Meter } from "../meter";
import { Accounts, OPERATOR, rootOf } from "./accounts";
import { Authenticator } from "./authenticate";
import { Authorizer } from "./authorize";
import { Forwarder } from "./forwarder";
import { Front } from "./front";
import { createHttpServer, type HttpServer } from "./http";
import type { Interceptor } from "./intercept";
import { Roles } from "./roles";
import {
  AwsError,
  type ClientConfig,
  type LocalAws,
  type Service,
  type SqlConnection,
  type SqlServer,
  type SqlTarget,
} from "./types";

export interface GatewayOptions {
  readonly region: string;
  /** The run's own account, 12 digits. Callers with keys of another find the same services there, with nothing in them. */
  readonly accountId: string;
  /** Folder of this run; must exist. Failures of our own are written to `gateway.log` there. */
  readonly folder: string;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Python of the environment that holds the emulator (local/emulator/requirements.txt). */
  readonly python: string;
  /** Port of the endpoint on 127.0.0.1. @default a free one */
  readonly port?: number;
  /** Makes the services that we answer ourselves, for each account that is called; each is given the rest of AWS as its account sees it. */
  services(aws: LocalAws): readonly Service[];
  /** Starts what answers all other services. @default ministack */
  readonly startEmulator?: (options: MinistackOptions) => Promise<Emulator>;
  /** Sees and spoils requests, for tests and the fault campaign. @default none */
  readonly interceptor?: Interceptor;
  /** What Lambda handlers are told besides the endpoint. @default nothing */
  readonly environment?: Readonly<Record<string, string>>;
  /** What was started for this run and ends with it, before its services. @default nothing */
  readonly beside?: { close(): Promise<void> };
}

export interface Gateway {
  /** AWS as the run's own account sees it. */
  readonly aws: LocalAws;
  /** AWS as another account sees it. */
  inAccount(accountId: string): LocalAws;
  /** `http://127.0.0.1:PORT`: the one endpoint for terraform, the command line, SDKs and handlers. */
  readonly endpoint: string;
  /** Who applies: root of the account. */
  readonly operator: AwsCredentialIdentity;
  /** Of every account that has been called. */
  readonly services: readonly Service[];
  /** Process of the emulator, for the run's record of what it started. */
  readonly emulatorPid: number;
  /** Resolves, with the reason, only if the emulator ends without being asked to. */
  readonly failure: Promise<Error>;
  /** Closes the services, the endpoint and the emulator, in this order. Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts the local AWS: one endpoint on 127.0.0.1, the services that we answer, and the emulator behind it for the rest. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const now = () => options.clock.now();
  let front: Front | undefined;
  const http = createHttpServer((request, response) => {
    if (front) void front.answer(request, response);
    // Nobody has been told of the endpoint yet but the emulator, and it does not call by itself.
    else response.writeHead(503).end();
  });
  // Longer than clients keep a free connection, so that none is closed under a request.
  http.server.keepAliveTimeout = 120_000;
  const endpoint = await listen(http.server, options.port ?? 0);
  let emulator: Emulator | undefined;
  try {
    // Handlers of the emulator are told this endpoint, so it is there first.
    emulator = await (options.startEmulator ?? startMinistack)({
      ...options,
      port: 0,
      callBack: endpoint,
      speed: options.clock.speed,
    });
    const asRoot = (accountId: string) => clientConfig(endpoint, options.region, rootOf(accountId, options.accountId));
    const authenticator = new Authenticator(emulator, now);
    const authorizer = new Authorizer(emulator, now);
    const { endpoint: behind } = emulator;
    // Read behind the gateway, where a call to IAM counts as a change of identity.
    const roles = new Roles(emulator, (accountId) => ({ ...asRoot(accountId), endpoint: behind }), now);
    const forwarder = new Forwarder(behind);
    const accounts: Accounts = new Accounts(options.accountId, (accountId) => {
      const aws: LocalAws = {
        endpoint,
        region: options.region,
        accountId,
        folder: folderOf(options, accountId),
        clock: options.clock,
        meter: options.meter,
        internal: asRoot(accountId),
        as: (roleArn, principal, sourceArn) =>
          clientConfig(endpoint, options.region, () => roles.credentials(roleArn, principal, sourceArn)),
        authorize: (caller, action, resource) => authorizer.authorize(caller, action, resource),
        // A warehouse is reached by its address, whose ever it is.
        connect: (to) => connect(accounts.services, to),
      };
      return { aws, services: options.services(aws) };
    });
    const { aws, services } = accounts.of(options.accountId);
    front = new Front({
      services,
      inAccount: (name, accountId) => accounts.service(name, accountId),
      emulator,
      region: options.region,
      authenticator,
      forwarder,
      meter: options.meter,
      ...(options.interceptor ? { interceptor: options.interceptor } : {}),
      report: (problem) => {
        const text = problem instanceof Error ? problem.stack : String(problem);
        appendFileSync(join(options.folder, "gateway.log"), `${now().toISOString()} ${text}\n`);
      },
      identityChanged: () => {
        authenticator.forget();
        authorizer.forget();
        roles.forget();
      },
    });
    const started = { http, accounts, forwarder, emulator, beside: options.beside };
    let stopping: Promise<void> | undefined;
    return {
      aws,
      inAccount: (accountId) => accounts.of(accountId).aws,
      endpoint,
      operator: OPERATOR,
      get services() {
        return accounts.services;
      },
      emulatorPid: emulator.pid,
      failure: emulator.failure,
      stop: () => (stopping ??= stop(started)),
    };
  } catch (problem) {
    await http.closeAll();
    await emulator?.stop();
    throw problem;
  }
}

/** The run's folder, and for another account one of its own in it. */
function folderOf({ folder, accountId: home }: GatewayOptions, accountId: string): string {
  if (accountId === home) return folder;
  const own = join(folder, "accounts", accountId);
  mkdirSync(own, { recursive: true });
  return own;
}

function clientConfig(endpoint: string, region: string, credentials: ClientConfig["credentials"]): ClientConfig {
  return { endpoint, region, credentials, forcePathStyle: true, maxAttempts: 3 };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (problem: NodeJS.ErrnoException) =>
      reject(
        problem.code === "EADDRINUSE"
          ? new Error(`Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another port`)
          : problem,
      ),
    );
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
  const { address, port: bound } = server.address() as AddressInfo;
  const endpoint = `http://${address}:${bound}`;
  assertLoopback(endpoint);
  return endpoint;
}

/** Throws unless an endpoint is on this machine: the guard before anything is applied to it. */
export function assertLoopback(endpoint: string): void {
  const { hostname, protocol } = new URL(endpoint);
  if (protocol !== "http:" || isIP(hostname) !== 4 || !hostname.startsWith("127.")) {
    throw new Error(`The endpoint of the local AWS must be http://127.0.0.1:PORT, got ${endpoint}`);
  }
}

async function connect(services: readonly Service[], to: SqlTarget): Promise<SqlConnection> {
  for (const service of services) {
    const connection = "connect" in service ? await (service as SqlServer).connect(to) : undefined;
    if (connection !== undefined) return connection;
  }
  throw new AwsError("ConnectionError", `No warehouse of the local AWS listens at ${to.host}:${to.port}`, 503);
}

async function stop(started: {
  readonly http: HttpServer;
  readonly accounts: Accounts;
  readonly forwarder: Forwarder;
  readonly emulator: Emulator;
  readonly beside: GatewayOptions["beside"];
}): Promise<void> {
  // One after the other, as one may still need another's answers to end well; and all of them, whatever one says.
  const problems: unknown[] = [];
  await started.beside?.close().catch((problem) => problems.push(problem));
  for (const service of started.accounts.services) await service.close?.().catch((problem) => problems.push(problem));
  await started.http.closeAll();
  started.forwarder.close();
  await started.emulator.stop();
  if (problems.length > 0) throw problems[0];
}
