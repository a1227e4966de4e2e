import { connect, createServer, type Server, type Socket } from "node:net";
import type { SSMClient } from "@aws-sdk/client-ssm";
import { SqlFailure } from "../../../lambda-src/data-api/sql";
import { StatementOutOfTime } from "../../../lambda-src/data-api/statement";
import type { Driver, DriverSession } from "../../../lambda-src/load/driver";
import { driverWarehouse } from "../../../lambda-src/load/driver-warehouse";
import { type Login, type PgOptions, pgDriver } from "../../../lambda-src/load/pg-driver";
import type { Load } from "../../../lambda-src/load/ports";
import { ssmLogin } from "../../../lambda-src/load/ssm-login";
import { AwsError } from "../../../local/gateway/types";
import { startWire } from "../../../local/wire";
import { Fixture } from "../../local/warehouse/support";

/** What the driver's way has and the Data API's has not: connections that are lost, and that must be ended. */
const LOAD: Load = {
  id: "11111111-2222-3333-4444-555555555555",
  table: { name: "kpis", columns: ["day"], copy: { format: "csv" } },
  hour: "2026-11-21T08",
  files: [],
};

/** Sessions that answer nothing, remember what they were asked, and fail where `fails` says so. */
class FakeDriver implements Driver {
  readonly asked: string[] = [];
  opened = 0;
  ended = 0;
  fails: (sql: string) => Error | undefined = () => undefined;

  async open(): Promise<DriverSession> {
    const session = ++this.opened;
    let open = true;
    return {
      pid: session,
      query: async (sql) => {
        this.asked.push(`${session} ${sql.split(" ", 2).join(" ")}`);
        const error = this.fails(sql);
        if (error) throw error;
        return [];
      },
      close: async () => {
        if (open) this.ended += 1;
        open = false;
      },
    };
  }
}

const warehouseOf = (driver: Driver) =>
  driverWarehouse(driver, {
    copyRole: "default",
    bucketRegion: undefined,
    now: () => new Date(0),
    sleep: async () => {},
  });

