import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import type { LocalAws } from "../../local/gateway/types";
import { namedQuery, runQuery } from "../athena";
import type { BadResult, EmitResult } from "../emit";
import { query, tableOf, type Warehouse, type WarehouseOutputs, warehouseOf } from "../query";
import { BadFound } from "./bad";
import { checksOf, totalOf } from "./checks";
import { recordsGivenUp } from "./given-up";
import { hasLoads, sumUpLoads } from "./loads";
import { isRejected, linesOf, objectsOf } from "./objects";
import { readRawBucket } from "./raw-bucket";
import type { Hop, Summary } from "./summary";

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
  /** Absent with engine sql, where the API puts on the delivery stream itself. */
  readonly stream_name?: string;
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
  bad?: BadResult,
): Promise<Summary> {
  const s3 = new S3Client(aws.internal);
  const badFound = bad && new BadFound(bad);
  const raw = await readRawBucket(s3, outputs.raw_bucket, badFound?.nameOf);
  const warehouse = warehouseOf(outputs);
  const arrived = warehouse ? await rowsOfTable(aws, warehouse, outputs) : await linesOfBucket(aws, s3, outputs);
  const meter = <E extends string>(place: string, ...events: E[]) =>
    Object.fromEntries(events.map((event) => [event, aws.meter.read(place, event)])) as Record<E, number>;
  /** What happens only with some options, or when something went wrong: said where it did. */
  const also = (place: string, ...events: string[]) =>
    Object.fromEntries(Object.entries(meter(place, ...events)).filter(([, count]) => count > 0));
  const api = meter(`api:${restApiOf(outputs.api_url)}`, "received", "accepted", "refused", "failed");
  const rawPlace = `firehose:${outputs.raw_delivery_stream}`;
  const rawFirehose = {
    ...meter(rawPlace, ...["received", "transformed", "processing_failed", "dropped", "retried"]),
    ...also(rawPlace, "conversion_failed", "partition_failed"),
    ...meter(rawPlace, "delivered", "objects"),
    ...also(rawPlace, "backed_up", "lost"),
  };
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
  const processedPlace = `firehose:${outputs.processed_delivery_stream}`;
  const delivery = {
    ...meter(processedPlace, "received"),
    ...also(processedPlace, "conversion_failed", "partition_failed"),
    ...meter(processedPlace, "delivered", "objects"),
    // With delivery loader Firehose stops at the bucket: the table's rows say what was loaded.
    ...(warehouse && !hasLoads(outputs) ? meter(processedPlace, "copies", "copy_failures", "loaded", "abandoned") : {}),
    ...also(processedPlace, "retried", "backed_up", "lost"),
  };
  const loads = hasLoads(outputs) ? await sumUpLoads(aws, outputs) : undefined;
  const givenUp = delivery.abandoned ? await recordsGivenUp(s3, outputs.processed_bucket) : 0;
  const { accepted, refused, lost, retried, unknown } = sent;
  const hops: Hop[] = [
    { name: "emit", counts: { sent: sent.sent, accepted, retried, refused, lost } },
    ...(badFound ? [{ name: "bad records", counts: badFound.counts() }] : []),
    { name: "API Gateway", counts: api },
    { name: "Firehose, raw", counts: rawFirehose },
    {
      name: "raw bucket",
      counts: {
        records: raw.records,
        with_EXTRA2: raw.withExtra2,
        rejected: totalOf(raw.rejected),
        objects: raw.objects,
      },
    },
    ...(analytics ? [{ name: "analytics", counts: analytics }] : []),
    { name: "Firehose, processed", counts: delivery },
    ...(loads ? [loads.hop] : []),
    arrived.hop,
  ];
  return {
    hops,
    checks: [
      ...checksOf({
        sent,
        seed,
        raw,
        analytics,
        delivery,
        arrived: arrived.count,
        unknown: unknown + (bad?.unknown ?? 0),
        bad: bad && badFound && { ...bad, checks: badFound.checks() },
        givenUp,
      }),
      ...(loads ? [loads.check] : []),
    ],
    rejected: raw.rejected,
    firstRows: arrived.firstRows,
    places: [`raw records: s3://${outputs.raw_bucket}/ (rejected ones under its error prefix)`, arrived.place],
  };
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
