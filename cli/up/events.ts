import { createHash } from "node:crypto";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import { USER_EVENT, UTM_EVENT } from "../../lambda-src/events/tracking";
import type { LocalAws } from "../../local/gateway/types";
import { type EmitProgress, type EmitResult, progressLine } from "../emit";
import { type EventStream, eventPairs, generatedRecords, putAll } from "../emit/events";
import { query, tableOf, type Warehouse, type WarehouseOutputs, warehouseOf } from "../query";
import { hasLoads, sumUpLoads } from "./loads";
import { linesOf, objectsOf } from "./objects";
import type { Check, Hop, Summary } from "./summary";

/** Outputs of `event-warehouse`. */
export interface EventWarehouseOutputs extends WarehouseOutputs {
  /** `public.events,public.utm`. */
  readonly warehouse_tables: string;
}

/** Outputs of `event-monitor`. */
export interface EventMonitorOutputs {
  readonly user_stream: string;
  readonly utm_stream: string;
  readonly event_bucket: string;
  readonly user_delivery_stream: string;
  readonly utm_delivery_stream: string;
  /** With `events.lakeFormat`: the copies' bucket. */
  readonly lake_bucket?: string;
}

/** What each stream's events become. The tables are those of sql/events. */
const LOADED = {
  user: { table: "public.events", lake: "event_lake.events", prefix: "events/", columns: USER_EVENT },
  utm: { table: "public.utm", lake: "event_lake.utm", prefix: "utm/", columns: UTM_EVENT },
} as const;
const STREAMS = Object.keys(LOADED) as EventStream[];

/** What is shown of a table's first rows: whole user agents and messages would not fit on a line. */
const SHOWN = {
  user: "request_timestamp, request_id, topic, location, LEFT(message, 40) AS message",
  utm: "request_id, source, medium, campaign, term, device",
} as const;
const FIRST = 3;

/** Rows up to which all are read back and compared. */
const COMPARED_ROWS = 100_000;

