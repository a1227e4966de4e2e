import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Clock } from "../../../local/clock";
import type { Emulator } from "../../../local/emulator";
import { assertLoopback, type Gateway, type GatewayOptions, startGateway } from "../../../local/gateway";
import { AwsError, type Service, type SqlConnection, type SqlServer } from "../../../local/gateway/types";
import { Meter } from "../../../local/meter";

let folder: string;
let events: string[];
let gateway: Gateway | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-"));
  events = [];
  gateway = undefined;
});

afterEach(async () => {
  await gateway?.stop().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

const emulator: Emulator = {
  endpoint: "http://127.0.0.1:9",
  pid: 0,
  services: new Set(),
  resolve: () => Promise.reject(new Error("not asked")),
  decide: () => Promise.reject(new Error("not asked")),
  openSession: () => Promise.reject(new Error("not asked")),
  failure: new Promise(() => undefined),
  stop: async () => {
    events.push("emulator stopped");
  },
};

async function start(services: GatewayOptions["services"] = () => []): Promise<Gateway> {
  gateway = await startGateway({
    region: "eu-central-1",
    accountId: "000000000000",
    folder,
    clock: new Clock(1),
    meter: new Meter(),
    python: "python3",
    services,
    startEmulator: async ({ callBack }) => {
      events.push(`emulator told of ${new URL(callBack).hostname}`);
      return emulator;
    },
  });
  return gateway;
}

const service = (name: string, close?: () => Promise<void>): Service => ({
  names: [name],
  handle: async () => ({ status: 200, body: name }),
  ...(close && { close }),
});

it("gives services the same AWS that it gives out", async () => {
  let given: unknown;
  const started = await start((aws) => {
    given = aws;
    return [];
  });
  expect(given).toBe(started.aws);
  expect(started.aws).toMatchObject({
    endpoint: started.endpoint,
    region: "eu-central-1",
    accountId: "000000000000",
    folder,
  });
  expect(started.aws.internal).toMatchObject({
    endpoint: started.endpoint,
    credentials: started.operator,
    forcePathStyle: true,
  });
});

it("stops services first, then the emulator, and once", async () => {
  const closing = (name: string) => service(name, async () => void events.push(`${name} closed`));
  const started = await start(() => [closing("firehose"), closing("redshift")]);
  await Promise.all([started.stop(), started.stop()]);
  expect(events).toEqual(["emulator told of 127.0.0.1", "firehose closed", "redshift closed", "emulator stopped"]);
  await expect(fetch(`${started.endpoint}/_redstream/health`)).rejects.toThrow();
});

it("stops everything else when one service fails to close, and says so", async () => {
  const failing = service("firehose", () => Promise.reject(new Error("disk full")));
  const started = await start(() => [failing, service("redshift", async () => void events.push("redshift closed"))]);
  await expect(started.stop()).rejects.toThrow("disk full");
  expect(events).toEqual(["emulator told of 127.0.0.1", "redshift closed", "emulator stopped"]);
});

it("leaves no emulator behind when a service cannot be made", async () => {
  const failing = () => {
    throw new Error("no such folder");
  };
  await expect(start(failing)).rejects.toThrow("no such folder");
  expect(events).toEqual(["emulator told of 127.0.0.1", "emulator stopped"]);
});

describe("a session on a warehouse", () => {
  const target = { host: "w.eu-central-1.redshift.amazonaws.com", port: 5439, database: "d", user: "u", password: "p" };
  const session = {} as SqlConnection;
  const server = (answer: SqlServer["connect"]): SqlServer => ({ ...service("redshift"), connect: answer });

  it("is opened by the service that has the warehouse", async () => {
    const { aws } = await start(() => [
      service("firehose"),
      server(async () => undefined),
      server(async () => session),
    ]);
    await expect(aws.connect(target)).resolves.toBe(session);
  });

  it("is refused as the warehouse refuses it", async () => {
    const refusal = new AwsError("InvalidPassword", 'password authentication failed for user "u"');
    const { aws } = await start(() => [server(() => Promise.reject(refusal))]);
    await expect(aws.connect(target)).rejects.toBe(refusal);
  });

  it("is not opened to a host that no service has", async () => {
    const { aws } = await start(() => [server(async () => undefined)]);
    await expect(aws.connect(target)).rejects.toMatchObject({
      code: "ConnectionError",
      message: "No warehouse of the local AWS listens at w.eu-central-1.redshift.amazonaws.com:5439",
    });
  });
});

it("takes 127.0.0.1 for a local endpoint", () => {
  expect(() => assertLoopback("http://127.0.0.1:4566")).not.toThrow();
});

it.each([
  "https://s3.eu-central-1.amazonaws.com",
  "http://0.0.0.0:4566",
  "http://localhost:4566",
  "http://10.0.0.1:4566",
  "http://127.evil.example:80",
])("does not take %s for a local endpoint", (endpoint) => {
  expect(() => assertLoopback(endpoint)).toThrow(
    `The endpoint of the local AWS must be http://127.0.0.1:PORT, got ${endpoint}`,
  );
});
