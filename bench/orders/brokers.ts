import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { KafkaCluster } from "../../local/kafka";
import { ensureKafka } from "../../local/setup/kafka";

export const TOPIC = "orders";

/** What a function of the stacks answers, called as it is deployed. */
export async function invoke<T>(name: string, event: unknown): Promise<T> {
  const { handler } = require(path.resolve(".build", "lambda", name, "index.js")) as {
    handler(event: unknown, context: unknown): Promise<T>;
  };
  return handler(event, { getRemainingTimeInMillis: () => 900_000 });
}

/** Runs `work` with real brokers and a topic `orders` on them, made by the stack's own function; all of it is gone afterwards. */
export async function withBrokers<T>(
  nodes: number,
  partitions: number,
  progress: (line: string) => void,
  work: (cluster: KafkaCluster, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-orders-"));
  mkdirSync(folder, { recursive: true });
  try {
    const cluster = await KafkaCluster.start({
      setup: await ensureKafka(progress),
      folder: path.join(folder, "kafka"),
      runFolder: folder,
      nodes,
      configuration: {
        "default.replication.factor": "3",
        "min.insync.replicas": "2",
        "auto.create.topics.enable": "false",
      },
    });
    for (const line of cluster.changes) progress(line);
    try {
      // The functions' environment, which the stacks fill.
      Object.assign(process.env, {
        BOOTSTRAP_SERVERS: cluster.bootstrap,
        TOPIC,
        ORDERS_PER_SECOND: "100",
        DURATION_SECONDS: "840",
      });
      await invoke("apply-topic", {
        topic: TOPIC,
        partitions,
        replicationFactor: Math.min(nodes, 3),
        retentionHours: 672,
      });
      return await work(cluster, folder);
    } finally {
      await cluster.kill();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
