import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import type { LocalAws } from "../../local/gateway/types";
import { namedQuery, runQuery } from "../athena";
import { type EmitResult, telemetryRecords } from "../emit";
import { query, tableOf, type Warehouse, type WarehouseOutputs, warehouseOf } from "../query";
import { Checksum } from "./checksum";
import { isRejected, linesOf, objectsOf } from "./objects";
import { type RawBucket, readRawBucket } from "./raw-bucket";
import type { Check, Hop, Summary } from "./summary";

/** Outputs that both telemetry stacks have, and those of the warehouse. */
export interface TelemetryOutputs extends WarehouseOutputs {
  readonly api_url: string;
  readonly api_auth: "iam" | "apiKey" | "cognito" | "none";
  readonly raw_bucket: string;
  readonly raw_delivery_stream: string;
  readonly processed_bucket: string;
  readonly processed_delivery_stream: string;
  /** Absent with engine sql, of which AWS runs no application any more. */
  readonly analytics_application?: string;
  /** Absent in a folder that was synthesized before there was one. */
  readonly athena_workgroup?: string;
  readonly warehouse_table?: string;
}

/** Rows shown of the table, and lines of the CSV files. */
const FIRST = 5;

/** What came out at the end: rows of the table, or lines of the processed bucket. */
interface Arrived {
  readonly hop: Hop;
  readonly count: number;
  readonly firstRows: string;
  readonly place: string;
}

/** Counts what the run left at every hop, from the places themselves where there is one to look at, and checks that it adds up. */
export async function sumUpTelemetry(
  aws: LocalAws,
  outputs: TelemetryOutputs,
  sent: EmitResult,
  seed: number,
): Promise<Summary> {
  const s3 = new S3Client(aws.internal);
  const raw = await readRawBucket(s3, outputs.raw_bucket);
  const warehouse = warehouseOf(outputs);
  const arrived = warehouse ? await rowsOfTable(aws, warehouse, outputs) : await linesOfBucket(aws, s3, outputs);
  const meter = (place: string, ...events: string[]) =>
    Object.fromEntries(events.map((event) => [event, aws.meter.read(place, event)]));
  const api = meter(`api:${restApiOf(outputs.api_url)}`, "received", "accepted", "refused", "failed");
  const rawFirehose = meter(
    `firehose:${outputs.raw_delivery_stream}`,
    "received",
    "transformed",
    "processing_failed",
    "dropped",
    "retried",
    "delivered",
    "objects",
  );
  const analytics =
    outputs.analytics_application === undefined
      ? undefined
      : meter(
          `analytics:${outputs.analytics_application}`,
          "read",
          "unreadable",
          "filtered",
          "selected",
          "delivered",
          "retried",
        );
  const delivery = meter(
    `firehose:${outputs.processed_delivery_stream}`,
    ...["received", "delivered", "objects"],
    ...(warehouse ? ["copies", "copy_failures", "loaded", "abandoned"] : []),
  );
  const { accepted, refused, lost, retried, unknown } = sent;
  const hops: Hop[] = [
    { name: "emit", counts: { sent: sent.sent, accepted, retried, refused, lost } },
    { name: "API Gateway", counts: api },
    { name: "Firehose, raw", counts: rawFirehose },
    {
      name: "raw bucket",
      counts: {
        records: raw.records,
        with_EXTRA2: raw.withExtra2,
        rejected: total(raw.rejected),
        objects: raw.objects,
      },
    },
    ...(analytics ? [{ name: "analytics", counts: analytics }] : []),
    { name: "Firehose, processed", counts: delivery },
    arrived.hop,
  ];
  return {
    hops,
    checks: checksOf({ sent, seed, raw, analytics, delivery, arrived: arrived.count, unknown }),
    rejected: raw.rejected,
    firstRows: arrived.firstRows,
    places: [`raw records: s3://${outputs.raw_bucket}/ (rejected ones under its error prefix)`, arrived.place],
  };
}

type Counts = Readonly<Record<string, number>>;

interface Counted {
  readonly sent: EmitResult;
  readonly seed: number;
  readonly raw: RawBucket;
  readonly analytics: Counts | undefined;
  readonly delivery: Counts;
  readonly arrived: number;
  readonly unknown: number;
}

const checksOf = (of: Counted): Check[] => [
  ...rawChecks(of),
  ...(of.analytics ? analyticsChecks(of, of.analytics) : withoutAnalytics(of)),
];

