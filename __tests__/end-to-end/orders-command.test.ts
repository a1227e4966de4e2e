import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { jsonCall } from "../../local/json-call";
import { liveRuns } from "../../local/runs/runs";
import { TEST_KEYS } from "../../local/setup/environment";
import { temporary } from "../support/programs";
import { redstream, type Started } from "./support/command";

jest.setTimeout(300_000);

const ORDERS = 2000;
let up: Started;
let producer: string;
/** Messages that the brokers held when it had settled. */
let held: number;

/** What the schedule sends each minute. */
const SCHEDULED = { enableTrigger: true, producers: 2, ordersPerSecond: 50, durationSeconds: 2 };

/** Tests of this file ask one run of `npm start -- orders` with one broker and the schedule on, which stays up. */
beforeAll(async () => {
  const settings = path.join(temporary("settings"), "redstream.json");
  writeFileSync(settings, JSON.stringify({ orders: SCHEDULED }));
  up = redstream(["up", "orders", "--messages", String(ORDERS), "--brokers", "1", "--keep"], {
    env: { ...process.env, REDSTREAM_SETTINGS: settings },
  });
  await up.says(/Ctrl-C ends it/);
  const { record } = liveRuns(".").find((run) => run.record.owner.pid === up.pid)!;
  const { outputs } = record.applied!["orders-producer"]!;
  producer = outputs.producer_function as string;
  held = Number(/^brokers +held ([\d,]+)/m.exec(up.stdout)![1]!.replaceAll(",", ""));
  // The schedule goes on while it stays up; what is counted below holds still.
  const caller = { region: record.region!, endpoint: record.endpoint!, credentials: TEST_KEYS };
  await jsonCall(caller, "events", "AWSEvents.DisableRule", { Name: outputs.producer_schedule });
}, 600_000);

afterAll(async () => {
  if (up?.code !== undefined) return;
  up?.signal("SIGINT");
  await up?.ended;
});

describe("npm start -- orders", () => {
  it("carries each order through broker and view to its items, and shows what was sold most", () => {
    expect(up.stdout.split("\n").filter((line) => line.startsWith("NO  "))).toEqual([]);
    expect(up.stdout).toMatch(/^It adds up, after [\d.]+ s\.$/m);
    expect(up.stdout).toMatch(/^producers +runs \d+ · acknowledged 2,000$/m);
    expect(up.stdout).toMatch(/^brokers +held [\d,]+ · partition 0 \d+ · partition 1 \d+ · partition 2 \d+$/m);
    expect(up.stdout).toContain("The ten products sold most:");
  });

  it("counts what the applied schedule sends, beside what it has the function send itself", () => {
    const [, runs, acknowledged] = /^schedule +runs (\d+) · acknowledged ([\d,]+)$/m.exec(up.stdout)!;
    // The clock decides how often it came round.
    expect([Number(runs) > 0, Number(runs) % SCHEDULED.producers]).toEqual([true, 0]);
    expect(Number(acknowledged!.replaceAll(",", ""))).toBe(held - ORDERS);
    expect(up.stdout).toContain("ok  the schedule that is on began its producers, which sent orders\n");
  });

  it("says what one broker in place of three changes", () => {
    expect(up.said).toContain("topic orders has replication factor 1 instead of 3");
    expect(up.said).toContain("default.replication.factor is 1 instead of 3");
    expect(up.said).toContain("min.insync.replicas is 1 instead of 2");
  });
});

describe("redstream invoke", () => {
  const invoke = (event: object) => {
    const file = path.join(temporary("event"), "event.json");
    writeFileSync(file, JSON.stringify(event));
    return redstream(["invoke", producer, "orders-producer", "--event", file]).ended;
  };

  it("runs the deployed function with the event, and shows what it answers", async () => {
    const { code, stdout } = await invoke({ orders: 50, orders_per_second: 0, seed: "invoked" });
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      topic: "orders",
      acknowledged: 50,
      unacknowledged: 0,
    });
    const topics = await redstream(["topics", "orders-infra", "--last", "0"]).ended;
    // Topic, partition, leader, messages.
    const messages = [...topics.stdout.matchAll(/^orders\W+\d+\W+1\W+(\d+)\W/gm)].map(([, count]) => Number(count));
    expect(messages).toHaveLength(3);
    expect(messages.reduce((sum, count) => sum + count, 0)).toBe(held + 50);
  });

  it("says in a line why the function failed, and ends with exit code 1", async () => {
    const { code, stdout, stderr } = await invoke({ orders: "many" });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      `redstream: ${producer} failed: produce-orders: orders must be a whole number from 1 to 100000000, got "many"`,
    );
  });
});
