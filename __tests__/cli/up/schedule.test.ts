import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Schedule, sumOfRuns } from "../../../cli/up/schedule";
import type { LocalAws } from "../../../local/gateway/types";

const run = (acknowledged: number) => JSON.stringify({ topic: "orders", acknowledged, unacknowledged: 0 });

it("sums what the runs say in the log of their function, by lines of text or of JSON, and nothing else of it", () => {
  expect(
    sumOfRuns([
      run(6000),
      JSON.stringify({ timestamp: "2026-11-21T12:00:00Z", level: "INFO", message: run(50) }),
      "START RequestId: 1",
      JSON.stringify({ level: "WARN", message: "200 acknowledged" }),
      "{",
    ]),
  ).toEqual({ runs: 2, acknowledged: 6050 });
});

describe("a schedule that is on", () => {
  let server: Server;
  let log: string[];
  let calls: string[];
  let aws: LocalAws;

  beforeEach(async () => {
    log = [run(100)];
    calls = [];
    server = createServer((request, response) => {
      request.resume();
      const target = String(request.headers["x-amz-target"] ?? "GetFunctionConfiguration")
        .split(".")
        .at(-1)!;
      if (target !== "FilterLogEvents") calls.push(target);
      const answers: Record<string, unknown> = {
        FilterLogEvents: { events: log.map((message) => ({ message })) },
        DescribeRule: { State: "ENABLED" },
        GetFunctionConfiguration: { Timeout: 120 },
      };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answers[target] ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    aws = { region: "us-east-1", internal: { region: "us-east-1", endpoint, credentials } } as unknown as LocalAws;
  });

  afterEach(() => server.close());

  it("is waited for, put off, waited for again until the brokers hold what its runs sent, and goes on", async () => {
    const schedule = new Schedule(aws, { producer_function: "f", producer_schedule: "r" });
    const by = { runs: 1, acknowledged: 100 };
    const { signal } = new AbortController();
    expect(await schedule.isOn()).toBe(true);
    const coming = schedule.comesRound(by, signal);
    setTimeout(() => log.push(run(40)), 300);
    await coming;
    // One run of two is under way: the brokers have its orders, the log says nothing of it yet.
    setTimeout(() => log.push(run(60)), 600);
    expect(await schedule.ends(by, async () => 200, signal)).toEqual({ runs: 2, acknowledged: 100 });
    await schedule.goesOn();
    expect(calls.filter((call) => call !== "GetFunctionConfiguration")).toEqual([
      "DescribeRule",
      "DisableRule",
      "EnableRule",
    ]);
  });

  it("is left alone when it was not put off", async () => {
    await new Schedule(aws, { producer_function: "f", producer_schedule: "r" }).goesOn();
    expect(calls).toEqual([]);
  });
});
