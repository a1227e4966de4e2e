import type { Caller, Service } from "../../../../local/gateway/types";
import type { Warehouse, Warehouses } from "../../../../local/warehouse";
import { type FakeAws, ROLE, ROOT, refusal, request, secretArn } from "../redshift/fake-aws";
import { type Answer, CLUSTER_ARN, DataApi, TARGET } from "./data-api";

/** The Data API, by https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html and https://docs.aws.amazon.com/redshift-data/latest/APIReference/ */
let api: DataApi;
let fake: FakeAws;
let warehouses: Warehouses;
let warehouse: Warehouse;
let data: Service;

beforeEach(async () => {
  api = await DataApi.start();
  ({ fake, warehouses, warehouse, data } = api);
});
afterEach(async () => {
  await api.stop();
});

const call: DataApi["call"] = (...input) => api.call(...input);
const execute = (input: Record<string, unknown>): Promise<Answer> => api.run({ ...TARGET, ...input });

async function records(sql: string): Promise<unknown> {
  const { Id } = await execute({ Sql: sql });
  return (await call("GetStatementResult", { Id })).Records;
}

describe("a statement", () => {
  it("is taken first and runs by itself", async () => {
    const { Id, CreatedAt, ...taken } = await call("ExecuteStatement", { ...TARGET, Sql: "create table t (a int)" });
    expect(taken).toEqual({ ClusterIdentifier: "wh", Database: "dev", SecretArn: secretArn("admin") });
    expect(CreatedAt).toBeCloseTo(Date.now() / 1000, -2);
    expect((await call("DescribeStatement", { Id, WaitTimeSeconds: 30 })).Status).toBe("FINISHED");
  });

  it("answers typed values and what they are", async () => {
    const { Id } = await execute({
      Sql: "select 1 as i, 9223372036854775807 as l, 1.5::float8 as f, true as b, 'x' as s, 1.50::numeric(5,2) as n, null::int as z",
    });
    const { body } = await data.handle(
      request(JSON.stringify({ Id }), { "x-amz-target": "RedshiftData.GetStatementResult" }),
    );
    expect(String(body)).toContain('{"longValue":9223372036854775807}');
    const { Records, ColumnMetadata, TotalNumRows } = JSON.parse(String(body));
    expect(Records[0].filter((_: unknown, i: number) => i !== 1)).toEqual([
      { longValue: 1 },
      { doubleValue: 1.5 },
      { booleanValue: true },
      { stringValue: "x" },
      { stringValue: "1.50" },
      { isNull: true },
    ]);
    expect(ColumnMetadata.map((column: Answer) => [column.name, column.typeName])).toEqual([
      ["i", "int4"],
      ["l", "int8"],
      ["f", "float8"],
      ["b", "bool"],
      ["s", "varchar"],
      ["n", "numeric"],
      ["z", "int4"],
    ]);
    expect(TotalNumRows).toBe(1);
  });

  it("says how many rows it wrote", async () => {
    await execute({ Sql: "create table t (a int)" });
    expect(await execute({ Sql: "insert into t values (1), (2)" })).toMatchObject({
      Status: "FINISHED",
      ResultRows: 2,
      HasResultSet: false,
    });
  });

  it("that fails says why, as Redshift does", async () => {
    expect(await execute({ Sql: "select * from nosuch" })).toMatchObject({
      Status: "FAILED",
      Error: 'ERROR: relation "nosuch" does not exist',
      HasResultSet: false,
    });
  });

  it("has no result to get when it wrote, failed or is unknown", async () => {
    const none =
      "ResourceNotFoundException Query does not have result. Please check query status with DescribeStatement.";
    for (const Sql of ["create table t (a int)", "select nosuch"]) {
      expect(await refusal(call("GetStatementResult", { Id: (await execute({ Sql })).Id }))).toBe(none);
    }
    expect(await refusal(call("DescribeStatement", { Id: "00000000-0000-0000-0000-000000000000" }))).toBe(
      "ResourceNotFoundException Query does not exist.",
    );
  });

  it("is one statement", async () => {
    expect((await execute({ Sql: "select 1; select 2" })).Error).toBe(
      "ERROR: cannot insert multiple commands into a prepared statement",
    );
  });

  it("comes in pages when its result is large", async () => {
    const { Id } = await execute({ Sql: "select repeat('x', 60000) as a from generate_series(1, 40)" });
    let token: string | undefined;
    let rows = 0;
    let pages = 0;
    do {
      const page = await call("GetStatementResult", { Id, ...(token ? { NextToken: token } : {}) });
      rows += page.Records.length;
      pages++;
      token = page.NextToken;
    } while (token);
    expect([rows, pages]).toEqual([40, 3]);
  });

  it("may be cancelled while it waits, and not afterwards", async () => {
    await execute({ Sql: "create table t (a int)" });
    const holder = await warehouse.login("dev", "admin", "Secret12345");
    await holder.run("begin; lock t");
    const { Id } = await call("ExecuteStatement", { ...TARGET, Sql: "insert into t values (1)" });
    expect(await call("CancelStatement", { Id })).toEqual({ Status: true });
    expect(await call("DescribeStatement", { Id, WaitTimeSeconds: 30 })).toMatchObject({
      Status: "ABORTED",
      Error: "Query cancelled on user's request",
    });
    expect(await refusal(call("CancelStatement", { Id }))).toBe(
      `ValidationException Could not cancel a query that is already in ABORTED state with ID: ${Id}`,
    );
    await holder.close();
  });

  it("with a ClientToken runs once, however often it is sent", async () => {
    await execute({ Sql: "create table t (a int)" });
    const input = { ...TARGET, Sql: "insert into t values (1)", ClientToken: "once", WaitTimeSeconds: 30 };
    const [first, second] = [await call("ExecuteStatement", input), await call("ExecuteStatement", input)];
    expect(second.Id).toBe(first.Id);
    expect(await records("select count(*) from t")).toEqual([[{ longValue: 1 }]]);
    expect(await refusal(call("ExecuteStatement", { ...input, Sql: "select 1" }))).toBe(
      "ValidationException The ClientToken once has been used with other parameters.",
    );
  });

  it("is listed for the role that sent it", async () => {
    await execute({ Sql: "select 1", StatementName: "mine" });
    const { Statements } = await call("ListStatements", { StatementName: "mi" });
    expect(Statements).toMatchObject([
      { QueryString: "select 1", StatementName: "mine", Status: "FINISHED", IsBatchStatement: false },
    ]);
  });
});

