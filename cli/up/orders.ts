import { setTimeout as sleep } from "node:timers/promises";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { OrderGenerator } from "../../lambda-src/events/order-generator";
import type { LocalAws } from "../../local/gateway/types";
import { kafkaStreams } from "../../local/kafka";
import { invoke } from "../invoke";
import { CommandError } from "../problem";
import { query, tableOf, type Warehouse, type WarehouseOutputs, warehouseOf } from "../query";
import type { Runs, Schedule, ScheduleOutputs } from "./schedule";
import type { Check, Summary } from "./summary";

/** Outputs of `orders-infra` and `orders-producer`. */
export interface OrdersOutputs extends WarehouseOutputs, ScheduleOutputs {
  readonly kafka_bootstrap_servers: string;
  readonly kafka_topic: string;
}

/** What a run of the producer's function answers. */
interface Produced {
  readonly acknowledged: number;
  readonly unacknowledged: number;
}

/** Orders that a run of the producer made of a seed: the first so many of it, since a run with any that was not acknowledged has failed. */
interface Made {
  readonly seed: string;
  readonly orders: number;
}

export interface SentOrders {
  readonly acknowledged: number;
  readonly unacknowledged: number;
  /** Runs of the function that it took. */
  readonly runs: number;
  readonly made: readonly Made[];
  /** What the applied schedule had sent beside these, where it is on. */
  readonly scheduled?: Runs;
  /** From the first order until the view had the last. */
  readonly seconds: number;
}

/** As many producers at once as the article's schedule has targets. */
const PRODUCERS = 5;
const LOOK_MS = 250;
/** Milliseconds without a new message in the view after which nobody waits any longer: what it skips, or a refresh that fails, comes to no end by itself. */
const STALLED_MS = 180_000;

/**
 * Orders by as many runs of the deployed function as there are producers, then waits until the view has what the brokers hold. A schedule that is on is waited for until it has come
 * round, and put off until it is told to go on: what is counted must hold still.
 */
export async function sendOrders(
  aws: LocalAws,
  outputs: OrdersOutputs,
  schedule: Schedule,
  options: {
    readonly records: number;
    /** Orders a second of all producers together; 0 is as fast as the brokers take them. */
    readonly rate: number;
    readonly seed: number;
    readonly signal: AbortSignal;
    readonly progress: (line: string) => void;
  },
): Promise<SentOrders> {
  const { records, rate, seed, signal, progress } = options;
  const lambda = new LambdaClient({ ...aws.internal, maxAttempts: 1 });
  const producers = Math.min(PRODUCERS, records);
  const began = performance.now();
  const results = await Promise.all(
    Array.from({ length: producers }, (_, n) =>
      produceShare(lambda, outputs.producer_function, {
        orders: Math.floor(records / producers) + (n < records % producers ? 1 : 0),
        rate: rate === 0 ? 0 : Math.max(1, Math.round(rate / producers)),
        seed: `${seed}-${n}`,
        signal,
      }),
    ),
  );
  const sum = (what: "acknowledged" | "unacknowledged" | "runs") =>
    results.reduce((total, result) => total + result[what], 0);
  progress(`${sum("acknowledged").toLocaleString("en-US")} orders acknowledged to ${producers} producers`);
  const scheduled = await waitFor(schedule, { runs: sum("runs"), acknowledged: sum("acknowledged") }, outputs, options);
  const warehouse = warehouseOf(outputs)!;
  const held = total(await heldByBrokers(outputs));
  let came = performance.now();
  for (let before = -1; ; ) {
    const rows = await one(aws, warehouse, "SELECT COUNT(*) FROM orders");
    if (rows >= held) break;
    if (rows !== before) came = performance.now();
    if (performance.now() - came > STALLED_MS) {
      throw new CommandError(
        `the view orders has ${rows} of ${held} messages and got none for ${STALLED_MS / 60_000} minutes: run it again with --keep, and ask sys_stream_scan_states and sys_stream_scan_errors by redstream query what was skipped or fails`,
      );
    }
    if (signal.aborted) throw new CommandError("stopped before every order had arrived");
    if (rows !== before) progress(`${rows.toLocaleString("en-US")} of ${held.toLocaleString("en-US")} in the view`);
    before = rows;
    await sleep(LOOK_MS);
  }
  return {
    acknowledged: sum("acknowledged"),
    unacknowledged: sum("unacknowledged"),
    runs: sum("runs"),
    made: results.flatMap(({ made }) => made),
    ...(scheduled ? { scheduled } : {}),
    seconds: (performance.now() - began) / 1000,
  };
}

/** What the schedule's own runs sent; undefined where it is off. */
async function waitFor(
  schedule: Schedule,
  own: Runs,
  outputs: OrdersOutputs,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (line: string) => void },
): Promise<Runs | undefined> {
  if (!(await schedule.isOn())) return undefined;
  progress("the schedule is on: waiting for what it sends, which takes a minute and as long as its producers send");
  await schedule.comesRound(own, signal);
  const scheduled = await schedule.ends(own, async () => total(await heldByBrokers(outputs)), signal);
  progress(
    `${scheduled.acknowledged.toLocaleString("en-US")} orders acknowledged to ${scheduled.runs} producers of the schedule`,
  );
  return scheduled;
}

