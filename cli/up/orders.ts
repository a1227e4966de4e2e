import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import type { LocalAws } from "../../local/gateway/types";
import { kafkaStreams } from "../../local/kafka";
import { CommandError } from "../problem";
import { query, tableOf, type Warehouse, type WarehouseOutputs, warehouseOf } from "../query";
import type { Check, Summary } from "./summary";

/** Outputs of `orders-infra` and `orders-producer`. */
export interface OrdersOutputs extends WarehouseOutputs {
  readonly kafka_bootstrap_servers: string;
  readonly kafka_topic: string;
  readonly producer_function: string;
}

/** What a run of the producer's function answers. */
interface Produced {
  readonly acknowledged: number;
  readonly unacknowledged: number;
}

export interface SentOrders {
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly producers: number;
  /** From the first order until the view had the last. */
  readonly seconds: number;
}

/** As many producers at once as the article's schedule has targets. */
const PRODUCERS = 5;
const LOOK_MS = 250;

/** Orders by as many runs of the deployed function as there are producers, then waits until the view has what the brokers hold. */
export async function sendOrders(
  aws: LocalAws,
  outputs: OrdersOutputs,
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
  const sum = (what: keyof Produced) => results.reduce((total, result) => total + result[what], 0);
  progress(`${sum("acknowledged").toLocaleString("en-US")} orders acknowledged to ${producers} producers`);
  const warehouse = warehouseOf(outputs)!;
  const held = total(await heldByBrokers(outputs));
  for (let before = -1; ; ) {
    const rows = await one(aws, warehouse, "SELECT COUNT(*) FROM orders");
    if (rows >= held) break;
    if (signal.aborted) throw new CommandError("stopped before every order had arrived");
    if (rows !== before) progress(`${rows.toLocaleString("en-US")} of ${held.toLocaleString("en-US")} in the view`);
    before = rows;
    await sleep(LOOK_MS);
  }
  return {
    acknowledged: sum("acknowledged"),
    unacknowledged: sum("unacknowledged"),
    producers,
    seconds: (performance.now() - began) / 1000,
  };
}

/** One producer's orders: as many runs as it takes, since each ends when its set time is over, as a schedule would begin the next. */
async function produceShare(
  lambda: LambdaClient,
  name: string,
  share: { readonly orders: number; readonly rate: number; readonly seed: string; readonly signal: AbortSignal },
): Promise<Produced> {
  let acknowledged = 0;
  for (let run = 0; acknowledged < share.orders && !share.signal.aborted; run++) {
    const result = await invoke(lambda, name, {
      orders: share.orders - acknowledged,
      orders_per_second: share.rate,
      seed: `${share.seed}-${run}`,
    });
    if (result.acknowledged === 0) throw new CommandError(`${name} sent nothing: its log says why`);
    acknowledged += result.acknowledged;
  }
  return { acknowledged, unacknowledged: 0 };
}

async function invoke(lambda: LambdaClient, name: string, event: object): Promise<Produced> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Qualifier: "live", Payload: Buffer.from(JSON.stringify(event)) }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString("utf8") || "null");
  if (FunctionError) throw new CommandError(`${name}: ${answer?.errorMessage ?? FunctionError}`);
  return answer as Produced;
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
  const [rows, ids, itemsSent] = counts!.map(Number) as [number, number, number];
  const items = await one(aws, warehouse, "SELECT COUNT(*) FROM order_items");
  const rejects = (await ask("SELECT reason, COUNT(*) FROM order_rejects GROUP BY reason")).rows;
  const top = await ask(
    "SELECT product_id, quantity, order_items FROM top_products ORDER BY quantity DESC, product_id LIMIT 10",
  );
  const checks: Check[] = [
    {
      says: `all ${records.toLocaleString("en-US")} orders were acknowledged`,
      holds: sent.acknowledged === records && sent.unacknowledged === 0,
    },
    { says: "the brokers hold each acknowledged order", holds: total(held) === sent.acknowledged },
    { says: "the view has what the brokers hold, each once", holds: rows === total(held) && ids === rows },
    { says: "order_items has the items sent", holds: items === itemsSent },
  ];
  return {
    hops: [
      { name: "producers", counts: { runs: sent.producers, acknowledged: sent.acknowledged } },
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