describe("a load by a driver", () => {
  it("stages and commits in one session, each as one transaction", async () => {
    const driver = new FakeDriver();
    const staging = await warehouseOf(driver).stage(LOAD, "s3://b/m");
    if (staging.kind !== "staged") throw new Error(staging.kind);
    await staging.commit();
    expect(driver.asked).toEqual([
      "1 BEGIN",
      "1 CREATE TEMPORARY",
      "1 COPY redstream_stage",
      "1 COMMIT",
      "1 BEGIN",
      "1 LOCK TABLE",
      "1 INSERT INTO",
      "1 INSERT INTO",
      "1 COMMIT",
    ]);
  });

  it("keeps the session of what is staged until the warehouse is closed, and no other", async () => {
    const driver = new FakeDriver();
    const warehouse = warehouseOf(driver);
    await warehouse.stage(LOAD, "s3://b/m");
    await warehouse.outcome(LOAD.id);
    driver.fails = (sql) => (sql.startsWith("COPY") ? new SqlFailure("ERROR: permission denied") : undefined);
    await warehouse.stage({ ...LOAD, id: "another" }, "s3://b/m");
    expect(driver.opened - driver.ended).toBe(1);
    await warehouse.close();
    expect(driver.opened - driver.ended).toBe(0);
  });

  it("holds no session of what is committed, which is not committed again, nor of what is staged anew", async () => {
    const driver = new FakeDriver();
    const warehouse = warehouseOf(driver);
    const held = () => driver.opened - driver.ended;
    for (const id of ["1", "2", "3"]) {
      await warehouse.stage({ ...LOAD, id }, "s3://b/m");
      const staging = await warehouse.stage({ ...LOAD, id }, "s3://b/m");
      if (staging.kind !== "staged") throw new Error(staging.kind);
      expect(held()).toBe(1);
      await staging.commit();
      expect(held()).toBe(0);
      const asked = driver.asked.length;
      await staging.commit();
      expect(driver.asked).toHaveLength(asked);
    }
  });

  it("keeps the session of what could not be committed, so that it can be tried again", async () => {
    const driver = new FakeDriver();
    const warehouse = warehouseOf(driver);
    const staging = await warehouse.stage(LOAD, "s3://b/m");
    if (staging.kind !== "staged") throw new Error(staging.kind);
    driver.fails = (sql) => (sql === "COMMIT" ? new SqlFailure("ERROR: disk full") : undefined);
    await expect(staging.commit()).rejects.toThrow("ERROR: disk full");
    driver.fails = () => undefined;
    await staging.commit();
    expect(driver.opened).toBe(1);
    expect(driver.ended).toBe(1);
  });

  it("whose connection is lost behind the COMMIT rejects, is not sent again, and leaves the outcome to be asked for", async () => {
    const driver = new FakeDriver();
    const warehouse = warehouseOf(driver);
    const staging = await warehouse.stage(LOAD, "s3://b/m");
    if (staging.kind !== "staged") throw new Error(staging.kind);
    driver.asked.length = 0;
    const lost = new Error("Connection terminated unexpectedly");
    driver.fails = (sql) => (sql === "COMMIT" ? lost : undefined);
    await expect(staging.commit()).rejects.toBe(lost);
    expect(driver.asked.filter((sql) => sql === "1 COMMIT")).toHaveLength(1);
    await warehouse.outcome(LOAD.id);
    expect(driver.asked.at(-1)).toBe("2 SELECT state,");
  });

  it("is rolled back where the warehouse refuses a statement, and committed again behind a conflict", async () => {
    const driver = new FakeDriver();
    const staging = await warehouseOf(driver).stage(LOAD, "s3://b/m");
    if (staging.kind !== "staged") throw new Error(staging.kind);
    driver.asked.length = 0;
    let conflicts = 1;
    driver.fails = (sql) =>
      sql === "COMMIT" && conflicts-- > 0 ? new SqlFailure("ERROR: 1023 Serializable isolation violation") : undefined;
    await staging.commit();
    expect(driver.asked.map((sql) => sql.slice(2)).join(", ")).toBe(
      "BEGIN, LOCK TABLE, INSERT INTO, INSERT INTO, COMMIT, ROLLBACK, BEGIN, LOCK TABLE, INSERT INTO, INSERT INTO, COMMIT",
    );
  });

  it("is nobody's fault but the warehouse's where that cannot be reached", async () => {
    const refused = {
      open: async () => Promise.reject(new SqlFailure("connection to database d at h:1 failed: line")),
    };
    expect(await warehouseOf(refused).stage(LOAD, "s3://b/m")).toEqual({
      kind: "unable",
      text: "connection to database d at h:1 failed: line",
    });
  });
});

