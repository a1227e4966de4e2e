import type { Context, SQSEvent, SQSRecord } from "aws-lambda";
import { handler } from "../../../lambda-src/load-objects";
import { handler as replay } from "../../../lambda-src/replay";
import { KPIS } from "../load/world";

const ENV = {
  AWS_REGION: "us-east-1",
  BUCKET: "files",
  LEDGER_TABLE: "ledger",
  TABLES: JSON.stringify([KPIS]),
  WORKGROUP_NAME: "w",
  DATABASE: "d",
  COPY_ROLE: "default",
  IGNORED_PREFIXES: '["errors/"]',
};
const context = { awsRequestId: "request", getRemainingTimeInMillis: () => 300_000 } as Context;
const event = (...bodies: string[]): SQSEvent => ({
  Records: bodies.map((body, index) => ({ messageId: `m${index}`, body }) as SQSRecord),
});
const before = process.env;
let lines: string[];

beforeEach(() => {
  lines = [];
  process.env = { ...before, ...ENV };
  for (const level of ["info", "warn"] as const)
    jest.spyOn(console, level).mockImplementation((...line: unknown[]) => {
      lines.push(`${level} ${line[0]}`);
    });
});
afterEach(() => {
  process.env = before;
  jest.restoreAllMocks();
});

const ignored = JSON.stringify({ redstream: "object", bucket: "files", key: "errors/x", version: "v", bytes: 1 });

describe("the loader", () => {
  it("names the messages that must come again, by the ids that SQS gave them", async () => {
    expect(await handler(event("x", ignored, "{}"), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: "m0" }, { itemIdentifier: "m2" }],
    });
  });

  it("logs one line of counts, as a warning when something must come again", async () => {
    await handler(event("x", ignored), context);
    await handler(event(ignored), context);
    expect(lines).toEqual([
      'warn {"message":"load","messages":2,"unreadable":1,"ignored":1,"again":1,"notes":["message m0 tells of no object: it is neither S3\'s event nor one of ours"]}',
      'info {"message":"load","messages":1,"ignored":1,"again":0,"notes":[]}',
    ]);
  });

  it("fails as a whole when its environment is wrong, so that nothing is acknowledged", async () => {
    process.env = { ...before, ...ENV, TABLES: "" };
    await expect(handler(event(ignored), context)).rejects.toThrow("set TABLES in the function's environment");
  });
});

it("a replay step of another name is refused", async () => {
  await expect(replay({ step: "wipe" } as never, context)).rejects.toThrow(
    'step must be plan, restore, status or load, got "wipe"',
  );
});
