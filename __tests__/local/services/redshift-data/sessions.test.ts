import type { Caller } from "../../../../local/gateway/types";
import type { Warehouse } from "../../../../local/warehouse";
import { type FakeAws, ROLE, refusal, secretArn } from "../redshift/fake-aws";
import { CLUSTER_ARN, DataApi, TARGET } from "./data-api";

/** Sessions of the Data API, by https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations-session-reuse */
let api: DataApi;
let fake: FakeAws;
let warehouse: Warehouse;

beforeEach(async () => {
  api = await DataApi.start();
  ({ fake, warehouse } = api);
});
afterEach(async () => {
  jest.useRealTimers();
  await api.stop();
});

const call: DataApi["call"] = (...input) => api.call(...input);
const run: DataApi["run"] = (...input) => api.run(...input);

async function open(keepAlive = 60): Promise<string> {
  const { SessionId } = await call("ExecuteStatement", {
    ...TARGET,
    Sql: "create temp table stage (a int)",
    SessionKeepAliveSeconds: keepAlive,
    WaitTimeSeconds: 30,
  });
  return SessionId;
}

async function rows(input: Record<string, unknown>): Promise<unknown> {
  return (await call("GetStatementResult", { Id: (await run(input)).Id })).Records;
}

const status = async (SessionId: string) => (await call("ListSessions", { SessionId })).Sessions[0].Status;

describe("a session", () => {
  it("keeps temporary tables over calls and batches, on one connection", async () => {
    const SessionId = await open();
    const one = await run({ SessionId, Sql: "insert into stage values (1)" });
    const two = await run({ SessionId, Sqls: ["insert into stage values (2)", "insert into stage values (3)"] });
    expect([one.SessionId, two.SessionId]).toEqual([SessionId, SessionId]);
    expect(one.RedshiftPid).toBe(two.RedshiftPid);
    expect(await rows({ SessionId, Sql: "select count(*) from stage" })).toEqual([[{ longValue: 3 }]]);
  });

  it("is not there for a statement without it", async () => {
    await open();
    expect(await run({ ...TARGET, Sql: "select * from stage" })).toMatchObject({
      Status: "FAILED",
      Error: 'ERROR: relation "stage" does not exist',
    });
  });

  it("may be opened by a batch", async () => {
    const { SessionId } = await call("BatchExecuteStatement", {
      ...TARGET,
      Sqls: ["create temp table stage (a int)", "insert into stage values (1)"],
      SessionKeepAliveSeconds: 60,
      WaitTimeSeconds: 30,
    });
    expect(await rows({ SessionId, Sql: "select * from stage" })).toEqual([[{ longValue: 1 }]]);
  });

  it("goes on after a statement that failed, and a batch that failed is rolled back", async () => {
    const SessionId = await open();
    await run({ SessionId, Sql: "select nosuch" });
    const batch = await run({ SessionId, Sqls: ["insert into stage values (1)", "select nosuch"] });
    expect(batch.Status).toBe("FAILED");
    expect(await rows({ SessionId, Sql: "select count(*) from stage" })).toEqual([[{ longValue: 0 }]]);
  });

  it("goes on after a statement that was cancelled", async () => {
    const SessionId = await open();
    const holder = await warehouse.login("dev", "admin", "Secret12345");
    await holder.run("create table t (a int); begin; lock t");
    const { Id } = await call("ExecuteStatement", { SessionId, Sql: "lock t" });
    await call("CancelStatement", { Id });
    expect((await call("DescribeStatement", { Id, WaitTimeSeconds: 30 })).Status).toBe("ABORTED");
    expect(await rows({ SessionId, Sql: "select count(*) from stage" })).toEqual([[{ longValue: 0 }]]);
  });

  it("keeps a transaction open from one call to the next", async () => {
    const SessionId = await open();
    await run({ SessionId, Sql: "begin" });
    await run({ SessionId, Sql: "insert into stage values (1)" });
    await run({ SessionId, Sql: "rollback" });
    expect(await rows({ SessionId, Sql: "select count(*) from stage" })).toEqual([[{ longValue: 0 }]]);
  });

  it("takes one statement at a time", async () => {
    const SessionId = await open();
    const holder = await warehouse.login("dev", "admin", "Secret12345");
    await holder.run("create table t (a int); begin; lock t");
    const { Id } = await call("ExecuteStatement", { SessionId, Sql: "insert into t values (1)" });
    expect(await status(SessionId)).toBe("BUSY");
    expect(await refusal(call("ExecuteStatement", { SessionId, Sql: "select 1" }))).toBe(
      `ValidationException Session is not available: it is BUSY with the statement ${Id}, and takes one at a time`,
    );
    await holder.run("commit");
    expect((await call("DescribeStatement", { Id, WaitTimeSeconds: 30 })).Status).toBe("FINISHED");
    expect(await status(SessionId)).toBe("AVAILABLE");
  });

  it("gives a statement whose answer was lost by its ClientToken, while it runs and afterwards", async () => {
    const SessionId = await open();
    const holder = await warehouse.login("dev", "admin", "Secret12345");
    await holder.run("create table t (a int); begin; lock t");
    const input = { SessionId, Sqls: ["insert into t values (1)", "select count(*) from t"], ClientToken: "load-1" };
    const { Id } = await call("BatchExecuteStatement", input);
    expect(await call("BatchExecuteStatement", input)).toMatchObject({ Id, SessionId });
    await holder.run("commit");
    await call("DescribeStatement", { Id, WaitTimeSeconds: 30 });
    expect(await call("BatchExecuteStatement", input)).toMatchObject({ Id, SessionId });
    expect((await call("GetStatementResult", { Id: `${Id}:2` })).Records).toEqual([[{ longValue: 1 }]]);
  });

  it("with a ClientToken is opened once", async () => {
    const input = { ...TARGET, Sql: "select 1", SessionKeepAliveSeconds: 60, ClientToken: "open", WaitTimeSeconds: 30 };
    const [one, two] = [await call("ExecuteStatement", input), await call("ExecuteStatement", input)];
    expect(two.SessionId).toBe(one.SessionId);
    expect((await call("ListSessions", {})).Sessions).toHaveLength(1);
  });

  it("closes when its seconds after the last statement are over", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    const SessionId = await open(60);
    await jest.advanceTimersByTimeAsync(59_000);
    await run({ SessionId, Sql: "select 1" });
    await jest.advanceTimersByTimeAsync(59_999);
    expect(await status(SessionId)).toBe("AVAILABLE");
    await jest.advanceTimersByTimeAsync(1);
    expect(await status(SessionId)).toBe("CLOSED");
    expect(await refusal(call("ExecuteStatement", { SessionId, Sql: "select 1" }))).toBe(
      "ValidationException Session is not available",
    );
    expect((await call("ListSessions", {})).Sessions).toEqual([]);
  });

  it("releases its locks and rolls back when it closes", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    const SessionId = await open(5);
    await run({ SessionId, Sql: "create table t (a int)" });
    await run({ SessionId, Sql: "begin" });
    await run({ SessionId, Sql: "insert into t values (1)" });
    await jest.advanceTimersByTimeAsync(5_000);
    const { Id } = await run({ ...TARGET, Sqls: ["lock t", "select count(*) from t"] });
    expect((await call("GetStatementResult", { Id: `${Id}:2` })).Records).toEqual([[{ longValue: 0 }]]);
  });

  it("says in its description what it is", async () => {
    const SessionId = await open(60);
    const { CreatedAt, UpdatedAt, SessionTtl, ...rest } = (await call("ListSessions", { SessionId })).Sessions[0];
    expect(rest).toEqual({
      SessionId,
      Status: "AVAILABLE",
      ClusterIdentifier: "wh",
      Database: "dev",
      SessionAliveSeconds: 60,
    });
    expect(SessionTtl - UpdatedAt).toBeCloseTo(60);
    expect(UpdatedAt).toBeGreaterThanOrEqual(CreatedAt);
  });
});

