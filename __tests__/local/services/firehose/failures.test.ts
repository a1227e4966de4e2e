import type { LocalAws, Service } from "../../../../local/gateway/types";
import type { Answer } from "../../../../local/services/firehose/ports";
import { createFirehose } from "../../../../local/services/firehose/service";
import { callFirehose } from "./call";
import { FakeWorld, fakeAws, ROLE, until } from "./fakes";

/** A function that goes wrong in every way: what each record becomes, and what the meter and the log say of it. */

let world: FakeWorld;
let aws: LocalAws;
let service: Service;
beforeEach(() => {
  world = new FakeWorld();
  aws = fakeAws();
  service = createFirehose(aws, world);
});
afterEach(async () => {
  await service.close?.();
});

const create = () =>
  callFirehose(service, "CreateDeliveryStream", {
    DeliveryStreamName: "raw",
    ExtendedS3DestinationConfiguration: {
      RoleARN: ROLE,
      BucketARN: "arn:aws:s3:::bucket",
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
      ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
      Prefix: "raw/!{timestamp:yyyy}/",
      CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "g", LogStreamName: "s" },
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: "Lambda",
            Parameters: [
              { ParameterName: "LambdaArn", ParameterValue: "arn:aws:lambda:us-east-1:1:function:f:live" },
              { ParameterName: "NumberOfRetries", ParameterValue: "2" },
            ],
          },
        ],
      },
    },
  });
const SENT = Array.from({ length: 200 }, (_, i) => `${i}\xff\r\n`);
const put = () =>
  callFirehose(service, "PutRecordBatch", {
    DeliveryStreamName: "raw",
    Records: SENT.map((text) => ({ Data: Buffer.from(text, "latin1").toString("base64") })),
  });
const settled = () => until(() => service.pending?.() === 0);
const counts = (...events: string[]) => Object.fromEntries(events.map((e) => [e, aws.meter.read("firehose:raw", e)]));
const errorLines = () =>
  [...world.objects]
    .filter(([key]) => key.startsWith("bucket/errors/processing-failed/"))
    .flatMap(([, body]) => body.toString().trim().split("\n"))
    .map((line) => JSON.parse(line));

const answer = (records: unknown): Answer => ({ payload: Buffer.from(JSON.stringify({ records })) });
const okAll = (records: readonly { recordId: string; data: string }[]) =>
  records.map((record) => ({ ...record, result: "Ok" }));
const failed = (payload: string): Answer => ({ functionError: "Unhandled", payload: Buffer.from(payload) });

type Transform = FakeWorld["transform"];
const WAYS: [string, Transform, { code: string; attempts: number }][] = [
  ["throws", () => failed('{"errorMessage":"boom"}'), { code: "Lambda.FunctionError", attempts: 3 }],
  [
    "times out",
    () => failed('{"errorMessage":"2026-01-01 Task timed out after 60.00 seconds"}'),
    { code: "Lambda.FunctionTimedOut", attempts: 3 },
  ],
  [
    "is throttled",
    () => {
      throw Object.assign(new Error("slow"), { name: "TooManyRequestsException" });
    },
    { code: "Lambda.InvokeLimitExceeded", attempts: 3 },
  ],
  [
    "answers more than 6 MB",
    () => ({ payload: Buffer.alloc(6 * 1024 * 1024 + 1, "x") }),
    { code: "Lambda.FunctionError", attempts: 3 },
  ],
  [
    "answers fewer records",
    (records) => answer(okAll(records).slice(1)),
    { code: "Lambda.MissingRecordId", attempts: 1 },
  ],
  [
    "answers unknown ids beside the known",
    (records) => answer([...okAll(records), { recordId: "x", result: "Ok", data: "" }]),
    { code: "Lambda.InvalidRecordId", attempts: 1 },
  ],
  [
    "answers unknown ids in place of the known",
    (records) => answer(okAll(records).map((record) => ({ ...record, recordId: `x${record.recordId}` }))),
    { code: "Lambda.MissingRecordId", attempts: 1 },
  ],
  ["answers nothing", () => answer([]), { code: "Lambda.MissingRecordId", attempts: 1 }],
  [
    "answers no status model",
    () => ({ payload: Buffer.from('"ok"') }),
    { code: "Lambda.JsonProcessingException", attempts: 1 },
  ],
];

describe("a function that", () => {
  it.each(WAYS)(
    "%s loses nothing: every record lies under the error prefix",
    async (_, transform, { code, attempts }) => {
      world.transform = transform;
      await create();
      await put();
      await settled();
      const lines = errorLines();
      expect(lines.map(({ rawData }) => Buffer.from(rawData, "base64").toString("latin1"))).toEqual(SENT);
      expect(new Set(lines.map((line) => `${line.errorCode} ${line.attemptsMade}`))).toEqual(
        new Set([`${code} ${attempts}`]),
      );
      expect(counts("received", "processing_failed", "delivered", "transformed", "retried", `error ${code}`)).toEqual({
        received: 200,
        processing_failed: 200,
        delivered: 0,
        transformed: 0,
        retried: attempts - 1,
        [`error ${code}`]: 1,
      });
      expect(world.logged.map(({ message }) => message.errorCode)).toEqual([code]);
    },
  );

  it.each(WAYS.filter(([, , { attempts }]) => attempts > 1))(
    "%s once delivers everything at the next invocation",
    async (_, transform) => {
      const well = world.transform;
      let calls = 0;
      world.transform = (records) => (calls++ === 0 ? transform(records) : well(records));
      await create();
      await put();
      await settled();
      expect(counts("received", "processing_failed", "delivered", "retried")).toEqual({
        received: 200,
        processing_failed: 0,
        delivered: 200,
        retried: 1,
      });
      expect([...world.objects.values()].map((body) => body.toString("latin1")).join("")).toBe(SENT.join(""));
    },
  );
});
