import { Kafka, logLevel } from "kafkajs";
import { clientOptions } from "../../lambda-src/kafka/client";
import { KafkaTopic } from "../../lambda-src/produce-orders/kafka-topic";
import { BATCH, Lane } from "../../lambda-src/produce-orders/lane";
import { interleaved, median, ratio } from "../measure";
import { type Section, times, whole } from "../table";
import { TOPIC, withBrokers } from "./brokers";

const ROUNDS = 7;
const MESSAGES = 60_000;
const BYTES = 1024;
const KAFKAJS_BATCH = 500;

interface Rates {
  readonly wall: number;
  readonly cpu: number;
}

/** The producer's way to one partition against kafkajs, one broker, acknowledged by all in-sync replicas, 1 KB a message. */
export async function benchProducer(progress: (line: string) => void): Promise<Section> {
  return withBrokers(1, 1, progress, async (cluster) => {
    const kafka = new Kafka({ clientId: "bench", brokers: [cluster.bootstrap], logLevel: logLevel.ERROR });
    const producer = kafka.producer();
    await producer.connect();
    const topic = await KafkaTopic.open(clientOptions("bench", cluster.bootstrap, undefined), TOPIC);
    const messages = Array.from({ length: MESSAGES }, (_, n) => ({
      key: Buffer.from(`{"order_id":"${n}"}`),
      value: Buffer.alloc(BYTES, "x"),
    }));
    const timed = (send: () => Promise<void>) => async (): Promise<Rates> => {
      const began = performance.now();
      const before = process.cpuUsage();
      await send();
      const { user, system } = process.cpuUsage(before);
      return { wall: MESSAGES / ((performance.now() - began) / 1000), cpu: MESSAGES / ((user + system) / 1e6) };
    };
    const theirs = timed(async () => {
      for (let at = 0; at < MESSAGES; at += KAFKAJS_BATCH) {
        await producer.send({ topic: TOPIC, acks: -1, messages: messages.slice(at, at + KAFKAJS_BATCH) });
      }
    });
    const ours = timed(
      () =>
        new Promise<void>((resolve, reject) => {
          const lane: Lane = new Lane(topic, 0, {
            sleep: async () => undefined,
            late: () => true,
            moved: () => (lane.failure ? reject(lane.failure) : lane.waiting === 0 && resolve()),
          });
          for (const message of messages) lane.push(message);
          lane.start();
        }),
    );
    try {
      // The broker's Java has not seen any of this yet.
      await theirs();
      await ours();
      progress(`producer, ${ROUNDS} rounds of ${MESSAGES} messages`);
      const runs = await interleaved<Rates, "kafkajs" | "ours">(ROUNDS, { kafkajs: theirs, ours });
      const of = (name: "kafkajs" | "ours", what: keyof Rates) => runs[name].map((rates) => rates[what]);
      const [wall, cpu] = (["wall", "cpu"] as const).map((what) => ratio(of("ours", what), of("kafkajs", what)));
      const row = (name: "kafkajs" | "ours") => [whole(median(of(name, "wall"))), whole(median(of(name, "cpu")))];
      return {
        title: "Kafka producer",
        text: `${MESSAGES.toLocaleString("en-US")} messages of 1 KB to one partition of a real broker, acks=all. kafkajs sends ${KAFKAJS_BATCH} at a time and is not idempotent; ours is, and sends ${BATCH} at a time. The broker works on the same cores, so that the rates by the clock hold its work too.`,
        head: ["way", "messages a second", "messages a CPU-second of the client", "ratio"],
        rows: [
          ["kafkajs", ...row("kafkajs"), times(1)],
          ["lambda-src/produce-orders", ...row("ours"), `${times(wall!)}, ${times(cpu!)} by CPU`],
        ],
        goals: [{ says: "at least 3 times kafkajs", got: times(wall!), kept: wall! >= 3 }],
      };
    } finally {
      await producer.disconnect();
      await topic.close();
    }
  });
}