describe("a call for a session", () => {
  it.each([
    [{ Database: "dev" }, "ValidationException Database cannot be given with SessionId: the session has them."],
    [
      { ClusterIdentifier: "wh", SecretArn: secretArn("admin") },
      "ValidationException ClusterIdentifier, SecretArn cannot be given with SessionId: the session has them.",
    ],
    [
      { SessionKeepAliveSeconds: 86401 },
      "ValidationException SessionKeepAliveSeconds must be a whole number between 0 and 86400, got 86401",
    ],
  ])("with %p is refused: %s", async (more, message) => {
    const SessionId = await open();
    expect(await refusal(call("ExecuteStatement", { SessionId, Sql: "select 1", ...more }))).toBe(message);
  });

  it("that never was is refused by its id", async () => {
    const SessionId = "aaaaaaaa-0000-0000-0000-000000000000";
    expect(await refusal(call("ExecuteStatement", { SessionId, Sql: "select 1" }))).toBe(
      `ValidationException Session with Id: ${SessionId} is invalid`,
    );
    expect(await refusal(call("ListSessions", { SessionId }))).toBe(
      "ResourceNotFoundException Session does not exist.",
    );
  });

  it("of another is refused, whatever the caller may do, and so is one whose caller may not run statements there any more", async () => {
    const session = (name: string): Caller => ({ ...ROLE, arn: `arn:aws:sts::000000000000:assumed-role/${name}` });
    const owner = session("loader/one");
    fake.readers.add("ASIARUNNER");
    const action = `redshift-data:ExecuteStatement ${CLUSTER_ARN}`;
    fake.allowed.add(action);
    const { SessionId } = await call(
      "ExecuteStatement",
      { ...TARGET, Sql: "select 1", SessionKeepAliveSeconds: 60 },
      owner,
    );
    for (const other of [session("loader/two"), session("other/one")]) {
      expect(await refusal(call("ExecuteStatement", { SessionId, Sql: "select 1" }, other))).toBe(
        `AccessDeniedException User: ${other.arn} is not authorized to perform: redshift-data:ExecuteStatement on session ${SessionId}, which another identity opened`,
      );
    }
    fake.allowed.delete(action);
    expect(await refusal(call("ExecuteStatement", { SessionId, Sql: "select 1" }, owner))).toBe(
      `AccessDenied User: ${owner.arn} is not authorized to perform: redshift-data:ExecuteStatement on resource: ${CLUSTER_ARN}`,
    );
  });
});

it("names the query of the system views in a statement's description", async () => {
  const { RedshiftQueryId, RedshiftPid } = await run({ ...TARGET, Sql: "select 1" });
  const next = await run({ ...TARGET, Sql: "select pg_backend_pid()" });
  expect(next.RedshiftQueryId).toBeGreaterThan(RedshiftQueryId);
  expect((await call("GetStatementResult", { Id: next.Id })).Records).toEqual([[{ longValue: next.RedshiftPid }]]);
  expect(next.RedshiftPid).not.toBe(RedshiftPid);
});
