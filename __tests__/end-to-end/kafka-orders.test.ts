import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrate, type OpenWarehouse, openWarehouse } from "../../bench/orders/warehouse";
import { brokerErrors } from "../../lambda-src/kafka/errors";
import { KafkaCluster, kafkaStreams } from "../../local/kafka";
import { ensureKafka } from "../../local/setup/kafka";
import type { Streams } from "../../local/warehouse";

/**
 * Orders through the deployed handlers' own bundles, three real brokers with two in-sync replicas, and the materialized view; each part is killed in turn. The last word is the
 * brokers': what they hold is in the table, once.
 */
let folder: string;
let cluster: KafkaCluster;
let streams: Streams;
let open: OpenWarehouse;
const children: ChildProcess[] = [];

interface Produced {
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly renewedProducers: number;
}

const context = { getRemainingTimeInMillis: () => 100_000 };
const PRODUCE = path.resolve(".build", "lambda", "produce-orders", "index.js");

async function invoke<T>(name: string, event: unknown): Promise<T> {
  const { handler } = require(path.resolve(".build", "lambda", name, "index.js")) as {
    handler(event: unknown, context: unknown): Promise<T>;
  };
  return handler(event, context);
}
const produce = (orders: number) => invoke<Produced>("produce-orders", { orders_per_second: 0, orders });

/** Plain JavaScript. */
const { bundleProgram } = require("../../tools/bundle") as {
  bundleProgram(entry: string, name: string, options: object): string;
};