export interface SendEvents {
  /** Events of each stream. */
  readonly records: number;
  readonly rate: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 2000;

/** Puts the same requests on both streams, one stream after the other. */
export async function sendEvents(
  aws: LocalAws,
  outputs: EventMonitorOutputs,
  { records, rate, seed, signal, progress }: SendEvents,
): Promise<Record<EventStream, EmitResult>> {
  const client = new KinesisClient(aws.internal);
  const send = async (stream: EventStream) => {
    let said = 0;
    const onProgress = (now: EmitProgress) => {
      const done = now.accepted + now.lost === now.records;
      if (!done && now.elapsedMs - said < PROGRESS_MS) return;
      said = now.elapsedMs;
      progress(`emit ${stream}: ${progressLine(now)}`);
    };
    const sent = await putAll({
      client,
      stream: outputs[`${stream}_stream`],
      records: generatedRecords(stream, seed, records),
      count: records,
      rate,
      signal,
      onProgress,
    });
    if (sent.firstFailure) progress(`emit ${stream}: first failure: ${sent.firstFailure}`);
    return sent;
  };
  try {
    return { user: await send("user"), utm: await send("utm") };
  } finally {
    client.destroy();
  }
}

/** Counts what the run left at every hop of both streams, and checks that it adds up and that the rows are those that were sent. */
export async function sumUpEvents(
  /** The accounts of streams and bucket, and of the warehouse. */
  { events, warehouse }: { readonly events: LocalAws; readonly warehouse: LocalAws },
  outputs: EventMonitorOutputs & EventWarehouseOutputs,
  sent: Readonly<Record<EventStream, EmitResult>>,
  seed: number,
): Promise<Summary> {
  const s3 = new S3Client(events.internal);
  const redshift = new RedshiftDataClient(warehouse.internal);
  const at = warehouseOf(outputs)!;
  const hops: Hop[] = [];
  const checks: Check[] = [];
  const shown: string[] = [];
  try {
    for (const stream of STREAMS) {
      const counted = await count(events, s3, redshift, at, outputs, stream);
      hops.push(...hopsOf(stream, sent[stream], counted));
      checks.push(...checksOf(stream, sent[stream], counted, seed));
      shown.push(`${LOADED[stream].table}:`, counted.firstRows, "");
    }
    if (hasLoads(outputs)) {
      const { hop, check } = await sumUpLoads(events, outputs);
      hops.push(hop);
      checks.push(check);
    }
  } finally {
    s3.destroy();
    redshift.destroy();
  }
  return {
    hops,
    checks,
    rejected: new Map(),
    firstRows: shown.join("\n").trimEnd(),
    places: [
      `files that COPY read: s3://${outputs.event_bucket}/ in account ${events.accountId}`,
      `warehouse: ${Object.values(at)[0]} in account ${warehouse.accountId}`,
      ...(outputs.lake_bucket === undefined
        ? []
        : [`copies that event_lake queries: s3://${outputs.lake_bucket}/ in account ${events.accountId}`]),
    ],
  };
}

interface Counted {
  readonly delivery: Readonly<Record<string, number>>;
  readonly lines: number;
  readonly objects: number;
  readonly rows: number;
  /** Rows of the copy in the lake; undefined where there is none. */
  readonly lakeRows: number | undefined;
  /** Sum of the rows' identities: the same for the same rows, in whatever order. Undefined for more than are compared. */
  readonly checksum: bigint | undefined;
  readonly firstRows: string;
}

const WRITTEN = ["received", "delivered", "objects"];
const LOADED_BY_FIREHOSE = ["copies", "copy_failures", "loaded", "abandoned"];

async function count(
  { meter }: LocalAws,
  s3: S3Client,
  redshift: RedshiftDataClient,
  at: Warehouse,
  outputs: EventMonitorOutputs,
  stream: EventStream,
): Promise<Counted> {
  const place = `firehose:${outputs[`${stream}_delivery_stream`]}`;
  // With delivery loader Firehose stops at the bucket: the table's rows say what was loaded.
  const events = hasLoads(outputs) ? WRITTEN : [...WRITTEN, ...LOADED_BY_FIREHOSE];
  const delivery = Object.fromEntries(events.map((event) => [event, meter.read(place, event)]));
  const { table, lake, prefix, columns } = LOADED[stream];
  let lines = 0;
  let objects = 0;
  for await (const { key, text } of objectsOf(s3, outputs.event_bucket)) {
    if (!key.startsWith(prefix)) continue;
    objects++;
    lines += linesOf(text).length;
  }
  const countOf = async (from: string) =>
    Number((await query(redshift, at, `SELECT COUNT(*) FROM ${from}`)).rows[0]?.[0]);
  const rows = await countOf(table);
  const lakeRows = outputs.lake_bucket === undefined ? undefined : await countOf(lake);
  const all =
    rows <= COMPARED_ROWS ? await query(redshift, at, `SELECT ${columns.join(", ")} FROM ${table}`) : undefined;
  const first = await query(redshift, at, `SELECT ${SHOWN[stream]} FROM ${table} ORDER BY request_id LIMIT ${FIRST}`);
  const checksum = all?.rows.reduce((sum, row) => added(sum, row), 0n);
  return { delivery, lines, objects, rows, lakeRows, checksum, firstRows: tableOf(first) };
}

function hopsOf(stream: EventStream, sent: EmitResult, counted: Counted): Hop[] {
  const { accepted, retried, lost } = sent;
  return [
    { name: `emit, ${stream}`, counts: { sent: sent.sent, accepted, retried, lost } },
    { name: `Firehose, ${stream}`, counts: counted.delivery },
    { name: `bucket, ${LOADED[stream].prefix}`, counts: { lines: counted.lines, objects: counted.objects } },
    { name: `table ${LOADED[stream].table}`, counts: { rows: counted.rows } },
    ...(counted.lakeRows === undefined
      ? []
      : [{ name: `lake, ${LOADED[stream].lake}`, counts: { rows: counted.lakeRows } }]),
  ];
}

function checksOf(stream: EventStream, sent: EmitResult, counted: Counted, seed: number): Check[] {
  const { delivery, lines, rows, lakeRows } = counted;
  // A put whose answer was cut may have been taken twice.
  const right = (n: number) => n >= sent.accepted && n <= sent.accepted + sent.unknown;
  const times = sent.unknown === 0 ? "once" : `once, or twice for at most ${sent.unknown} whose answer was cut`;
  return [
    {
      says: `${stream}: every event sent was accepted (${sent.accepted} of ${sent.records})`,
      holds: sent.accepted === sent.records,
    },
    {
      says: `${stream}: every accepted event was delivered ${times} (${delivery.delivered})`,
      holds: right(delivery.received!) && delivery.delivered === delivery.received,
    },
    {
      says: `${stream}: every delivered event is a line in the bucket (${lines})`,
      holds: lines === delivery.delivered,
    },
    { says: `${stream}: every line is a row of ${LOADED[stream].table} (${rows})`, holds: rows === lines },
    ...(lakeRows === undefined
      ? []
      : [
          {
            says: `${stream}: every accepted event is a row of the copy ${LOADED[stream].lake} ${times} (${lakeRows})`,
            holds: lakeRows === delivery.received,
          },
        ]),
    ...(sent.unknown === 0 && sent.accepted === sent.records && counted.checksum !== undefined
      ? [
          {
            says: `${stream}: the rows are the events that were sent, by checksum`,
            holds: counted.checksum === checksumOf(stream, seed, sent.records),
          },
        ]
      : []),
  ];
}

function checksumOf(stream: EventStream, seed: number, records: number): bigint {
  let sum = 0n;
  const pairs = eventPairs(seed);
  for (let n = 0; n < records; n++) {
    const event = pairs.next().value[stream] as Readonly<Record<string, string | null>>;
    sum = added(
      sum,
      LOADED[stream].columns.map((column) => event[column] ?? null),
    );
  }
  return sum;
}

/** Adds a row to a sum that order does not change. A timestamp is read back without the zeros behind the seconds. */
function added(sum: bigint, row: readonly unknown[]): bigint {
  const values = row.map((value) =>
    value === null ? null : String(value).replace(/^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.0+$/, "$1"),
  );
  const digest = createHash("sha1").update(JSON.stringify(values)).digest().readBigUInt64LE();
  return BigInt.asUintN(64, sum + digest);
}