describe("the connection", () => {
  const LOGIN = { username: "admin", password: "Secret12345" };
  const base = (over: Partial<PgOptions>): PgOptions => ({
    host: "w.local",
    port: 5439,
    database: "dev",
    local: undefined,
    login: async () => LOGIN,
    deadline: { remaining: () => 60_000 },
    ...over,
  });
  let server: Server | undefined;
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server?.close();
    server = undefined;
  });

  /** A server that answers what comes first with these bytes. */
  async function answering(...answers: string[]): Promise<number> {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", () => {
        const answer = answers.shift();
        if (answer === undefined) socket.destroy();
        else socket.write(answer);
      });
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    return (server.address() as { port: number }).port;
  }

  it("asks for TLS, and goes on without it for nobody", async () => {
    const port = await answering("N");
    await expect(pgDriver(base({ host: "127.0.0.1", port })).open()).rejects.toThrow(
      `connection to database dev at 127.0.0.1:${port} failed: The server does not support SSL connections`,
    );
  });

  it("says where it was going when nobody is there", async () => {
    const port = await answering();
    server!.close();
    await expect(pgDriver(base({ host: "127.0.0.1", port })).open()).rejects.toThrow(
      new RegExp(`^connection to database dev at 127\\.0\\.0\\.1:${port} failed: connect ECONNREFUSED`),
    );
  });

  describe("to a local warehouse", () => {
    let it_: Fixture;
    let wire: Awaited<ReturnType<typeof startWire>>;
    beforeEach(async () => {
      it_ = await new Fixture().open();
      wire = await startWire((to) =>
        it_.warehouse.login(to.database, to.user, to.password).catch((error: Error) => {
          throw new AwsError("AuthenticationError", `FATAL: ${error.message}`, 403);
        }),
      );
    });
    afterEach(async () => {
      await wire.close();
      await it_.close();
    });

    it("reads the password anew where the one it knew is not let in", async () => {
      const asked: boolean[] = [];
      const login = async (anew: boolean): Promise<Login> => {
        asked.push(anew);
        return anew ? LOGIN : { ...LOGIN, password: "Before12345" };
      };
      const session = await pgDriver(base({ local: wire.address, login })).open();
      expect(await session.query("SELECT 1, NULL, 'x'")).toEqual([["1", null, "x"]]);
      expect(session.pid).toBeGreaterThan(0);
      await session.close();
      await session.close();
      expect(asked).toEqual([false, true]);
    });

    it("tells the warehouse's refusal from a connection that is lost", async () => {
      const session = await pgDriver(base({ local: wire.address })).open();
      await expect(session.query("SELECT x")).rejects.toThrow(SqlFailure);
      await wire.close();
      const lost = await session.query("SELECT 1").catch((error: unknown) => error);
      expect(lost).toBeInstanceOf(Error);
      expect(lost).not.toBeInstanceOf(SqlFailure);
      await session.close();
    });

    it("ends when nobody answers any more", async () => {
      server = createServer({ allowHalfOpen: true }, (socket) => {
        sockets.push(socket);
        const far = connect(Number(wire.address.split(":")[1]), "127.0.0.1");
        sockets.push(far);
        for (const one of [socket, far]) one.on("error", () => undefined);
        far.pipe(socket, { end: false });
        // What comes last, an X, is not passed on, and the connection stays open.
        socket.on("data", (bytes) => bytes[0] !== 0x58 && far.write(bytes));
      });
      await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      const session = await pgDriver(base({ local: `127.0.0.1:${port}` })).open();
      jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
      try {
        const closed = session.close();
        await jest.advanceTimersByTimeAsync(5000);
        await expect(closed).resolves.toBeUndefined();
      } finally {
        jest.useRealTimers();
      }
    });

    it("begins nothing when the time is over, but ends the transaction", async () => {
      let left = 60_000;
      const session = await pgDriver(base({ local: wire.address, deadline: { remaining: () => left } })).open();
      await session.query("BEGIN");
      left = 0;
      await expect(session.query("SELECT 1")).rejects.toThrow(StatementOutOfTime);
      await session.query("ROLLBACK");
      await session.close();
    });
  });
});

describe("the parameter", () => {
  const client = (...values: (string | Error)[]) => {
    const calls: object[] = [];
    const send = async ({ input }: { input: object }) => {
      calls.push(input);
      const value = values.shift();
      if (value instanceof Error) throw value;
      return { Parameter: { Value: value } };
    };
    return { calls, ssm: { send } as unknown as SSMClient };
  };
  const LOGIN = '{"username":"s3_loader","password":"Abcdefg1"}';

  it("is read decrypted, once, and again when it is asked for anew", async () => {
    const { calls, ssm } = client(LOGIN, LOGIN);
    const login = ssmLogin(ssm, "/load/loader");
    await login(false);
    expect(await login(false)).toEqual({ username: "s3_loader", password: "Abcdefg1" });
    expect(calls).toEqual([{ Name: "/load/loader", WithDecryption: true }]);
    await login(true);
    expect(calls).toHaveLength(2);
  });

  it("is read again after it could not be", async () => {
    const { ssm } = client(new Error("ThrottlingException"), LOGIN);
    const login = ssmLogin(ssm, "/load/loader");
    await expect(login(false)).rejects.toThrow("ThrottlingException");
    await expect(login(false)).resolves.toMatchObject({ username: "s3_loader" });
  });

  it.each(["none yet", '{"username":"x"}', '"word"'])("is not shown where it is no login: %s", async (value) => {
    await expect(ssmLogin(client(value).ssm, "/load/loader")(false)).rejects.toThrow(
      'parameter /load/loader must be {"username", "password"} in JSON; the migrations write it, so run them',
    );
  });
});
