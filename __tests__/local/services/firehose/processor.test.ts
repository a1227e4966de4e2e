import { Clock } from "../../../../local/clock";
import type { Answer, Functions } from "../../../../local/services/firehose/ports";
import { failureLine, Processor } from "../../../../local/services/firehose/processor";
import type { Incoming } from "../../../../local/services/firehose/records";

const ARN = "arn:aws:lambda:us-east-1:123456789012:function:f:live";
const records: Incoming[] = ["one", "two", "three"].map((text, i) => ({
  id: `r${i}`,
  data: Buffer.from(text),
  arrivedAt: 1000 + i,
}));
const ok = (id: string, text = id) => ({ recordId: id, result: "Ok", data: Buffer.from(text).toString("base64") });
const answer = (...list: unknown[]): Answer => ({ payload: Buffer.from(JSON.stringify({ records: list })) });

let events: { recordId: string }[][];
let retried: number;
beforeEach(() => {
  events = [];
  retried = 0;
});

/** A processor whose function gives these answers one after the other, the last one for ever. */
function processor(answers: readonly (Answer | Error)[], retries = 3): Processor {
  const functions: Functions = {
    async invoke(arn, payload) {
      expect(arn).toBe(ARN);
      events.push(JSON.parse(payload.toString()).records);
      const next = answers[Math.min(events.length, answers.length) - 1]!;
      if (next instanceof Error) throw next;
      return next;
    },
  };
  const stream = { arn: "arn:stream", region: "us-east-1" };
  return new Processor({ lambdaArn: ARN, retries }, stream, functions, new Clock(1000), () => retried++);
}
const run = (answers: readonly (Answer | Error)[], retries?: number) =>
  processor(answers, retries).run(records, new AbortController().signal);
const failedWith = (code: string, message: string) =>
  records.map((record) => ({ record, errorCode: code, errorMessage: message }));
const named = (name: string, message = name) => Object.assign(new Error(message), { name });

