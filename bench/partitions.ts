import { Clock } from "../local/clock";
import type { LocalAws } from "../local/gateway/types";
import { Meter } from "../local/meter";
import { createFirehose } from "../local/services/firehose";
import { type Cost, cost } from "./measure";
import { type Section, whole } from "./table";

const RECORDS = 400_000;
/** As telemetry is. */
const RECORD_BYTES = 650;
const PARTITIONS = [1, 300, 500];

/** What memory the delivery stream takes with many active partitions, each far from its size and time, in a process of its own for each. */
export async function benchPartitions(progress: (line: string) => void): Promise<Section> {
  const taken: { readonly partitions: number; readonly cost: Cost }[] = [];
  for (const partitions of PARTITIONS) {
    progress(`${partitions} active partitions`);
    taken.push({
      partitions,
      cost: await cost([process.execPath, "bench/run.js", "fill-partitions", String(partitions)]),
    });
  }
  const one = taken[0]!.cost.memoryMb;
  const most = Math.max(...taken.slice(1).map(({ cost: { memoryMb } }) => memoryMb));
  return {
    title: "Partitions",
    text: `${whole(RECORDS)} records of ${RECORD_BYTES} bytes (${whole((RECORDS * RECORD_BYTES) / 2 ** 20)} MB) put in batches of 500 on a local delivery stream with dynamic partitioning, 64 MB of buffer and an interval that does not end, over so many active partitions. It holds two buffers and 32 MB, then writes what it has; the objects are thrown away.`,
    head: ["active partitions", "peak memory of the process"],
    rows: taken.map(({ partitions, cost: { memoryMb } }) => [whole(partitions), `${whole(memoryMb)} MB`]),
    goals: [
      {
        says: "memory is flat: 300 and 500 partitions take at most a quarter more than one",
        got: `${whole(most)} MB against ${whole(one)} MB`,
        kept: most <= 1.25 * one,
      },
    ],
  };
}

const ROLE = "arn:aws:iam::000000000000:role/bench";

/** The work of one such process. */
export async function fillPartitions(partitions: number): Promise<void> {
  const aws = { region: "us-east-1", accountId: "000000000000", folder: "", clock: new Clock(1), meter: new Meter() };
  const nothing = undefined as never;
  const objects = { put: () => new Promise<void>((resolve) => setTimeout(resolve, 1)) };
  const service = createFirehose({ ...aws, authorize: async () => undefined } as unknown as LocalAws, {
    connect: nothing,
    as: () => ({
      objects,
      ...{ functions: nothing, secrets: nothing, logs: nothing, stream: nothing, catalog: nothing },
      close: () => undefined,
    }),
  });
  const call = async (action: string, input: object) => {
    const headers = { "x-amz-target": `Firehose_20150804.${action}` };
    const body = Buffer.from(JSON.stringify({ DeliveryStreamName: "partitioned", ...input }));
    const { body: answer } = await service.handle({ headers, body, caller: undefined } as never);
    return JSON.parse(answer.toString()) as { readonly RequestResponses?: readonly { readonly ErrorCode?: string }[] };
  };
  await call("CreateDeliveryStream", {
    ExtendedS3DestinationConfiguration: {
      RoleARN: ROLE,
      BucketARN: "arn:aws:s3:::bench",
      Prefix: "car=!{partitionKeyFromQuery:car}/",
      ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 900 },
      DynamicPartitioningConfiguration: { Enabled: true },
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: "MetadataExtraction",
            Parameters: [
              { ParameterName: "MetadataExtractionQuery", ParameterValue: "{car:.car}" },
              { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
            ],
          },
        ],
      },
    },
  });
  for (let n = 0; n < RECORDS; ) {
    let Records = Array.from({ length: 500 }, () => recordOf(n++ % partitions));
    while (Records.length > 0) {
      const { RequestResponses = [] } = await call("PutRecordBatch", { Records });
      Records = Records.filter((_, i) => RequestResponses[i]?.ErrorCode !== undefined);
      // As a producer that was told to slow down.
      if (Records.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  await service.close?.();
}

const recordOf = (car: number) => {
  const text = `{"car":"${car}","pad":"`;
  return { Data: Buffer.from(`${text.padEnd(RECORD_BYTES - 3, "x")}"}\n`).toString("base64") };
};