/** A process of a program of the test, started; resolves once it says so. */
async function start(program: string, ...args: readonly string[]): Promise<ChildProcess> {
  const file = bundleProgram(`__tests__/end-to-end/support/orders/${program}.ts`, `test/orders-${program}`, {
    packages: "external",
  });
  const child = spawn(process.execPath, [file, ...args], { env: process.env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout!, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Messages that the brokers hold. */
async function held(): Promise<number> {
  const schema = {
    name: "k",
    source: "kafka",
    authentication: "none",
    role: null,
    uri: cluster.bootstrap,
    clusterArn: null,
  } as const;
  const ranges = await (await streams.topic(schema, "orders")).ranges();
  return ranges.reduce((sum, { first, end }) => sum + Number(end - first), 0);
}

/** Waits until the view has what the brokers hold; answers how many that are. */
async function settled(): Promise<number> {
  for (;;) {
    try {
      const [[skipped]] = (await open.rows("SELECT COUNT(*) FROM sys_stream_scan_errors")) as [[number]];
      const [[count]] = (await open.rows("SELECT COUNT(*) FROM orders")) as [[number]];
      const all = await held();
      if (count + skipped >= all) return all;
    } catch {
      // A broker is being elected.
    }
    await sleep(200);
  }
}

/** Rows, and different places in the topic: no row twice. */
const countRows = () =>
  open.rows(
    "SELECT COUNT(*), COUNT(DISTINCT kafka_partition * 100000000 + kafka_offset), COUNT(DISTINCT CAST(data.order_id AS VARCHAR)) FROM orders",
  );

beforeAll(async () => {
  const parent = path.resolve(".build", "test");
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(path.join(tmpdir(), "orders-"));
  cluster = await KafkaCluster.start({
    setup: await ensureKafka(() => undefined),
    folder: path.join(folder, "kafka"),
    runFolder: folder,
    nodes: 3,
    configuration: {
      "min.insync.replicas": "2",
      "default.replication.factor": "3",
      "auto.create.topics.enable": "false",
    },
  });
  Object.assign(process.env, {
    BOOTSTRAP_SERVERS: cluster.bootstrap,
    TOPIC: "orders",
    ORDERS_PER_SECOND: "100",
    DURATION_SECONDS: "90",
  });
  const topic = { topic: "orders", partitions: 3, replicationFactor: 3, retentionHours: 672 };
  await invoke("apply-topic", topic);
  streams = kafkaStreams();
  open = await openWarehouse(folder, streams);
  await migrate(open, cluster.bootstrap, "orders");
}, 120_000);

afterAll(async () => {
  await Promise.all(children.map(kill));
  await open?.warehouses.close();
  await streams?.close();
  await cluster?.kill();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it("carries every acknowledged order into the view, once", async () => {
  const { acknowledged, unacknowledged } = await produce(20_000);
  expect([acknowledged, unacknowledged, await settled()]).toEqual([20_000, 0, 20_000]);
  expect(await countRows()).toEqual([[20_000, 20_000, 20_000]]);
});

it("loses and doubles nothing when one broker of three is killed and comes back", async () => {
  const before = await held();
  const running = produce(30_000);
  await sleep(500);
  await cluster.kill(1);
  await sleep(1000);
  await cluster.restart(1);
  const { acknowledged, unacknowledged, renewedProducers } = await running;
  expect([acknowledged, unacknowledged, renewedProducers]).toEqual([30_000, 0, 0]);
  const all = await settled();
  expect(all).toBe(before + 30_000);
  expect(await countRows()).toEqual([[all, all, all]]);
}, 120_000);

it("loses and doubles nothing when all brokers are killed at once and come back", async () => {
  const before = await held();
  const running = produce(30_000);
  await sleep(500);
  await cluster.kill();
  await cluster.restart();
  const { acknowledged, unacknowledged } = await running;
  expect([acknowledged, unacknowledged]).toEqual([30_000, 0]);
  const all = await settled();
  expect(all).toBeGreaterThanOrEqual(before + 30_000);
  const [[rows, places, orders]] = (await countRows()) as [[number, number, number]];
  expect([rows, places]).toEqual([all, all]);
  expect(orders).toBe(before + 30_000);
}, 150_000);

it("has what a killed producer had acknowledged, and no order twice", async () => {
  const before = await held();
  const [[, , ordersBefore]] = (await countRows()) as [[number, number, number]];
  const child = await start("produce", PRODUCE, JSON.stringify({ orders_per_second: 0, duration_seconds: 60 }));
  while ((await held()) < before + 5000) await sleep(50);
  await kill(child);
  const all = await settled();
  const [[rows, places, orders]] = (await countRows()) as [[number, number, number]];
  expect([rows, places, orders - ordersBefore]).toEqual([all, all, all - before]);
}, 90_000);

it("goes on where it stopped when the refresh is killed", async () => {
  const [[, , ordersBefore]] = (await countRows()) as [[number, number, number]];
  await open.warehouses.close();
  expect((await produce(30_000)).acknowledged).toBe(30_000);
  const child = await start("refresh", folder);
  // In the middle of its work, or before or after: what counts is what the next one finds.
  await sleep(700);
  await kill(child);
  open = await openWarehouse(folder, streams);
  const all = await settled();
  const [[rows, places, orders]] = (await countRows()) as [[number, number, number]];
  expect([rows, places, orders - ordersBefore]).toEqual([all, all, 30_000]);
}, 90_000);

it("goes past poison with a reason for each, and past what is longer than a view reads", async () => {
  const before = Number((await open.rows("SELECT COUNT(*) FROM orders"))[0]![0]);
  const { Admin, Producer } = await import("@platformatic/kafka");
  const client = { clientId: "poison", bootstrapBrokers: cluster.bootstrap.split(",") };
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(client);
  const send = (value: Buffer | undefined, key: Buffer | undefined = Buffer.from("k")) =>
    producer.send({
      acks: -1,
      messages: [{ topic: "orders", partition: 0, ...(key ? { key } : {}), ...(value ? { value } : {}) }],
    });
  const order = (id: string, note = "") =>
    Buffer.from(
      `{"order_id":"${id}","ordered_at":"2026-11-21T12:00:00.000","user_id":"ada","note":"${note}","items":[{"product_id":1,"quantity":1}]}`,
    );
  const huge = Buffer.alloc(15_000_000, "x");
  const refusal = (): Promise<readonly string[]> => send(huge).then(() => [], brokerErrors);
  expect(await refusal()).toEqual(["MESSAGE_TOO_LARGE"]);

  // 15 MB, as a topic may be set to take them, and more than Redshift reads.
  const admin = new Admin(client);
  const configs = [{ name: "max.message.bytes", configOperation: 0 as const, value: "20000000" }];
  await admin.incrementalAlterConfigs({ resources: [{ resourceType: 2, resourceName: "orders", configs }] });
  await admin.close();
  // Each broker learns of it in its own time.
  while ((await refusal()).includes("MESSAGE_TOO_LARGE")) await sleep(200);
  for (const value of [order("15 MB", "a".repeat(15_000_000)), Buffer.alloc(17_000_000, "x")]) {
    await send(value);
  }
  for (const value of [Buffer.from("no json"), Buffer.alloc(0), undefined]) await send(value);
  await producer.send({ acks: -1, messages: [{ topic: "orders", partition: 0, value: order("without-key") }] });
  await producer.close(true);
  await settled();

  expect(await open.rows("SELECT reason, COUNT(*) FROM order_rejects GROUP BY reason ORDER BY reason")).toEqual([
    ["empty value", 1],
    ["not JSON", 2],
    ["tombstone: a key without a value", 1],
  ]);
  expect(await open.rows("SELECT MAX(OCTET_LENGTH(unreadable)) FROM order_rejects")).toEqual([[15_000_000]]);
  expect(
    await open.rows(
      "SELECT order_id, product_id FROM order_items WHERE order_id IN ('15 MB', 'without-key') ORDER BY order_id",
    ),
  ).toEqual([
    ["15 MB", 1],
    ["without-key", 1],
  ]);
  expect(
    await open.rows("SELECT stream_name, mv_name, partition_id, error_reason FROM sys_stream_scan_errors"),
  ).toEqual([["orders", "orders", "0", "record is longer than 16777216 bytes and was skipped"]]);
  expect(Number((await open.rows("SELECT COUNT(*) FROM orders"))[0]![0])).toBe(before + 6);
}, 120_000);