function rawChecks({ sent, seed, raw, unknown }: Counted): Check[] {
  const rejected = total(raw.rejected);
  return [
    {
      says: `every record sent was accepted (${sent.accepted} of ${sent.records})`,
      holds: sent.accepted === sent.records,
    },
    {
      says: `every accepted record is in the raw bucket ${timesOf(unknown)} (${raw.records})`,
      holds: between(sent.accepted, unknown)(raw.records + rejected),
    },
    { says: `no record was rejected (${rejected})`, holds: rejected === 0 },
    {
      says: `every raw record has its EXTRA2 (${raw.withExtra2} of ${raw.records})`,
      holds: raw.withExtra2 === raw.records,
    },
    ...(unknown === 0 && rejected === 0 && sent.accepted === sent.records
      ? [
          {
            says: "the raw records are those that were sent, by checksum",
            holds: raw.checksum === checksumOf(seed, sent.records),
          },
        ]
      : []),
  ];
}

function analyticsChecks({ sent, delivery, arrived, unknown }: Counted, analytics: Counts): Check[] {
  const selected = analytics.selected!;
  return [
    {
      says: `the analytics application read every accepted record ${timesOf(unknown)} and understood it (${analytics.read})`,
      holds: between(sent.accepted, unknown)(analytics.read!) && analytics.unreadable === 0,
    },
    {
      says: `each was selected or filtered (${selected} + ${analytics.filtered})`,
      holds: selected + analytics.filtered! === analytics.read,
    },
    {
      says: `every selected record was delivered (${delivery.delivered})`,
      holds: delivery.received === selected && delivery.delivered === selected,
    },
    { says: `every selected record arrived (${arrived})`, holds: arrived === selected },
  ];
}

/** Engine sql: what AWS runs no more is not run here either. */
const withoutAnalytics = ({ delivery, arrived }: Counted): Check[] => [
  {
    says: `nothing is selected with engine sql, which AWS runs no more, and nothing arrived (${arrived})`,
    holds: delivery.received === 0 && arrived === 0,
  },
];

const timesOf = (unknown: number) =>
  unknown === 0 ? "once" : `once, or twice for at most ${unknown} whose answer was cut`;

/** As many as `accepted`, or more by what repeated puts explain. */
const between = (accepted: number, unknown: number) => (n: number) => n >= accepted && n <= accepted + unknown;

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);

function checksumOf(seed: number, records: number): bigint {
  const checksum = new Checksum();
  const generator = telemetryRecords(seed);
  for (let n = 0; n < records; n++) checksum.add(generator.next().value);
  return checksum.value;
}

const restApiOf = (url: string) => new URL(url).hostname.split(".")[0]!;

async function rowsOfTable(aws: LocalAws, on: Warehouse, outputs: TelemetryOutputs): Promise<Arrived> {
  const client = new RedshiftDataClient(aws.internal);
  // The table's name comes out of the stack, which has checked that it is a plain identifier.
  const counted = await query(client, on, `SELECT COUNT(*) FROM ${outputs.warehouse_table}`);
  const count = Number(counted.rows[0]?.[0]);
  const first = await query(client, on, `SELECT * FROM ${outputs.warehouse_table} LIMIT ${FIRST}`);
  return {
    hop: { name: `table ${outputs.warehouse_table}`, counts: { rows: count } },
    count,
    firstRows: tableOf(first),
    place: `files that COPY read: s3://${outputs.processed_bucket}/`,
  };
}

/** The named query whose answer stands in the summary. */
const SHOWN = "speed_by_gear";

async function linesOfBucket(
  aws: LocalAws,
  s3: S3Client,
  { processed_bucket: bucket, athena_workgroup: workgroup }: TelemetryOutputs,
): Promise<Arrived> {
  let count = 0;
  let objects = 0;
  const first: string[] = [];
  for await (const { key, text } of objectsOf(s3, bucket)) {
    if (isRejected(key)) continue;
    objects += 1;
    const lines = linesOf(text);
    count += lines.length;
    if (first.length < FIRST) first.push(...lines.slice(0, FIRST - first.length));
  }
  return {
    hop: { name: "processed bucket", counts: { lines: count, objects } },
    count,
    firstRows: [...first, ...(workgroup === undefined ? [] : await shown(aws, workgroup))].join("\n"),
    place: `fast laps as CSV: s3://${bucket}/`,
  };
}

async function shown({ internal }: LocalAws, workgroup: string): Promise<string[]> {
  const answer = await runQuery(internal, await namedQuery(internal, workgroup, SHOWN));
  return ["", `${SHOWN}, by Athena over the same files:`, tableOf(answer)];
}
