import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { handler } from "../../../lambda-src/run-migrations/index";
import { type Warehouse, Warehouses } from "../../../local/warehouse";
import { readMigrations } from "../../../modules/query-runner/migration-files";
import { emptyStack } from "../../support/synth";
import { loader as someone } from "./fakes";

/** The handler as Lambda calls it, its SDK clients on the wire, against a few lines of Data API and Secrets Manager. */
const ADMIN = { user: "redstream_admin", password: "Administrat0r" };
const loader = {
  ...someone,
  grants: [{ schema: "public", table: "demo_cluster_dbtable", privileges: ["INSERT"] as const }],
};
const before = { ...process.env };

let folder: string;
let warehouses: Warehouses;
let server: Server;
let bodies: string[];
let secrets: Map<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "redstream-handler-"));
  warehouses = new Warehouses(folder, () => {
    throw new Error("no COPY here");
  });
  await warehouses.create({ host: "laps.local", name: "laps", port: 5439, database: "telemetry", admin: ADMIN });
  bodies = [];
  secrets = new Map();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const body = Buffer.concat(chunks).toString();
      bodies.push(body);
      const answer = await answerTo(String(request.headers["x-amz-target"]).split(".")[1] ?? "", JSON.parse(body));
      response.writeHead(answer.__type ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  Object.assign(process.env, {
    CLUSTER_IDENTIFIER: "laps",
    DATABASE: "telemetry",
    ADMIN_SECRET_ARN: "arn:admin",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  jest.spyOn(console, "info").mockImplementation((line) => void bodies.push(String(line)));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await warehouses.close();
  rmSync(folder, { recursive: true });
  process.env = { ...before };
  jest.restoreAllMocks();
});

interface Answer {
  readonly __type?: string;
  readonly [member: string]: unknown;
}
const statements = new Map<string, { described: object; rows: readonly (readonly unknown[])[] }>();

async function answerTo(action: string, input: Record<string, unknown>): Promise<Answer> {
  const { Id, SecretId, Database } = input as { Id: string; SecretId: string; Database: string };
  switch (action) {
    case "ExecuteStatement":
      return execute(Database, [input.Sql as string], false);
    case "BatchExecuteStatement":
      return execute(Database, input.Sqls as string[], true);
    case "DescribeStatement":
      return { Id, ...statements.get(Id)?.described };
    case "GetStatementResult":
      return { Records: statements.get(Id)?.rows.map((row) => row.map((value) => ({ stringValue: String(value) }))) };
    case "GetSecretValue":
      return secrets.has(SecretId) ? { SecretString: secrets.get(SecretId) } : { __type: "ResourceNotFoundException" };
    case "PutSecretValue":
      secrets.set(SecretId, input.SecretString as string);
      return {};
    default:
      return { __type: "UnknownOperationException" };
  }
}

async function execute(database: string, sqls: readonly string[], batch: boolean): Promise<Answer> {
  const Id = String(statements.size + 1);
  const SubStatements: object[] = [];
  let session: Awaited<ReturnType<Warehouse["login"]>> | undefined;
  try {
    session = await warehouses.at("laps.local")!.login(database, ADMIN.user, ADMIN.password);
    let rows: readonly (readonly unknown[])[] = [];
    if (batch) await session.run("BEGIN");
    for (const sql of sqls) {
      rows = (await session.run(sql)).rows;
      SubStatements.push({ Status: "FINISHED" });
    }
    if (batch) await session.run("COMMIT");
    statements.set(Id, { described: { Status: "FINISHED" }, rows });
  } catch (error) {
    const message = `ERROR: ${(error as Error).message}`;
    SubStatements.push({ Status: "FAILED", Error: message });
    statements.set(Id, { described: { Status: "FAILED", Error: message, SubStatements }, rows: [] });
  } finally {
    await session?.close();
  }
  return { Id };
}

const invoke = (over: object = {}) =>
  handler(
    { dataset: "telemetry", migrations: readMigrations(emptyStack(), "sql/telemetry"), users: [loader], ...over },
    { getRemainingTimeInMillis: () => 600_000 } as never,
  );

describe("the handler", () => {
  it("applies the files, sets up the user, and answers what it did", async () => {
    const applied = readMigrations(emptyStack(), "sql/telemetry").map(({ name }) => name);
    const users = ["firehose_loader"];
    expect(await invoke()).toEqual({ dataset: "telemetry", applied, recorded: applied.length, users });
    expect(await invoke()).toEqual({ dataset: "telemetry", applied: [], recorded: applied.length, users });
  });

  it("sends the password to Secrets Manager and nowhere else", async () => {
    const result = await invoke();
    const { password } = JSON.parse(secrets.get(loader.secretArn)!);
    const holding = bodies.filter((body) => body.includes(password));
    expect(holding).toHaveLength(1);
    expect(JSON.parse(holding[0]!)).toMatchObject({ SecretId: loader.secretArn });
    expect(JSON.stringify(result)).not.toContain(password);
  });

  it("answers a file that fails with its name, the statement and Redshift's words, and no stack", async () => {
    const migrations = [{ name: "001_bad.sql", sql: "CREATE TABLE a (x INTEGER); INSERT INTO nowhere VALUES (1);" }];
    const error = await invoke({ migrations }).catch((thrown: Error) => thrown);
    const message =
      '001_bad.sql: statement 2 (INSERT INTO nowhere VALUES (1)) failed: ERROR: relation "nowhere" does not exist. Nothing of this file was kept; the files before it are applied and recorded. Correct it and apply again';
    expect(error).toMatchObject({ message, stack: message });
  });

  it("asks a Serverless workgroup by its name", async () => {
    delete process.env.CLUSTER_IDENTIFIER;
    process.env.WORKGROUP_NAME = "laps";
    await invoke();
    const submitted = bodies
      .filter((body) => body.startsWith("{") && /"Sqls?":/.test(body))
      .map((body) => JSON.parse(body));
    expect(submitted.length).toBeGreaterThan(0);
    for (const input of submitted) {
      expect(input).toMatchObject({ WorkgroupName: "laps" });
      expect(input).not.toHaveProperty("ClusterIdentifier");
    }
    process.env.DATABASE = "elsewhere";
    await expect(invoke()).rejects.toThrow(
      'database elsewhere of workgroup laps does not answer: ERROR: database "elsewhere" does not exist',
    );
  });

  it("says which database does not answer, and why", async () => {
    process.env.DATABASE = "elsewhere";
    const error = await invoke().catch((thrown: Error) => thrown);
    const message = 'database elsewhere of cluster laps does not answer: ERROR: database "elsewhere" does not exist';
    expect(error).toMatchObject({ message, stack: message });
  });
});
