import { failedOf } from "../../faults/queue";
import { commits, copies, type Rule, records, Spoiler } from "../../faults/spoiler";
import { workerOf } from "../../faults/workers";
import type { SeenRequest } from "../../local/gateway/intercept";

const request = (service: string, action: string, body: object = {}, agent = "aws-sdk-js/3 app/w7"): SeenRequest => ({
  service,
  action,
  headers: { "user-agent": agent },
  body: Buffer.from(JSON.stringify(body)),
  accessKeyId: "k",
});
const worker = (seen: SeenRequest) => ({ ...seen, worker: "w7" });

describe("rules", () => {
  const drop = (matches: Rule["matches"], times = 1): Rule => ({
    when: "before",
    times,
    matches,
    act: () => ({ kind: "drop" }),
  });

  it("are for workers' requests alone, and only as often as they say", async () => {
    const spoiler = new Spoiler();
    spoiler.arm([drop(() => true)]);
    const own = request("dynamodb", "PutItem");
    expect(await spoiler.before({ ...own, headers: { "user-agent": "terraform" } })).toBeUndefined();
    expect(await spoiler.before(own)).toEqual({ kind: "drop" });
    expect(await spoiler.before(own)).toBeUndefined();
    expect(spoiler.fired).toBe(1);
    expect([...spoiler.requests]).toEqual([["dynamodb PutItem", 2]]);
  });

  it("end when others are armed", async () => {
    const spoiler = new Spoiler();
    spoiler.arm([drop(() => true, 5)]);
    spoiler.arm([]);
    expect(await spoiler.before(request("s3", "GET /b/k"))).toBeUndefined();
    expect(spoiler.fired).toBe(0);
  });
});

it.each([
  ["ExecuteStatement", { Sql: "COPY t FROM 's3://b/k'" }, [true, false]],
  ["BatchExecuteStatement", { Sqls: ["CREATE TEMPORARY TABLE s (LIKE t)", " copy s FROM 's3://b/k'"] }, [true, false]],
  [
    "BatchExecuteStatement",
    { Sqls: ["LOCK TABLE t", "INSERT INTO t SELECT 1", "INSERT INTO l SELECT 1"] },
    [false, true],
  ],
  ["BatchExecuteStatement", { Sqls: ["LOCK TABLE t", "INSERT INTO l SELECT 1"] }, [false, false]],
  ["ExecuteStatement", { Sql: "SELECT 'COPY t'" }, [false, false]],
  ["DescribeStatement", { Id: "COPY" }, [false, false]],
])("%s of %j is a COPY, moves rows: %j", (action, body, expected) => {
  const seen = worker(request("redshift-data", action, body));
  expect([copies(seen), commits(seen)]).toEqual(expected);
});

it("writing to the ledger that something is loaded is told from a claim", () => {
  const put = (state: string) => worker(request("dynamodb", "PutItem", { Item: { state: { S: state } } }));
  expect([records(put("loaded")), records(put("loading"))]).toEqual([true, false]);
});

it.each([
  ["aws-sdk-js/3.1 ua/2.1 app/w12 m/E", "w12"],
  ["aws-sdk-js/3.1 ua/2.1", undefined],
])("the worker behind the user agent %p is %p", (agent, id) => {
  expect(workerOf({ "user-agent": agent })).toBe(id);
});

describe("a partial answer", () => {
  const messages = [{ MessageId: "a" }, { MessageId: "b" }];

  it.each([
    [{ batchItemFailures: [{ itemIdentifier: "b" }] }, ["b"]],
    [{ batchItemFailures: [] }, []],
    [null, []],
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: then all of the batch has failed.
    [{ batchItemFailures: [{ itemIdentifier: "no such" }] }, ["a", "b"]],
    [{ batchItemFailures: [{ itemIdentifier: "" }] }, ["a", "b"]],
  ])("%j gives back %j", (result, failed) => {
    expect([...failedOf(result, messages)]).toEqual(failed);
  });
});
