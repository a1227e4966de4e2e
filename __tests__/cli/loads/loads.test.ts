import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Health,
  linesOfHealth,
  linesOfPlan,
  linesOfReject,
  loaderOf,
  mustBeListed,
  problemsOf,
  type Reject,
  redrive,
  rejectsOf,
  replayOf,
  retry,
} from "../../../cli/loads";

// biome-ignore lint/suspicious/noExplicitAny: bodies of AWS's calls
type Json = any;

/** DynamoDB and SQS on the wire, as far as these commands call them. */
let server: Server;
let calls: { readonly action: string; readonly body: Json }[];
let answers: (action: string, body: Json) => Json;
let client: { readonly region: string; readonly endpoint: string; readonly credentials: Json };

beforeEach(async () => {
  calls = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const action = String(request.headers["x-amz-target"]).split(".")[1]!;
      const body = JSON.parse(Buffer.concat(chunks).toString());
      calls.push({ action, body });
      response.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify(answers(action, body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = { region: "us-east-1", endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const outputs = {
  loader_bucket: "files",
  loader_queue_url: "http://localhost:1/000000000000/load",
  loader_dead_letter_url: "http://localhost:1/000000000000/load-dead",
  loader_ledger: "ledger",
  loader_function: "load",
  loader_tables: "public.kpis,web.views",
  sweep_state_machine: "arn:sweep",
  replay_state_machine: "arn:replay",
  replay_function: "replay",
};

const item = (key: string, table = "kpis") => ({
  object: { S: `files/${key}` },
  version: { S: `version of ${key}` },
  table: { S: table },
  bytes: { N: "12" },
  sequencer: { S: "0A" },
  rejectedAt: { S: "2026-11-21T08:00:00.000Z" },
  reason: { M: { text: { S: "Invalid digit" }, line: { N: "3" }, column: { S: "value" } } },
});

async function all(filter?: Parameters<typeof rejectsOf>[2]): Promise<Reject[]> {
  const found: Reject[] = [];
  for await (const reject of rejectsOf(client, outputs, filter)) found.push(reject);
  return found;
}

describe("rejects", () => {
  it("are those of every table and of keys that name none, page after page", async () => {
    answers = (_, { ExpressionAttributeValues, ExclusiveStartKey }) => {
      const table = ExpressionAttributeValues[":table"].S;
      if (table !== "kpis") return { Items: table === "?" ? [item("no-slash.csv", "?")] : [] };
      return ExclusiveStartKey
        ? { Items: [item("kpis/b.csv")] }
        : { Items: [item("kpis/a.csv")], LastEvaluatedKey: { a: { S: "1" } } };
    };
    expect((await all()).map(({ object }) => object)).toEqual([
      "files/kpis/a.csv",
      "files/kpis/b.csv",
      "files/no-slash.csv",
    ]);
    expect(calls.map(({ body }) => body.ExpressionAttributeValues[":table"].S)).toEqual(["kpis", "kpis", "views", "?"]);
    expect(calls[0]!.body).toMatchObject({ TableName: "ledger", IndexName: "rejects" });
  });

  it("are chosen by table, by the start of their keys and by time", async () => {
    answers = () => ({ Items: [item("kpis/a.csv"), item("kpis/x/b.csv")] });
    const since = new Date("2026-11-21T07:00:00Z");
    expect((await all({ table: "kpis", prefix: "kpis/x/", since })).map(({ object }) => object)).toEqual([
      "files/kpis/x/b.csv",
    ]);
    expect(calls).toHaveLength(1);
    expect(calls[0]!.body.ExpressionAttributeValues).toEqual({
      ":table": { S: "kpis" },
      ":since": { S: "2026-11-21T07:00:00.000Z" },
    });
  });

  it("of a table that is not on the list are told from none", () => {
    expect(() => mustBeListed(outputs, "kpi")).toThrow(
      new Error('nothing of table "kpi" was set aside, and it is not on the list, which has kpis, views'),
    );
    for (const table of ["kpis", "?", undefined]) expect(() => mustBeListed(outputs, table)).not.toThrow();
  });

  it("give a terminal no control characters of a file's name or content", () => {
    const reject = { object: "files/kpis/a", version: "v", table: "kpis", bytes: 1, rejectedAt: "then" };
    expect(linesOfReject({ ...reject, reason: { text: "in s3://files/kpis/\u001b[2J\n: no" } })[1]).toBe(
      "    in s3://files/kpis/\\u001b[2J\\u000a: no",
    );
  });

  it("say where and why, and show a key so that no character of it is taken for another", async () => {
    answers = () => ({ Items: [item('kpis/"a"\n.csv')] });
    expect(linesOfReject((await all({ table: "kpis" }))[0]!)).toEqual([
      '2026-11-21T08:00:00.000Z  kpis  "kpis/\\"a\\"\\n.csv"  version version of kpis/"a"\n.csv',
      "    line 3, column value, Invalid digit",
    ]);
  });
});

describe("retry", () => {
  it("queues each reject with what the loader needs, ten to a call, and writes nothing to the ledger", async () => {
    answers = (action) =>
      action === "Query"
        ? { Items: Array.from({ length: 12 }, (_, n) => item(`kpis/${n}.csv`)) }
        : { Successful: [], Failed: [] };
    expect(await retry(client, outputs, { table: "kpis" })).toBe(12);
    expect(calls.map(({ action }) => action)).toEqual(["Query", "SendMessageBatch", "SendMessageBatch"]);
    const [first] = calls[1]!.body.Entries;
    expect(calls.slice(1).map(({ body }) => body.Entries.length)).toEqual([10, 2]);
    expect(JSON.parse(first.MessageBody)).toEqual({
      redstream: "object",
      bucket: "files",
      key: "kpis/0.csv",
      version: "version of kpis/0.csv",
      bytes: 12,
      sequencer: "0A",
      retry: true,
    });
  });

  it("says what was not taken, and that it can be run again", async () => {
    answers = (action) =>
      action === "Query"
        ? { Items: [item("kpis/a.csv")] }
        : { Successful: [], Failed: [{ Id: "0", Code: "X", Message: "throttled" }] };
    await expect(retry(client, outputs, { table: "kpis" })).rejects.toThrow(
      `1 of 1 messages were not taken by ${outputs.loader_queue_url}: throttled; run it again: what is queued twice is loaded once`,
    );
  });
});

describe("redrive", () => {
  it("moves what lies in the dead-letter queue to the loader's, wherever it came from, and starts nothing when it is empty", async () => {
    let waiting = "4";
    answers = (action, { QueueUrl }) =>
      action === "GetQueueAttributes"
        ? { Attributes: { QueueArn: `arn of ${QueueUrl}`, ApproximateNumberOfMessages: waiting } }
        : {};
    expect(await redrive(client, outputs)).toBe(4);
    expect(calls.at(-1)).toEqual({
      action: "StartMessageMoveTask",
      body: {
        SourceArn: `arn of ${outputs.loader_dead_letter_url}`,
        DestinationArn: `arn of ${outputs.loader_queue_url}`,
      },
    });
    waiting = "0";
    expect(await redrive(client, outputs)).toBe(0);
    expect(calls.at(-1)!.action).toBe("GetQueueAttributes");
  });
});

describe("a plan of a replay", () => {
  const plan = {
    table: "kpis",
    allowMissing: false,
    dryRun: true,
    hours: ["2026-11-21T08", "2026-11-21T09"],
    files: 1200,
    bytes: 3 * 1024 ** 3,
    restore: { files: 0, bytes: 0 },
    dollars: 1.234,
  };

  it("says hours, files, bytes, what Glacier takes and the cost with its source", () => {
    expect(linesOfPlan({ ...plan, restore: { files: 1, bytes: 100 } })).toEqual([
      "kpis: 2 hours with 1,200 files, 3.0 GB, from 2026-11-21T08 to 2026-11-21T09 (UTC)",
      "1 file of them (100 bytes) would be restored from Glacier first, which takes 3 to 12 hours",
      "about 1.23 US dollars (list prices of us-east-1 on 2026-11-21, aws.amazon.com/s3/pricing and aws.amazon.com/dynamodb/pricing: requests, and restoring from Glacier (standard tier); not the warehouse's own time)",
    ]);
  });

  it("says that nothing would change where there is nothing", () => {
    expect(linesOfPlan({ ...plan, hours: [], files: 0 })).toEqual([
      "kpis: no object in these hours; nothing would be loaded and no row replaced",
    ]);
  });
});

describe("the health of a table", () => {
  const at = new Date("2026-11-21T09:00:00Z");
  const health: Health = {
    table: "public.kpis",
    rows: 1234,
    timeColumn: "viewed_at",
    newestEvent: new Date("2026-11-21T08:59:00Z"),
    newestLoad: undefined,
    loadErrors: 0,
    rejects: 0,
    at,
  };

  it("is told in lines", () => {
    expect(linesOfHealth(health)).toEqual([
      "table         public.kpis",
      "rows          1,234",
      "newest event  2026-11-21 08:59:00 (60 s ago), by viewed_at",
      "newest load   none",
      "load errors   0 in the last hour",
      "set aside     0 files in the last hour",
    ]);
  });

  it("does not make up a number of files set aside where another stack's loader knows it", () => {
    const elsewhere = { ...health, rejects: undefined };
    expect(linesOfHealth(elsewhere).at(-1)).toBe("set aside     not known here: ask the stack of the loader");
    expect(problemsOf(elsewhere)).toEqual([]);
  });

  it.each<[string, Partial<Health>, number | undefined, string[]]>([
    ["nothing", {}, 60, []],
    ["no rows", { rows: 0 }, undefined, ["it has no rows"]],
    ["load errors", { loadErrors: 2 }, undefined, ["COPY told of 2 faults in the last hour"]],
    ["rejects", { rejects: 1 }, undefined, ["1 file set aside in the last hour"]],
    ["a lag", {}, 59, ["its newest event is 60 s old, more than 59"]],
    ["no time at all", { newestEvent: undefined }, 59, ["nothing says when its newest event was"]],
    ["a lag that nobody asked about", { newestEvent: undefined }, undefined, []],
  ])("finds %s wrong", (_, over, maxLag, problems) => {
    expect(problemsOf({ ...health, ...over }, maxLag)).toEqual(problems);
  });
});

describe("a stack without a loader", () => {
  const stacks = {
    "event-monitor": { user_delivery_stream: "d", event_bucket: "b" },
    "event-warehouse": { warehouse_tables: "public.events,public.utm" },
    "telemetry-warehouse": { processed_delivery_stream: "d", warehouse_table: "public.laps" },
  };

  it.each([
    ["event-monitor", "events.delivery"],
    ["event-warehouse", "events.delivery"],
    ["telemetry-warehouse", "warehouse.delivery"],
  ] as const)(
    "such as %s says in a line what to set for one, and why Firehose's rows cannot be replayed",
    (stack, setting) => {
      const target = { stack, outputs: stacks[stack] };
      expect(() => loaderOf(target)).toThrow(
        new Error(
          `${stack} has no loader: Amazon Data Firehose loads its tables; set ${setting} to "loader" and apply it`,
        ),
      );
      expect(() => replayOf(target)).toThrow(
        new Error(
          `${stack} cannot replay: rows that Amazon Data Firehose loads have no source_hour, by which those of an hour are replaced; set ${setting} to "loader" and apply it: what is loaded from then on can be replayed`,
        ),
      );
    },
  );

  it.each([loaderOf, replayOf])("is told where the loader of its tables is, or that it has no such tables", (of) => {
    const recorded = { warehouse_tables: "public.events", warehouse_loads: "redstream.loads" };
    expect(() => of({ stack: "event-warehouse", outputs: recorded })).toThrow(
      new Error("event-warehouse has no loader: that of its tables is in the stack of the streams; name event-monitor"),
    );
    expect(() => of({ stack: "telemetry-lake", outputs: { raw_bucket: "b", processed_delivery_stream: "d" } })).toThrow(
      new Error("telemetry-lake has no loader, and no table that files are loaded into"),
    );
  });
});
