import { setTimeout as sleep } from "node:timers/promises";
import { kafkaStreams } from "../../local/kafka";
import { type Section, seconds, times, whole } from "../table";
import { invoke, TOPIC, withBrokers } from "./brokers";
import { migrate, openWarehouse } from "./warehouse";

/** The article's run: 840,000 messages in about 30 minutes. */
export const ARTICLE = { messages: 840_000, seconds: 1800 };
const PRODUCERS = 5;

interface Produced {
  readonly acknowledged: number;
  readonly unacknowledged: number;
}

/** Messages from the producer's own handler through three brokers into the materialized view, to the last one. */
export async function benchMillion(messages: number, progress: (line: string) => void): Promise<Section> {
  return withBrokers(3, 3, progress, async (cluster, folder) => {
    const streams = kafkaStreams();
    const open = await openWarehouse(folder, streams);
    const { warehouses, session } = open;
    const one = async (sql: string) => (await session.run(sql)).rows[0]!.map(Number);
    try {
      await migrate(open, cluster.bootstrap, TOPIC);
      progress(`${whole(messages)} messages by ${PRODUCERS} producers`);
      const began = performance.now();
      const share = Math.ceil(messages / PRODUCERS);
      const results = await Promise.all(
        Array.from({ length: PRODUCERS }, (_, n) => {
          const orders = Math.min(share, messages - n * share);
          return invoke<Produced>("produce-orders", { orders_per_second: 0, orders });
        }),
      );
      const produced = (performance.now() - began) / 1000;
      const schema = {
        name: "bench",
        source: "kafka",
        authentication: "none",
        role: null,
        uri: cluster.bootstrap,
        clusterArn: null,
      } as const;
      const ranges = await (await streams.topic(schema, TOPIC)).ranges();
      const held = ranges.reduce((sum, { first, end }) => sum + Number(end - first), 0);
      while ((await one("SELECT COUNT(*) FROM orders"))[0]! < held) await sleep(100);
      const took = (performance.now() - began) / 1000;
      progress(`all in the view after ${seconds(took)}; counting`);
      const [rows, places, ids] = await one(
        "SELECT COUNT(*), COUNT(DISTINCT kafka_partition * 100000000 + kafka_offset), COUNT(DISTINCT CAST(data.order_id AS VARCHAR)) FROM orders",
      );
      const [sent] = await one("SELECT SUM(GET_ARRAY_LENGTH(data.items)) FROM orders");
      const [items] = await one("SELECT COUNT(*) FROM order_items");
      const acknowledged = results.reduce((sum, result) => sum + result.acknowledged, 0);
      const faster = ARTICLE.seconds / ARTICLE.messages / (took / messages);
      const all = [acknowledged, held, rows!, places!, ids!];
      return {
        title: "Orders",
        text: `${whole(messages)} messages from ${PRODUCERS} runs of the producer's handler, as fast as the brokers take them, through three Kafka brokers (replication 3, two in-sync replicas) into the materialized view, which refreshes meanwhile. The article's run: ${whole(ARTICLE.messages)} in about 30 minutes.`,
        head: ["what", "count", "messages a second", "after"],
        rows: [
          ["acknowledged to the producers", whole(acknowledged), whole(acknowledged / produced), seconds(produced)],
          ["held by the brokers", whole(held), "", ""],
          ["rows of the view", whole(rows!), whole(rows! / took), seconds(took)],
          ["rows of order_items", whole(items!), "", ""],
          ["the article", whole(ARTICLE.messages), whole(ARTICLE.messages / ARTICLE.seconds), seconds(ARTICLE.seconds)],
        ],
        goals: [
          {
            says: "none lost, none doubled: acknowledged, held, rows, places in the topic and order ids are the same",
            got: all.map(whole).join(", "),
            kept: all.every((count) => count === messages),
          },
          { says: "order_items has the items sent", got: `${whole(items!)} of ${whole(sent!)}`, kept: items === sent },
          { says: "at least 10 times faster than the article's", got: times(faster), kept: faster >= 10 },
        ],
      };
    } finally {
      await warehouses.close();
      await streams.close();
    }
  });
}