/** One producer's orders: as many runs as it takes, since each ends when its set time is over, as a schedule would begin the next. */
async function produceShare(
  lambda: LambdaClient,
  name: string,
  share: { readonly orders: number; readonly rate: number; readonly seed: string; readonly signal: AbortSignal },
): Promise<Produced & { readonly runs: number; readonly made: readonly Made[] }> {
  const made: Made[] = [];
  let acknowledged = 0;
  let run = 0;
  for (; acknowledged < share.orders && !share.signal.aborted; run++) {
    const seed = `${share.seed}-${run}`;
    const event = { orders: share.orders - acknowledged, orders_per_second: share.rate, seed };
    const result = (await invoke(lambda, name, JSON.stringify(event), { alias: "live" })) as Produced;
    if (result.acknowledged === 0) throw new CommandError(`${name} sent nothing: its log says why`);
    acknowledged += result.acknowledged;
    made.push({ seed, orders: result.acknowledged });
  }
  return { acknowledged, unacknowledged: 0, runs: run, made };
}

/** Items of the orders that were made of these seeds: what order_items must have, known without asking the brokers or the warehouse. */
export function itemsMade(made: readonly Made[]): number {
  let items = 0;
  for (const { seed, orders } of made) {
    const generator = new OrderGenerator(seed);
    for (let left = orders; left > 0; left--) items += generator.next().items.length;
  }
  return items;
}

/** Messages of each partition, as the brokers count them. */
async function heldByBrokers(outputs: OrdersOutputs): Promise<readonly number[]> {
  const streams = kafkaStreams();
  try {
    const schema = {
      name: "summary",
      source: "kafka",
      authentication: "none",
      role: null,
      uri: outputs.kafka_bootstrap_servers,
      clusterArn: null,
    } as const;
    const ranges = await (await streams.topic(schema, outputs.kafka_topic)).ranges();
    return ranges.map(({ first, end }) => Number(end - first));
  } finally {
    await streams.close();
  }
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

async function one(aws: LocalAws, warehouse: Warehouse, sql: string): Promise<number> {
  const answer = await query(new RedshiftDataClient(aws.internal), warehouse, sql);
  return Number(answer.rows[0]![0]);
}

/** The counts of every place, what must hold of them, and the ten products sold most. */
export async function sumUpOrders(
  aws: LocalAws,
  outputs: OrdersOutputs,
  sent: SentOrders,
  records: number,
): Promise<Summary> {
  const warehouse = warehouseOf(outputs)!;
  const ask = (sql: string) => query(new RedshiftDataClient(aws.internal), warehouse, sql);
  const held = await heldByBrokers(outputs);
  const [counts] = (
    await ask(
      "SELECT COUNT(*), COUNT(DISTINCT CAST(data.order_id AS VARCHAR)), COALESCE(SUM(GET_ARRAY_LENGTH(data.items)), 0) FROM orders",
    )
  ).rows;
  const [rows, ids, itemsHeld] = counts!.map(Number) as [number, number, number];
  // The schedule's runs have seeds of their own, which nobody knows: then it is the items of the messages as they came.
  const itemsSent = sent.scheduled ? itemsHeld : itemsMade(sent.made);
  const items = await one(aws, warehouse, "SELECT COUNT(*) FROM order_items");
  const rejects = (await ask("SELECT reason, COUNT(*) FROM order_rejects GROUP BY reason")).rows;
  const top = await ask(
    "SELECT product_id, quantity, order_items FROM top_products ORDER BY quantity DESC, product_id LIMIT 10",
  );
  const { scheduled } = sent;
  const checks: Check[] = [
    {
      says: `all ${records.toLocaleString("en-US")} orders were acknowledged`,
      holds: sent.acknowledged === records && sent.unacknowledged === 0,
    },
    ...(scheduled
      ? [{ says: "the schedule that is on began its producers, which sent orders", holds: scheduled.acknowledged > 0 }]
      : []),
    {
      says: "the brokers hold each acknowledged order",
      holds: total(held) === sent.acknowledged + (scheduled?.acknowledged ?? 0),
    },
    { says: "the view has what the brokers hold, each once", holds: rows === total(held) && ids === rows },
    { says: "order_items has the items sent", holds: items === itemsSent && items === itemsHeld },
  ];
  return {
    hops: [
      { name: "producers", counts: { runs: sent.runs, acknowledged: sent.acknowledged } },
      ...(scheduled ? [{ name: "schedule", counts: { ...scheduled } }] : []),
      {
        name: "brokers",
        counts: { held: total(held), ...Object.fromEntries(held.map((n, at) => [`partition ${at}`, n])) },
      },
      { name: "view orders", counts: { rows, order_ids: ids, messages_a_second: Math.round(rows / sent.seconds) } },
      { name: "order_items", counts: { rows: items, items_sent: itemsSent } },
    ],
    rejected: new Map(rejects.map(([reason, n]) => [String(reason), Number(n)])),
    checks,
    firstRows: `The ten products sold most:\n${tableOf(top)}`,
    places: [
      "IAM: the local brokers cannot enforce it; they speak plain to this machine only",
      `brokers: ${outputs.kafka_bootstrap_servers}`,
    ],
  };
}
