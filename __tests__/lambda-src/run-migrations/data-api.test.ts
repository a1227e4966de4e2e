import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { SqlFailure } from "../../../lambda-src/data-api/sql";
import { dataApi } from "../../../lambda-src/run-migrations/data-api";
import { OutOfTime } from "../../../lambda-src/run-migrations/errors";

const connection = { ClusterIdentifier: "c", Database: "d", SecretArn: "arn:admin" };

type Call = { readonly name: string; readonly input: Record<string, unknown> };
let calls: Call[];
let naps: number[];
let remaining: number;

/** The Data API with canned answers, one list a call. */
function sql(answers: Record<string, readonly object[]>) {
  calls = [];
  naps = [];
  const left = structuredClone(answers) as Record<string, object[]>;
  const client = {
    send: async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
      const name = command.constructor.name.replace("Command", "");
      calls.push({ name, input: command.input });
      const queue = left[name] ?? [{}];
      return queue.length > 1 ? queue.shift() : queue[0];
    },
  } as unknown as RedshiftDataClient;
  return dataApi(client, connection, { remaining: () => remaining }, async (milliseconds) => {
    naps.push(milliseconds);
    remaining -= milliseconds;
  });
}
const names = () => calls.map(({ name }) => name);

beforeEach(() => {
  remaining = 60_000;
});

describe("the Data API", () => {
  it("runs a transaction as one batch on the cluster, as the admin, under a token of its own", async () => {
    const api = sql({ BatchExecuteStatement: [{ Id: "1" }], DescribeStatement: [{ Status: "FINISHED" }] });
    await api.transaction("x", ["A", "B"]);
    await api.transaction("x", ["A", "B"]);
    const [first, , second] = calls;
    expect(first?.input).toEqual({
      ...connection,
      Sqls: ["A", "B"],
      ClientToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(second?.input.ClientToken).not.toBe(first?.input.ClientToken);
  });

  it("asks again and again, ever less often, until the statement has ended", async () => {
    const still = Array.from({ length: 7 }, () => ({ Status: "STARTED" }));
    await sql({
      BatchExecuteStatement: [{ Id: "1" }],
      DescribeStatement: [...still, { Status: "FINISHED" }],
    }).transaction("x", ["A"]);
    expect(naps).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  });

  it("gives the rows of every page, as text, NULL as null", async () => {
    const api = sql({
      ExecuteStatement: [{ Id: "1" }],
      DescribeStatement: [{ Status: "FINISHED" }],
      GetStatementResult: [
        { Records: [[{ stringValue: "a" }, { longValue: 1 }]], NextToken: "more" },
        { Records: [[{ isNull: true }, { booleanValue: false }]] },
      ],
    });
    expect(await api.rows("x", "SELECT")).toEqual([
      ["a", "1"],
      [null, "false"],
    ]);
    expect(calls.at(-1)?.input).toEqual({ Id: "1", NextToken: "more" });
  });

  it.each([
    [
      "its part of the batch",
      {
        Status: "FAILED",
        Error: "Query #2 failed with ERROR: no",
        SubStatements: [{ Status: "FINISHED" }, { Status: "FAILED", Error: "ERROR: no" }],
      },
      "ERROR: no",
      1,
    ],
    [
      "the batch's own words",
      { Status: "FAILED", Error: "Query #3 failed with ERROR: no" },
      "Query #3 failed with ERROR: no",
      2,
    ],
    ["no reason at all", { Status: "ABORTED" }, "the statement ended as ABORTED without a reason", undefined],
  ])("says which statement failed and why, from %s", async (_, described, message, statement) => {
    const failure = await sql({ BatchExecuteStatement: [{ Id: "1" }], DescribeStatement: [described] })
      .transaction("x", ["A", "B", "C"])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SqlFailure);
    expect(failure).toMatchObject({ message, statement });
  });

  it("cancels what runs when its time is over, and says what that was", async () => {
    remaining = 2500;
    const running = sql({
      BatchExecuteStatement: [{ Id: "1" }],
      DescribeStatement: [{ Status: "STARTED" }],
    }).transaction("applying 001_a.sql", ["A"]);
    await expect(running).rejects.toThrow(
      "out of time: applying 001_a.sql. It was cancelled; what was recorded before it stays. Apply again to go on, or raise timeoutSeconds (at most 899)",
    );
    expect(calls.at(-1)).toEqual({ name: "CancelStatement", input: { Id: "1" } });
  });

  it("submits nothing when there is no time left", async () => {
    remaining = 0;
    await expect(sql({}).transaction("x", ["A"])).rejects.toBeInstanceOf(OutOfTime);
    expect(names()).toEqual([]);
  });
});
