import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import { telemetryRecords } from "../../../cli/emit";
import { query, warehouseOf } from "../../../cli/query";
import { linesOf, objectsOf } from "../../../cli/up/objects";
import type { Telemetry } from "../../../lambda-src/events/telemetry";
import type { Applied } from "./applied";

/** The records that `send(n, seed)` sends. */
export function recordsOf(n: number, seed: number): Telemetry[] {
  const source = telemetryRecords(seed);
  return Array.from({ length: n }, () => source.next().value as Telemetry);
}

/** A record's line in the raw bucket: its text as sent, EXTRA2 before the last brace. */
export const rawLine = (record: Telemetry) =>
  `${JSON.stringify(record).slice(0, -1)},"EXTRA2":${record.fuel_consumption * record.lap_time}}`;

/** What the table holds of a record. */
export const rowOf = ({ speed, rpm, gear, throttle }: Telemetry) => [speed, rpm, gear, throttle];

/** A record's line in a CSV file, its doubles in Java's text. */
export const csvOf = ({ speed, rpm, gear, throttle }: Telemetry) =>
  `${double(speed)},${rpm},${gear},${double(throttle)}`;
const double = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));

/** Speed from which the SELECT takes a lap. */
export const fast =
  (threshold = 200) =>
  ({ speed }: Telemetry) =>
    speed >= threshold;

/** A multiset as a sorted list, so that two are equal exactly when they hold the same as often. */
export const multiset = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).sort();

/** Lines of a bucket's objects; what Firehose kept aside is left out. */
export async function linesIn({ gateway }: Applied, bucket: string, prefix = ""): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, text } of objectsOf(new S3Client(gateway.aws.internal), bucket)) {
    if (prefix === "" ? !/^(errors|manifests)\//.test(key) : key.startsWith(prefix)) lines.push(...linesOf(text));
  }
  return lines;
}

/** One statement on the applied warehouse, as its administrator. */
export async function sql({ gateway, outputs }: Applied, statement: string) {
  return query(new RedshiftDataClient(gateway.aws.internal), warehouseOf(outputs)!, statement);
}
