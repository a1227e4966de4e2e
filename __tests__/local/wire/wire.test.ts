import { connect, type Socket } from "node:net";
import { Client, DatabaseError } from "pg";
import { AwsError, type SqlTarget } from "../../../local/gateway/types";
import type { SqlError } from "../../../local/warehouse";
import { startWire, type Wire } from "../../../local/wire";
import { Fixture } from "../warehouse/support";

/** Drivers and psql at the local warehouses: PostgreSQL's protocol, as far as statements without parameters take it. */
let it_: Fixture;
let wire: Wire;
let asked: SqlTarget[];
const clients: Client[] = [];

beforeEach(async () => {
  asked = [];
  it_ = await new Fixture().open();
  wire = await startWire(async (to) => {
    asked.push(to);
    if (to.host !== "w.local") throw new AwsError("ConnectionError", `No warehouse listens at ${to.host}`, 503);
    return it_.warehouse.login(to.database, to.user, to.password).catch((error: SqlError) => {
      throw new AwsError("AuthenticationError", `FATAL: ${error.message}`, 403);
    });
  });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)));
  await wire.close();
  await it_.close();
});

async function open(over: { password?: string; options?: string; ssl?: boolean } = {}): Promise<Client> {
  const [host, port] = wire.address.split(":");
  const client = new Client({
    host: host!,
    port: Number(port),
    database: "dev",
    user: "admin",
    password: "Secret12345",
    options: "host=w.local:5440",
    ...over,
  });
  client.on("error", () => undefined);
  clients.push(client);
  await client.connect();
  return client;
}

async function refusalOf(work: Promise<unknown>): Promise<{ severity: unknown; code: unknown; message: string }> {
  const error = await work.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (!(error instanceof DatabaseError)) throw new Error(`expected a refusal, got ${error}`);
  return { severity: error.severity, code: error.code, message: error.message };
}

it("connects to the warehouse that the client names, from within its VPC", async () => {
  await open();
  expect(asked).toEqual([
    { host: "w.local", port: 5440, database: "dev", user: "admin", password: "Secret12345", within: true },
  ]);
});

it("answers rows with the types that a client shows them by, and NULL", async () => {
  const client = await open();
  const { rows, fields } = await client.query({
    text: "SELECT 1 AS one, 'ä' AS word, NULL AS nothing, TRUE AS yes",
    rowMode: "array",
  });
  expect(rows).toEqual([[1, "ä", null, true]]);
  expect(fields.map(({ name }) => name)).toEqual(["one", "word", "nothing", "yes"]);
});

it("says how many rows were written", async () => {
  const client = await open();
  await client.query("CREATE TABLE t (a INT)");
  expect(await client.query("INSERT INTO t VALUES (1), (2)")).toMatchObject({ command: "INSERT", rowCount: 2 });
  expect(await client.query("DELETE FROM t WHERE a = 1")).toMatchObject({ command: "DELETE", rowCount: 1 });
});

it("runs several statements of one query in order, and none behind the first that fails", async () => {
  const client = await open();
  await client.query("CREATE TABLE t (a INT); INSERT INTO t VALUES (1)");
  expect(await refusalOf(client.query("INSERT INTO t VALUES (2); SELECT x FROM t; INSERT INTO t VALUES (3)"))).toEqual({
    severity: "ERROR",
    code: "42703",
    message: 'column "x" does not exist',
  });
  expect((await client.query("SELECT count(*) AS n FROM t")).rows).toEqual([{ n: "2" }]);
});

it("keeps a transaction until it ends, and rolls back what a client that leaves has not committed", async () => {
  const [one, other] = [await open(), await open()];
  await one.query("CREATE TABLE t (a INT)");
  await one.query("BEGIN");
  await one.query("INSERT INTO t VALUES (1)");
  await one.end();
  expect((await other.query("SELECT a FROM t")).rows).toEqual([]);
});

it("cancels the statement that runs, when its client asks for that", async () => {
  const [holder, waiter] = [await open(), await open()];
  await holder.query("CREATE TABLE t (a INT)");
  await holder.query("BEGIN; LOCK t");
  const waiting = refusalOf(waiter.query("INSERT INTO t VALUES (1)"));
  const { processID, secretKey } = waiter as unknown as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  [16, 80_877_102, processID, secretKey].forEach((value, at) => {
    request.writeInt32BE(value, 4 * at);
  });
  const cancelled = waiting.then((refusal) => refusal.code);
  // Again until it is the statement that runs: the request may be there before it.
  let done = false;
  void cancelled.then(() => {
    done = true;
  });
  while (!done) await sendAlone(request);
  expect(await cancelled).toBe("57014");
});

it.each([
  ["a wrong password", { password: "Wrong12345" }, "28000", /password authentication failed/],
  ["no warehouse named", { options: "" }, "08004", /^say which warehouse by its endpoint: PGOPTIONS="host=HOST:PORT"/],
  ["a warehouse that is not there", { options: "host=x.local" }, "08001", /^No warehouse listens at x\.local$/],
])("lets nobody in with %s, and says why", async (_, over, code, message) => {
  expect(await refusalOf(open(over))).toEqual({ severity: "FATAL", code, message: expect.stringMatching(message) });
});

it("has no TLS, and says so to who insists on it", async () => {
  await expect(open({ ssl: true })).rejects.toThrow("The server does not support SSL connections");
});

it("refuses parameters by name", async () => {
  const client = await open();
  expect((await refusalOf(client.query("SELECT $1", [1]))).message).toBe(
    'message "P" of the extended protocol is not carried by the local warehouse: send statements without parameters',
  );
});

it.each([
  ["a length that no message has", Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
  ["another protocol", Buffer.from([0, 0, 0, 8, 0, 2, 0, 0])],
])("ends a connection with %s", async (_, bytes) => {
  const answer = await sendAlone(bytes);
  expect(answer.toString("latin1")).toMatch(/^E/);
});

/** Sends bytes over a connection of their own and answers what came until the other side ended it. */
function sendAlone(bytes: Buffer): Promise<Buffer> {
  const [host, port] = wire.address.split(":");
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: host!, port: Number(port) }, () => socket.write(bytes));
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("end", () => resolve(Buffer.concat(parts)));
    socket.on("error", reject);
  });
}
