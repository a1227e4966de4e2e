import { AwsError } from "../../gateway/types";
import { fromBase64 } from "./base64";
import type { DeliveryStream } from "./delivery-stream";
import { outOfRange } from "./destination";
import { type Incoming, newRecordId } from "./records";

/** Limits of https://docs.aws.amazon.com/firehose/latest/dev/limits.html, before base64. */
const RECORD_BYTES = 1000 * 1024;
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_RECORDS = 500;

const SLOW_DOWN = "Slow down.";

type Json = Readonly<Record<string, unknown>>;

/** PutRecord. Refuses, with ServiceUnavailableException, what there is no room for. */
export function putRecord(stream: DeliveryStream, input: Json, now: Date): Json {
  checkDirect(stream);
  const data = dataOf(input.Record, "record");
  if (stream.isFull) throw new AwsError("ServiceUnavailableException", SLOW_DOWN, 503);
  const record = incoming(data, now);
  stream.accept([record]);
  return { RecordId: record.id, Encrypted: stream.encryption !== undefined };
}

/** PutRecordBatch. What there is no room for is answered record by record; the caller resends those only. */
export function putRecordBatch(stream: DeliveryStream, input: Json, now: Date): Json {
  checkDirect(stream);
  const records = input.Records;
  if (!Array.isArray(records) || records.length === 0) {
    throw outOfRange(records ?? null, "records", "have length greater than or equal to 1");
  }
  if (records.length > BATCH_RECORDS) {
    throw outOfRange(`${records.length} records`, "records", `have length less than or equal to ${BATCH_RECORDS}`);
  }
  const data = records.map((record, i) => dataOf(record, `records.${i + 1}.member`));
  if (data.reduce((sum, bytes) => sum + bytes.length, 0) > BATCH_BYTES) {
    throw new AwsError("InvalidArgumentException", "Records size exceeds 4 MB limit");
  }
  let failed = 0;
  const responses = data.map((bytes) => {
    if (stream.isFull) {
      failed++;
      return { ErrorCode: "ServiceUnavailableException", ErrorMessage: SLOW_DOWN };
    }
    const record = incoming(bytes, now);
    stream.accept([record]);
    return { RecordId: record.id };
  });
  return { FailedPutCount: failed, Encrypted: stream.encryption !== undefined, RequestResponses: responses };
}

function checkDirect(stream: DeliveryStream): void {
  if (stream.kinesis) {
    throw new AwsError(
      "InvalidArgumentException",
      "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
    );
  }
  if (stream.status !== "ACTIVE") {
    throw new AwsError("ResourceNotFoundException", `Firehose ${stream.name} is being deleted.`);
  }
}

function dataOf(record: unknown, at: string): Buffer {
  const data = (record as { Data?: unknown } | null | undefined)?.Data;
  if (data === undefined || data === null) throw outOfRange(null, `${at}.data`, "not be null");
  const bytes = typeof data === "string" ? fromBase64(data) : undefined;
  if (bytes === undefined) throw new AwsError("SerializationException", `${at}.data must be base64`);
  if (bytes.length > RECORD_BYTES) {
    throw outOfRange(`${bytes.length} bytes`, `${at}.data`, `have length less than or equal to ${RECORD_BYTES}`);
  }
  return bytes;
}

const incoming = (data: Buffer, now: Date): Incoming => ({ id: newRecordId(), data, arrivedAt: now.getTime() });
