import { Kafka, logLevel, type Producer } from "kafkajs";
import { clientOptions } from "../../lambda-src/kafka/client";
import { KafkaTopic } from "../../lambda-src/produce-orders/kafka-topic";
import { BATCH, Lane } from "../../lambda-src/produce-orders/lane";
import type { Message } from "../../lambda-src/produce-orders/topic";
import { interleaved, median, ratio } from "../measure";
import { type Section, times, whole } from "../table";
import { TOPIC, withBrokers } from "./brokers";

const ROUNDS = 9;
const MESSAGES = 60_000;
const BYTES = 1024;
/** Brokers and partitions: what a client can do at all, and the stacks' cluster and topic. */
const CLUSTERS: readonly (readonly [nodes: number, partitions: number])[] = [
  [1, 1],
  [3, 3],
];
const WAYS = ["kafkajs", "ours"] as const;

/** Messages a second of the clock, and of the client's processor time. */
interface Rates {
  readonly wall: number;
  readonly cpu: number;
}

interface Compared {
  readonly name: string;
  readonly rates: Readonly<Record<(typeof WAYS)[number], Rates>>;
  readonly faster: Rates;
}

/** The producer's way to a topic against kafkajs: both idempotent, acknowledged by all in-sync replicas, as many messages a request. */
export async function benchProducer(progress: (line: string) => void): Promise<Section> {
  const compared: Compared[] = [];
  for (const [nodes, partitions] of CLUSTERS) compared.push(await compare(nodes, partitions, progress));
  const [one] = compared;
  return {
    title: "Kafka producer",
    text: `${whole(MESSAGES)} messages of 1 KB to real brokers, ${ROUNDS} rounds. Both sides are idempotent and wait for all in-sync replicas (acks=all), and both send ${whole(BATCH)} messages or, if that is less, what fits into a broker's megabyte at a time, one request after the other; with three brokers a partition has three replicas, two of them in sync at least. The brokers work on the same cores, so that the rates by the clock hold their work too: the client's own part is the rate by CPU.`,
    head: ["brokers", "way", "messages a second", "messages a CPU-second of the client", "ratio"],
    rows: compared.flatMap(({ name, rates, faster }) => [
      [name, "kafkajs", whole(rates.kafkajs.wall), whole(rates.kafkajs.cpu), times(1)],
      [
        name,
        "lambda-src/produce-orders",
        whole(rates.ours.wall),
        whole(rates.ours.cpu),
        `${times(faster.wall)}, ${times(faster.cpu)} by CPU`,
      ],
    ]),
    goals: [
      {
        says: "on one partition at least 3 times kafkajs by the clock",
        got: times(one!.faster.wall),
        kept: one!.faster.wall >= 3,
      },
      {
        says: "at least 3 times kafkajs by the client's CPU, on one broker and on three",
        got: compared.map(({ faster }) => times(faster.cpu)).join(" and "),
        kept: compared.every(({ faster }) => faster.cpu >= 3),
      },
    ],
  };
}

async function compare(nodes: number, partitions: number, progress: (line: string) => void): Promise<Compared> {
  return withBrokers(nodes, partitions, progress, async (cluster) => {
    const kafka = new Kafka({
      clientId: "bench",
      brokers: cluster.bootstrap.split(","),
      logLevel: logLevel.NOTHING,
    });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    const topic = await KafkaTopic.open(clientOptions("bench", cluster.bootstrap, undefined), TOPIC);
    try {
      await producer.connect();
      const messages = Array.from({ length: MESSAGES }, (_, n) => ({
        key: Buffer.from(`{"order_id":"${n}"}`),
        value: Buffer.alloc(BYTES, "x"),
      }));
      // The same for both: what is compared is the way to the brokers.
      const byPartition: Message[][] = Array.from({ length: partitions }, () => []);
      for (const message of messages) byPartition[topic.partitionOf(message.key)]!.push(message);
      const kafkajs = timed(() => all(byPartition.map((part, n) => byKafkajs(producer, n, part))));
      const ours = timed(() => all(byPartition.map((part, n) => byLane(topic, n, part))));
      // The brokers' Java has not seen any of this yet.
      await kafkajs();
      await ours();
      const name = nodes === 1 ? "1, one partition" : `${nodes}, ${partitions} partitions`;
      progress(`producer: ${name}, ${ROUNDS} rounds of ${whole(MESSAGES)} messages`);
      const runs = await interleaved<Rates, (typeof WAYS)[number]>(ROUNDS, { kafkajs, ours });
      const of = (way: (typeof WAYS)[number], what: keyof Rates) => runs[way].map((rates) => rates[what]);
      const rates = (way: (typeof WAYS)[number]) => ({ wall: median(of(way, "wall")), cpu: median(of(way, "cpu")) });
      const faster = (what: keyof Rates) => ratio(of("ours", what), of("kafkajs", what));
      return {
        name,
        rates: { kafkajs: rates("kafkajs"), ours: rates("ours") },
        faster: { wall: faster("wall"), cpu: faster("cpu") },
      };
    } finally {
      await producer.disconnect();
      await topic.close();
    }
  });
}

const all = async (work: readonly Promise<void>[]) => void (await Promise.all(work));

const timed = (send: () => Promise<void>) => async (): Promise<Rates> => {
  const began = performance.now();
  const before = process.cpuUsage();
  await send();
  const { user, system } = process.cpuUsage(before);
  return { wall: MESSAGES / ((performance.now() - began) / 1000), cpu: MESSAGES / ((user + system) / 1e6) };
};

/** As many at a time as a lane sends: what is below a broker's megabyte. */
async function byKafkajs(producer: Producer, partition: number, messages: readonly Message[]): Promise<void> {
  const most = Math.min(BATCH, Math.floor(1_000_000 / (BYTES + 50)));
  for (let at = 0; at < messages.length; at += most) {
    const some = messages.slice(at, at + most).map(({ key, value }) => ({ key, value, partition }));
    await producer.send({ topic: TOPIC, acks: -1, messages: some });
  }
}

const byLane = (topic: KafkaTopic, partition: number, messages: readonly Message[]) =>
  new Promise<void>((resolve, reject) => {
    const lane: Lane = new Lane(topic, partition, {
      sleep: async () => undefined,
      late: () => true,
      moved: () => (lane.failure ? reject(lane.failure) : lane.waiting === 0 && resolve()),
    });
    for (const message of messages) lane.push(message);
    lane.start();
  });
