import { type FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";

const MAX_RECORDS = 500;
const MAX_BYTES = 4 * 1024 * 1024;

/** Lines in parts that one PutRecordBatch takes: 500 records, 4 MiB. */
export function parts(lines: readonly string[]): Buffer[][] {
  const all: Buffer[][] = [];
  let bytes = 0;
  for (const line of lines) {
    const data = Buffer.from(line, "utf8");
    const last = all.at(-1);
    if (!last || last.length === MAX_RECORDS || bytes + data.length > MAX_BYTES) {
      all.push([data]);
      bytes = data.length;
    } else {
      last.push(data);
      bytes += data.length;
    }
  }
  return all;
}

/** Puts `records` once and answers those that were not taken: a 200 may hold failures, which stand in request order. */
export async function putOnce(
  client: FirehoseClient,
  deliveryStream: string,
  records: readonly Buffer[],
): Promise<Buffer[]> {
  const { RequestResponses = [], FailedPutCount } = await client.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: deliveryStream,
      Records: records.map((Data) => ({ Data })),
    }),
  );
  return FailedPutCount ? records.filter((_, i) => RequestResponses[i]?.ErrorCode !== undefined) : [];
}
