import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { Deployed } from "../../faults/deployed";
import { Workers } from "../../faults/workers";
import type { Gateway } from "../../local/gateway";
import { temporary } from "../support/programs";

const folder = temporary("workers");
const file = path.join(folder, "index.js");
writeFileSync(
  file,
  `let calls = 0;
exports.handler = async (event, context) => {
  calls++;
  if (event.fail) throw new RangeError("too far");
  if (event.hang) { require("node:fs").writeFileSync(event.hang, process.env.AWS_SDK_UA_APP_ID); await new Promise((resolve) => setTimeout(resolve, 60_000)); }
  return { calls, pid: process.pid, table: process.env.TABLE, key: process.env.AWS_ACCESS_KEY_ID, left: context.getRemainingTimeInMillis() > 0, home: process.env.HOME };
};`,
);
const OF: Deployed = {
  name: "load",
  file,
  handler: "handler",
  environment: { TABLE: "kpis" },
  roleArn: "arn:aws:iam::000000000000:role/r",
};

let workers: Workers;
beforeEach(() => {
  const credentials = async () => ({ accessKeyId: "AKIAROLE", secretAccessKey: "s", sessionToken: "t" });
  const aws = { folder, region: "us-east-1", as: () => ({ credentials }) };
  workers = new Workers({ aws, endpoint: "http://127.0.0.1:9" } as unknown as Gateway);
});
afterEach(() => workers.close());

// biome-ignore lint/suspicious/noExplicitAny: the handler above answers it
const answered = async (event: object): Promise<any> => {
  const outcome = await workers.invoke(OF, event);
  if (outcome.kind !== "answered") throw new Error(outcome.kind);
  return outcome.result;
};

it("runs the code in a process of its own, with the function's environment, its role's keys and no home of ours", async () => {
  const { pid, home, ...rest } = await answered({});
  expect(rest).toEqual({ calls: 1, table: "kpis", key: "AKIAROLE", left: true });
  expect(pid).not.toBe(process.pid);
  expect(home).toBe(path.join(folder, "home"));
});

it("uses a process again, and another beside one that is busy", async () => {
  const first = await answered({});
  expect(await answered({})).toMatchObject({ calls: 2, pid: first.pid });
  const [one, two] = await Promise.all([answered({}), answered({})]);
  expect(one.pid).not.toBe(two.pid);
});

it("tells of an error of the handler by its name and message, and goes on with it", async () => {
  expect(await workers.invoke(OF, { fail: true })).toEqual({ kind: "failed", message: "RangeError: too far" });
  expect(await answered({})).toMatchObject({ calls: 2 });
});

it("kills the process that sent a request, in the middle of its call; the next call gets another", async () => {
  const mark = path.join(folder, "mark");
  const call = workers.invoke(OF, { hang: mark });
  while (!existsSync(mark) || readFileSync(mark, "utf8") === "") await new Promise(setImmediate);
  expect(await workers.kill(readFileSync(mark, "utf8"))).toBe(true);
  expect(await call).toEqual({ kind: "killed" });
  expect(await workers.kill("w99")).toBe(false);
  expect(await answered({})).toMatchObject({ calls: 1 });
});