describe("parameters", () => {
  const one = (value: string) => [{ name: "v", value }];

  it.each(["o'clock", "back\\slash", "'; drop table t; --", "$1", ":w"])("take %p as a value", async (value) => {
    const { Id } = await execute({ Sql: "select :v as x, ':v' as text, 1::int as cast -- :v", Parameters: one(value) });
    expect((await call("GetStatementResult", { Id })).Records).toEqual([
      [{ stringValue: value }, { stringValue: ":v" }, { longValue: 1 }],
    ]);
  });

  it("are cast to what they are compared with", async () => {
    await execute({ Sql: "create table t (a int)" });
    await execute({ Sql: "insert into t values (:v)", Parameters: one("7") });
    const { Id } = await execute({ Sql: "select a from t where a = :v", Parameters: one("7") });
    expect((await call("GetStatementResult", { Id })).Records).toEqual([[{ longValue: 7 }]]);
  });

  it.each([
    ["select :w", "Parameters list does not contain values for: [w]"],
    ["select 1", "Parameters list contains unused parameters. Unused parameters: [v]"],
  ])("must fit %p", async (sql, message) => {
    expect(await refusal(call("ExecuteStatement", { ...TARGET, Sql: sql, Parameters: one("1") }))).toBe(
      `ValidationException ${message}`,
    );
  });
});

describe("a batch", () => {
  beforeEach(() => execute({ Sql: "create table t (a int)" }));

  it("is one transaction with a result for each statement", async () => {
    const { Id, Status, SubStatements } = await execute({
      Sqls: ["insert into t values (1)", "select count(*) from t"],
    });
    expect([Status, SubStatements.map((part: Answer) => [part.Id, part.Status])]).toEqual([
      "FINISHED",
      [
        [`${Id}:1`, "FINISHED"],
        [`${Id}:2`, "FINISHED"],
      ],
    ]);
    expect((await call("GetStatementResult", { Id: `${Id}:2` })).Records).toEqual([[{ longValue: 1 }]]);
  });

  it("leaves nothing when one statement fails", async () => {
    const {
      Status,
      Error: error,
      SubStatements,
    } = await execute({ Sqls: ["insert into t values (1)", "insert into t values ('x')", "select 1"] });
    expect([Status, error]).toEqual(["FAILED", 'ERROR: invalid input syntax for type integer: "x"']);
    expect(SubStatements.map((part: Answer) => part.Status)).toEqual(["ABORTED", "FAILED", "ABORTED"]);
    expect(await records("select count(*) from t")).toEqual([[{ longValue: 0 }]]);
  });

  it.each([0, 41])("of %d statements is refused", async (count) => {
    expect(await refusal(call("BatchExecuteStatement", { ...TARGET, Sqls: Array(count).fill("select 1") }))).toBe(
      `ValidationException Sqls must hold between 1 and 40 statements, got ${count}`,
    );
  });
});