describe("Processor", () => {
  it("sends every record with its arrival, and where it came from", async () => {
    const kinesis = { shardId: "s", partitionKey: "p", sequenceNumber: "7" };
    const one: Incoming = { ...records[0]!, kinesis };
    await processor([answer(ok("r0"))]).run([one], new AbortController().signal);
    expect(events[0]).toEqual([
      {
        recordId: "r0",
        approximateArrivalTimestamp: 1000,
        data: Buffer.from("one").toString("base64"),
        kinesisRecordMetadata: {
          sequenceNumber: "7",
          subsequenceNumber: 0,
          partitionKey: "p",
          shardId: "s",
          approximateArrivalTimestamp: 1000,
        },
      },
    ]);
  });

  it("sorts the records by result, in their order", async () => {
    const result = await run([
      answer(ok("r2", "3"), { recordId: "r1", result: "Dropped" }, { recordId: "r0", result: "ProcessingFailed" }),
    ]);
    expect(result).toEqual({
      ok: [{ data: Buffer.from("3"), arrivedAt: 1002 }],
      dropped: 1,
      failed: [
        {
          record: records[0],
          errorCode: "Lambda.ProcessingFailedStatus",
          errorMessage: "ProcessingFailed status set for record",
        },
      ],
      attempts: 1,
    });
  });

  it("invokes again after a failure, and what then succeeds is delivered", async () => {
    const result = await run([
      named("TooManyRequestsException"),
      { functionError: "Unhandled", payload: Buffer.from("{}") },
      answer(ok("r0"), ok("r1"), ok("r2")),
    ]);
    expect(result).toMatchObject({ attempts: 3, failed: [] });
    expect(result.ok).toHaveLength(3);
    expect(retried).toBe(2);
  });

  it.each([
    [named("AccessDeniedException", "no"), "Lambda.InvokeAccessDenied", "no"],
    [named("ResourceNotFoundException", "gone"), "Lambda.ResourceNotFound", "gone"],
    [named("TooManyRequestsException", "slow"), "Lambda.InvokeLimitExceeded", "slow"],
    [
      { functionError: "Unhandled", payload: Buffer.from('{"errorMessage":"boom"}') },
      "Lambda.FunctionError",
      'The Lambda function was successfully invoked but it returned an error result. {"errorMessage":"boom"}',
    ],
    [
      { functionError: "Unhandled", payload: Buffer.from('{"errorMessage":"Task timed out after 3.00 seconds"}') },
      "Lambda.FunctionTimedOut",
      "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
    ],
    [
      { payload: Buffer.alloc(6_291_457) },
      "Lambda.FunctionError",
      "Response payload size (6291457 bytes) exceeded maximum allowed payload size (6291456 bytes).",
    ],
  ])("gives all records up after the retries with %p", async (failure, code, message) => {
    expect(await run([failure as Answer | Error], 2)).toEqual({
      ok: [],
      dropped: 0,
      failed: failedWith(code, message),
      attempts: 3,
    });
  });

  it.each([
    [
      "a record id is missing",
      answer(ok("r0"), ok("r1")),
      "Lambda.MissingRecordId",
      "One or more record IDs were missing. Verify that the Lambda function returns all received record IDs.",
    ],
    [
      "a record id comes twice",
      answer(ok("r0"), ok("r1"), ok("r2"), ok("r2")),
      "Lambda.DuplicatedRecordId",
      "Multiple records with the same record ID were returned. Verify that the Lambda function returns unique record IDs for each record.",
    ],
    [
      "a record id is unknown",
      answer(ok("r0"), ok("r1"), ok("r2"), ok("r9")),
      "Lambda.InvalidRecordId",
      "The Lambda function returned record IDs that it did not receive.",
    ],
    [
      "the answer is no JSON",
      { payload: Buffer.from("oops") },
      "Lambda.JsonProcessingException",
      "There was an error parsing returned records from the Lambda function. Verify that the returned records follow the required status model.",
    ],
    [
      "the answer is null",
      { payload: Buffer.from("null") },
      "Lambda.JsonProcessingException",
      "There was an error parsing returned records from the Lambda function. Verify that the returned records follow the required status model.",
    ],
  ])("gives all records up at once when %s", async (_, given, code, message) => {
    expect(await run([given])).toEqual({ ok: [], dropped: 0, failed: failedWith(code, message), attempts: 1 });
  });

  it.each([
    [{ recordId: "r1", result: "Ok" }, "The Lambda function returned no base64 data for the record"],
    [{ recordId: "r1", result: "Ok", data: "*" }, "The Lambda function returned no base64 data for the record"],
    [
      { recordId: "r1", result: "Fine", data: "" },
      'The Lambda function returned the invalid result "Fine" for the record',
    ],
  ])("gives one record up for %j and delivers the others", async (bad, errorMessage) => {
    const result = await run([answer(ok("r0"), bad, ok("r2"))]);
    expect(result.ok).toHaveLength(2);
    expect(result.failed).toEqual([{ record: records[1], errorCode: "Lambda.JsonProcessingException", errorMessage }]);
  });

  it("keeps a failed record byte for byte in a line of its own", () => {
    const data = Buffer.from([0xff, 0x0a, 0x00]);
    const failure = { record: { id: "r", data, arrivedAt: 5 }, errorCode: "Lambda.X", errorMessage: "why" };
    expect(failureLine(failure, 4, 9, ARN)).toEqual({
      arrivedAt: 5,
      data: Buffer.from(
        `{"attemptsMade":4,"arrivalTimestamp":5,"errorCode":"Lambda.X","errorMessage":"why","attemptEndingTimestamp":9,"rawData":"/woA","lambdaArn":"${ARN}"}\n`,
      ),
    });
  });

  it("counts no less for a payload than the event takes", async () => {
    const kinesis = { shardId: "shardId-000000000000", partitionKey: "p".repeat(256), sequenceNumber: "4".repeat(56) };
    const one: Incoming = { id: "x".repeat(56), data: Buffer.alloc(100), arrivedAt: 1_700_000_000_000, kinesis };
    await processor([answer(ok(one.id))]).run([one], new AbortController().signal);
    expect(Processor.payloadOf(one)).toBeGreaterThanOrEqual(JSON.stringify(events[0]![0]).length);
  });
});
