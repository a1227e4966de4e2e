import { Clock } from "../../../../local/clock";
import { Meter } from "../../../../local/meter";
import { Capacity } from "../../../../local/services/firehose/capacity";
import { Delivery } from "../../../../local/services/firehose/delivery";
import type { Ports } from "../../../../local/services/firehose/ports";
import type { Incoming } from "../../../../local/services/firehose/records";
import { settingsOf } from "../../../../local/services/firehose/settings";
import { FakeWorld } from "./fakes";

const MB = 1024 * 1024;
const RECORD_BYTES = 32 * 1024;
/** Firehose's own least with dynamic partitioning: no partition below comes near it. */
const PARTITION_MB = 64;
const LIMIT = 2 * PARTITION_MB * MB + 32 * MB;

/** Counts what is held. */
class Watched extends Capacity {
  bytes = 0;
  peak = 0;

  override take(bytes: number): void {
    super.take(bytes);
    this.bytes += bytes;
    this.peak = Math.max(this.peak, this.bytes);
  }

  override give(bytes: number): void {
    this.bytes -= bytes;
    super.give(bytes);
  }
}

/** A delivery whose buffers close neither by size nor by time: seconds are seconds, and there are many partitions. */
function partitioned(onObject: (key: string, bytes: number) => void) {
  const world = new FakeWorld();
  const ports: Ports = {
    connect: (to) => world.connect(to),
    as: (role) => ({
      ...world.as(role),
      objects: {
        put: async ({ key, body }) => {
          await new Promise(setImmediate);
          onObject(key, body.length);
        },
      },
    }),
  };
  const config = {
    RoleARN: "arn:aws:iam::123456789012:role/fh",
    BucketARN: "arn:aws:s3:::bucket",
    Prefix: "car=!{partitionKeyFromQuery:car}/",
    ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
    CompressionFormat: "UNCOMPRESSED",
    BufferingHints: { SizeInMBs: PARTITION_MB, IntervalInSeconds: 900 },
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        {
          Type: "MetadataExtraction",
          Parameters: [{ ParameterName: "MetadataExtractionQuery", ParameterValue: "{car:.car}" }],
        },
      ],
    },
  };
  const capacity = new Watched(LIMIT);
  const of = {
    name: "s",
    arn: "arn",
    region: "us-east-1",
    version: 1,
    sourceArn: undefined,
    accountId: "1",
    folder: "",
  };
  const settings = settingsOf({ kind: "s3", config } as never);
  return { capacity, delivery: new Delivery(of, settings, ports, capacity, new Clock(1), new Meter()) };
}

function recordOf(partition: number, n: number): Incoming {
  const start = `{"car":"${partition}","n":${n},"pad":"`;
  return { id: String(n), data: Buffer.from(`${start.padEnd(RECORD_BYTES - 3, "x")}"}\n`), arrivedAt: n };
}

it.each([1, 300, 500])(
  "%d active partitions hold no more than the stream's room and one put, however much goes through them, and every byte comes out",
  async (partitions) => {
    const written = new Map<string, number>();
    const { capacity, delivery } = partitioned((key, bytes) => {
      const partition = key.split("/")[0]!;
      written.set(partition, (written.get(partition) ?? 0) + bytes);
    });
    const signal = new AbortController().signal;
    const puts = Math.ceil((2.5 * LIMIT) / (4 * MB));
    const perPut = (4 * MB) / RECORD_BYTES;
    for (let put = 0; put < puts; put++) {
      await capacity.room(signal);
      delivery.accept(
        Array.from({ length: perPut }, (_, i) => recordOf((put * perPut + i) % partitions, put * perPut + i)),
      );
    }
    const onePut = perPut * Capacity.costOf(RECORD_BYTES);
    expect(capacity.peak).toBeGreaterThan(LIMIT / 2);
    expect(capacity.peak).toBeLessThanOrEqual(LIMIT + onePut);
    await delivery.flush();
    expect({ pending: delivery.pending, held: capacity.bytes, partitions: written.size }).toEqual({
      pending: 0,
      held: 0,
      partitions,
    });
    expect([...written.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(puts * perPut * RECORD_BYTES);
    delivery.close();
  },
);