describe("a call", () => {
  it.each([
    [{ ClusterIdentifier: "other" }, "ValidationException Redshift endpoint doesn't exist in this region."],
    [{ Database: "other" }, 'ValidationException FATAL: database "other" does not exist'],
    [
      { SecretArn: secretArn("other") },
      `ValidationException Secrets Manager can't find the specified secret: ${secretArn("other")}`,
    ],
    [{ DbUser: "admin" }, "ValidationException SecretArn and DbUser cannot be given together."],
    [{ Database: undefined }, "ValidationException Database is required."],
    [{ ClusterIdentifier: undefined }, "ValidationException Either ClusterIdentifier or WorkgroupName must be given."],
    [
      { ClusterIdentifier: undefined, WorkgroupName: "w" },
      "ValidationException Redshift endpoint doesn't exist in this region.",
    ],
    [{ WithEvent: true }, "ValidationException WithEvent is not carried by the local Redshift Data API."],
    [{ Sql: "x".repeat(102401) }, "ValidationException The query string is too long: at most 102400 bytes, got 102401"],
    [{ Sql: 1 }, "SerializationException Sql must be a string"],
  ])("with %p is refused: %s", async (changes, message) => {
    expect(await refusal(call("ExecuteStatement", { ...TARGET, Sql: "select 1", ...changes }))).toBe(message);
  });

  it("with a secret whose password is wrong fails at the login", async () => {
    fake.secrets.set("admin", JSON.stringify({ username: "admin", password: "other" }));
    expect(await execute({ Sql: "select 1" })).toMatchObject({
      Status: "FAILED",
      Error: 'FATAL: password authentication failed for user "admin"',
    });
  });
});

describe("a statement of another", () => {
  const session = (name: string) => ({ ...ROLE, arn: `arn:aws:sts::000000000000:assumed-role/${name}` });
  const owner = session("runner/one");

  it.each(["DescribeStatement", "GetStatementResult", "CancelStatement"])(
    "may not be followed: %s is for the session that submitted it, and for root",
    async (action) => {
      for (const arn of [CLUSTER_ARN, "*"]) {
        for (const each of ["ExecuteStatement", action]) fake.allowed.add(`redshift-data:${each} ${arn}`);
      }
      fake.readers.add("ASIARUNNER");
      const { Id } = await call("ExecuteStatement", { ...TARGET, Sql: "select 1", WaitTimeSeconds: 30 }, owner);
      for (const other of [session("runner/two"), session("other/one")]) {
        expect(await refusal(call(action, { Id }, other))).toBe(
          `AccessDeniedException User: ${other.arn} is not authorized to perform: redshift-data:${action} on statement ${Id}, which another identity submitted`,
        );
      }
      const followed = (caller: Caller) =>
        call(action, { Id }, caller).then(Object.keys, (error: Error) => error.message);
      expect(await followed(owner)).toEqual(await followed(ROOT));
    },
  );
});

