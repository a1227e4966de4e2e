import { Clock } from "../../../../local/clock";
import type { AwsRequest, LocalAws } from "../../../../local/gateway/types";
import { createKinesisAnalytics } from "../../../../local/services/kinesisanalytics";

/** The control plane, by https://docs.aws.amazon.com/kinesisanalytics/latest/dev/API_Operations.html; each action has its page there. */
let asked: string[];
let call: (action: string, input?: object) => Promise<{ ApplicationDetail: { CreateTimestamp: number } }>;
beforeEach(() => {
  asked = [];
  const service = createKinesisAnalytics({
    region: "us-east-1",
    accountId: "000000000000",
    clock: new Clock(1),
    authorize: async (_: unknown, action: string, resource: string) => void asked.push(`${action} ${resource}`),
  } as unknown as LocalAws);
  call = async (action, input = {}) => {
    const headers = { "x-amz-target": `KinesisAnalytics_20150814.${action}` };
    const body = Buffer.from(JSON.stringify(input));
    return JSON.parse(String((await service.handle({ headers, body } as unknown as AwsRequest)).body));
  };
});

const ARN = "arn:aws:kinesisanalytics:us-east-1:000000000000:application/laps";
const LAPS = {
  ApplicationName: "laps",
  ApplicationCode: "SELECT STREAM 1",
  Inputs: [
    {
      NamePrefix: "in",
      InputSchema: { RecordColumns: [] },
      KinesisFirehoseInput: { ResourceARN: "arn:raw", RoleARN: "arn:role" },
    },
  ],
  Outputs: [
    {
      Name: "OUT",
      DestinationSchema: { RecordFormatType: "CSV" },
      KinesisFirehoseOutput: { ResourceARN: "arn:processed", RoleARN: "arn:role" },
    },
  ],
  Tags: [{ Key: "a", Value: "1" }],
};

describe("a SQL application", () => {
  it("is kept as it was made, ready and never running", async () => {
    await call("CreateApplication", LAPS);
    expect(asked).toEqual([`kinesisanalytics:CreateApplication ${ARN}`, "iam:PassRole arn:role"]);
    const { ApplicationDetail } = await call("DescribeApplication", { ApplicationName: "laps" });
    expect(ApplicationDetail).toMatchObject({
      ApplicationARN: ARN,
      ApplicationStatus: "READY",
      ApplicationVersionId: 1,
      InputDescriptions: [
        {
          InputId: "1.1",
          NamePrefix: "in",
          InAppStreamNames: ["in_001"],
          KinesisFirehoseInputDescription: { ResourceARN: "arn:raw", RoleARN: "arn:role" },
        },
      ],
      OutputDescriptions: [
        { OutputId: "2.1", Name: "OUT", KinesisFirehoseOutputDescription: { ResourceARN: "arn:processed" } },
      ],
    });
    await expect(call("StartApplication", { ApplicationName: "laps" })).rejects.toThrow(
      "Application laps is not run here: AWS runs no SQL application any more",
    );
  });

  it("is deleted by who knows when it was made", async () => {
    await call("CreateApplication", LAPS);
    await expect(call("DeleteApplication", { ApplicationName: "laps", CreateTimestamp: 1 })).rejects.toThrow(
      "CreateTimestamp is not that of application laps",
    );
    const { ApplicationDetail } = await call("DescribeApplication", { ApplicationName: "laps" });
    const { CreateTimestamp } = ApplicationDetail;
    await call("DeleteApplication", { ApplicationName: "laps", CreateTimestamp });
    await expect(call("DescribeApplication", { ApplicationName: "laps" })).rejects.toThrow(
      "Application laps does not exist",
    );
  });

  it("takes new code for the version that is there, and nothing else", async () => {
    await call("CreateApplication", LAPS);
    const update = (version: number, change: object) =>
      call("UpdateApplication", {
        ApplicationName: "laps",
        CurrentApplicationVersionId: version,
        ApplicationUpdate: change,
      });
    await update(1, { ApplicationCodeUpdate: "SELECT STREAM 2" });
    await expect(update(1, { ApplicationCodeUpdate: "x" })).rejects.toThrow(
      "CurrentApplicationVersionId must be 2, got 1",
    );
    await expect(update(2, { InputUpdates: [] })).rejects.toThrow(
      "InputUpdates is not carried here: delete and create again",
    );
    expect(await call("DescribeApplication", { ApplicationName: "laps" })).toMatchObject({
      ApplicationDetail: { ApplicationCode: "SELECT STREAM 2", ApplicationVersionId: 2 },
    });
  });

  it("keeps its tags", async () => {
    await call("CreateApplication", LAPS);
    await call("TagResource", { ResourceARN: ARN, Tags: [{ Key: "b", Value: "2" }] });
    await call("UntagResource", { ResourceARN: ARN, TagKeys: ["a"] });
    expect(await call("ListTagsForResource", { ResourceARN: ARN })).toEqual({ Tags: [{ Key: "b", Value: "2" }] });
  });

  it.each([
    ["CreateApplication", { ...LAPS, ApplicationName: "two laps" }, "ApplicationName must be 1 to 128 letters"],
    ["CreateApplication", { ...LAPS, ApplicationCode: "x".repeat(102_401) }, "at most 102400 bytes"],
    [
      "CreateApplication",
      { ...LAPS, Inputs: [{ NamePrefix: "in" }] },
      "An input needs NamePrefix, InputSchema and one of",
    ],
    ["DiscoverInputSchema", {}, "KinesisAnalytics_20150814.DiscoverInputSchema is not carried here"],
  ])("%s refuses what AWS or this service does not take", async (action, input, message) => {
    await expect(call(action, input)).rejects.toThrow(message);
  });
});
