import { statSync } from "node:fs";
import * as path from "node:path";
import type { FirehoseTransformationEvent } from "aws-lambda";
import { handler } from "../../../lambda-src/transform-telemetry";

const event = (...data: string[]): FirehoseTransformationEvent => ({
  invocationId: "i",
  deliveryStreamArn: "arn",
  region: "us-east-1",
  records: data.map((text, i) => ({
    recordId: `r${i}`,
    approximateArrivalTimestamp: 1,
    data: Buffer.from(text).toString("base64"),
  })),
});
const GOOD = '{"fuel_consumption":2,"lap_time":3}';

beforeEach(() => {
  jest.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe("the transform-telemetry handler", () => {
  it("answers every recordId once, in order, the bad ones with their data untouched", async () => {
    const given = event(GOOD, "not json\r\n", GOOD);
    expect(await handler(given)).toEqual({
      records: [
        { recordId: "r0", result: "Ok", data: Buffer.from(`${GOOD.slice(0, -1)},"EXTRA2":6}\n`).toString("base64") },
        { recordId: "r1", result: "ProcessingFailed", data: given.records[1]?.data },
        { recordId: "r2", result: "Ok", data: Buffer.from(`${GOOD.slice(0, -1)},"EXTRA2":6}\n`).toString("base64") },
      ],
    });
  });

  it("logs how many records failed for which reason, and none of their data", async () => {
    await handler(event("secret", "secret", "{}", GOOD));
    expect(console.warn).toHaveBeenCalledTimes(1);
    expect(console.warn).toHaveBeenCalledWith({
      message: "records failed",
      invocationId: "i",
      records: 4,
      failures: { "not a JSON object": 2, "fuel_consumption is not a number": 1 },
    });
  });

  it("logs nothing when every record is good", async () => {
    await handler(event(GOOD, GOOD));
    expect(console.warn).not.toHaveBeenCalled();
  });

  it("answers an empty batch with an empty batch", async () => {
    expect(await handler(event())).toEqual({ records: [] });
  });

  it("answers with at most 48 characters a record more than it was asked with", async () => {
    const records = Array.from({ length: 1000 }, () => '{"fuel_consumption":1.7976931348623157e-308,"lap_time":1.1}');
    const given = event(...records);
    const sum = (of: readonly { data?: string }[]) => of.reduce((total, { data }) => total + (data?.length ?? 0), 0);
    const answer = await handler(given);
    expect(answer.records.every((record) => record.result === "Ok")).toBe(true);
    expect(sum(answer.records) - sum(given.records)).toBeLessThanOrEqual(48 * 1000);
  });

  it("is at most 4 KB when bundled", () => {
    const bundle = path.join(__dirname, "../../../.build/lambda/transform-telemetry/index.js");
    expect(statSync(bundle).size).toBeLessThanOrEqual(4096);
  });
});