describe("a role", () => {
  const input = { Sql: "select current_user", WaitTimeSeconds: 30 };

  it("may run a statement with a secret when it may call the API on the cluster and read the secret", async () => {
    expect(await refusal(call("ExecuteStatement", { ...TARGET, ...input }, ROLE))).toBe(
      `AccessDenied User: ${ROLE.arn} is not authorized to perform: redshift-data:ExecuteStatement on resource: ${CLUSTER_ARN}`,
    );
    fake.allowed.add(`redshift-data:ExecuteStatement ${CLUSTER_ARN}`);
    expect(await refusal(call("ExecuteStatement", { ...TARGET, ...input }, ROLE))).toBe(
      "AccessDeniedException ASIARUNNER is not authorized to perform: secretsmanager:GetSecretValue",
    );
    fake.readers.add("ASIARUNNER");
    expect((await call("ExecuteStatement", { ...TARGET, ...input }, ROLE)).Status).toBe("FINISHED");
  });

  it("without a secret is its own database user, which may do nothing at first", async () => {
    fake.allowed.add(`redshift-data:ExecuteStatement ${CLUSTER_ARN}`);
    fake.allowed.add("redshift:GetClusterCredentialsWithIAM arn:aws:redshift:us-east-1:000000000000:dbname:wh/dev");
    const own = { ...TARGET, SecretArn: undefined };
    const { Id, DbUser } = await call(
      "ExecuteStatement",
      { ...own, Sql: "create user x password disable", WaitTimeSeconds: 30 },
      ROLE,
    );
    expect(DbUser).toBe("IAMR:runner");
    expect((await call("DescribeStatement", { Id })).Error).toBe("ERROR: must be superuser to create users");
  });

  it("with a database user needs GetClusterCredentials on that user and the database", async () => {
    const own = { ...TARGET, SecretArn: undefined, DbUser: "admin" };
    await call("ExecuteStatement", { ...own, ...input });
    expect(fake.asked).toEqual([
      `redshift-data:ExecuteStatement ${CLUSTER_ARN}`,
      "redshift:GetClusterCredentials arn:aws:redshift:us-east-1:000000000000:dbuser:wh/admin",
      "redshift:GetClusterCredentials arn:aws:redshift:us-east-1:000000000000:dbname:wh/dev",
    ]);
  });
});

it("lists databases, schemas, tables and columns", async () => {
  await execute({
    Sqls: [
      "create schema s",
      "create table s.t (a int not null default 3, b varchar(9))",
      "create view v as select a from s.t",
    ],
  });
  expect((await call("ListDatabases", TARGET)).Databases).toEqual(["dev"]);
  expect((await call("ListSchemas", TARGET)).Schemas).toEqual(["public", "s"]);
  expect((await call("ListTables", { ...TARGET, MaxResults: 1 })).Tables).toEqual([
    { name: "v", schema: "public", type: "VIEW" },
  ]);
  expect((await call("ListTables", { ...TARGET, SchemaPattern: "s" })).Tables).toEqual([
    { name: "t", schema: "s", type: "TABLE" },
  ]);
  const { ColumnList } = await call("DescribeTable", { ...TARGET, Schema: "s", Table: "t" });
  expect(
    ColumnList.map((column: Answer) => [
      column.name,
      column.typeName,
      column.length,
      column.nullable,
      column.columnDefault,
    ]),
  ).toEqual([
    ["a", "int4", 0, 0, "3"],
    ["b", "varchar", 9, 1, undefined],
  ]);
});

describe("a Serverless workgroup", () => {
  const WORKGROUP_ARN = "arn:aws:redshift-serverless:us-east-1:000000000000:workgroup/2b0e";
  const on = { ClusterIdentifier: undefined, WorkgroupName: "wg" };
  beforeEach(() => warehouses.workgroups.set("wg", { arn: WORKGROUP_ARN, warehouse }));

  it("is asked by its name, and answers name it", async () => {
    const { Id, WorkgroupName } = await call("ExecuteStatement", { ...TARGET, ...on, Sql: "select 1 as one" });
    expect(WorkgroupName).toBe("wg");
    const described = await call("DescribeStatement", { Id, WaitTimeSeconds: 30 });
    expect(described).toMatchObject({ Status: "FINISHED", WorkgroupName: "wg" });
    expect(described).not.toHaveProperty("ClusterIdentifier");
  });

  it("needs redshift-serverless:GetCredentials on its ARN for the caller's own identity", async () => {
    fake.allowed.add(`redshift-data:ExecuteStatement ${WORKGROUP_ARN}`);
    const own = { ...TARGET, ...on, SecretArn: undefined, Sql: "select 1 as one" };
    await expect(call("ExecuteStatement", own, ROLE)).rejects.toThrow(
      `User: ${ROLE.arn} is not authorized to perform: redshift-serverless:GetCredentials on resource: ${WORKGROUP_ARN}`,
    );
    fake.allowed.add(`redshift-serverless:GetCredentials ${WORKGROUP_ARN}`);
    expect(await call("ExecuteStatement", own, ROLE)).toMatchObject({ DbUser: "IAMR:runner" });
  });

  it.each([
    [{ ClusterIdentifier: "wh" }, "ClusterIdentifier and WorkgroupName cannot be given together."],
    [{ SecretArn: undefined, DbUser: "admin" }, "DbUser cannot be given with WorkgroupName."],
  ])("refuses %j beside it", async (beside, message) => {
    await expect(call("ExecuteStatement", { ...TARGET, ...on, Sql: "select 1", ...beside })).rejects.toThrow(message);
  });
});
