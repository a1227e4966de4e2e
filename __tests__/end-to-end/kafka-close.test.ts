import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { localBrokers } from "../../local/services/kafka";

const folder = mkdtempSync(path.join(tmpdir(), "closing-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Processes that name the folder. */
const processes = () =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(folder) && line.includes("kafka.Kafka"));

it("ends brokers that are only starting when the local AWS stops, and starts none after it", async () => {
  const brokers = localBrokers({ folder });
  const wanted = { arn: "arn:c/1", name: "c", nodes: 2, kafkaVersion: "3.9.x.kraft", serverProperties: "" };
  const outcome = brokers.apply(wanted).then(
    () => "started",
    (error: Error) => error.message,
  );
  while (processes().length === 0) await sleep(50);
  await brokers.close();
  expect(await outcome).toContain("the Kafka broker ended while it started");
  expect(processes()).toEqual([]);
  await expect(brokers.apply(wanted)).rejects.toThrow("the Kafka brokers were stopped before they had started");
  expect(processes()).toEqual([]);
}, 120_000);
